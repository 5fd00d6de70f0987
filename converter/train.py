"""Training of the compact network: seeded, by the clock or by pictures seen, resumable from its checkpoint.

The learning rate rises shortly, then falls to zero by a cosine over the whole run, whose progress is kept in
the checkpoint: a run that was interrupted goes on where it was. The encoder, warm-started, learns at a lower
rate.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from converter import batches, losses
from converter.checkpoint import read_checkpoint, write_checkpoint
from converter.networks import compact
from converter.preview import write_preview
from converter.schedule import Clock, Schedule
from converter.variables import array_of, assign
from device.errors import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from converter.data import Photographs

    Indices = npt.NDArray[np.int64]

_TELL_EVERY = 50  # steps
_SAVE_EVERY_S = 300.0
_VALIDATE_EVERY_S = 600.0
_VALIDATE_ON = 192  # photographs, while the run goes on
_PREVIEWED = 12
_LONGEST_STEP_S = 120.0


class Trainer:
    """The network, its two optimizers and the running mean of its weights.

    ``quantized``: losses and gradients are those of the network with its kernels rounded to int8, while the
    kernels themselves stay fine (straight-through estimation, Bengio et al. 2013).
    """

    def __init__(
        self,
        schedule: Schedule,
        tables: losses.BinTables,
        *,
        bfloat16: bool = False,
        quantized: bool = False,
    ) -> None:
        self.schedule, self.tables, self.clock = schedule, tables, Clock()
        self.quantized = quantized
        with _dtype_policy("mixed_bfloat16" if bfloat16 else "float32"):
            self.model = compact.build()
        self._encoder, self._decoder = (
            keras.optimizers.AdamW(1e-3, weight_decay=schedule.weight_decay, beta_2=0.99, global_clipnorm=1.0)
            for _ in range(2)
        )
        variables = self.model.trainable_variables
        self._encoder_variables = [v for v in variables if compact.ENCODER_PREFIX in v.path]
        self._decoder_variables = [v for v in variables if compact.ENCODER_PREFIX not in v.path]
        self._encoder.build(self._encoder_variables)
        self._decoder.build(self._decoder_variables)
        self._averages = [keras.Variable(array_of(variable), trainable=False) for variable in variables]
        self._compiled = tf.function(self._update)

    def step(self, batch: batches.Batch) -> dict[str, float]:
        """One update; the losses of the batch."""
        schedule, progress, step = self.schedule, self.clock.progress(self.schedule), self.clock.step
        self._decoder.learning_rate.assign(schedule.decoder_rate * schedule.rate(progress, step))
        # The decoder starts at random: until it says something useful, the encoder hardly listens.
        self._encoder.learning_rate.assign(schedule.encoder_rate * schedule.rate(progress, step / 4))
        keep = np.float32(min(schedule.averaging, (1 + step) / (10 + step)))
        inputs = {name: tf.convert_to_tensor(array) for name, array in batch.inputs.items()}
        truth = (tf.convert_to_tensor(array) for array in (batch.light, batch.ab, keep))
        result = self._compiled(inputs, *truth)
        self.clock.step += 1
        return {name: float(value) for name, value in result.items()}

    def _update(self, inputs: Any, light: Any, ab: Any, keep: Any) -> dict[str, Any]:
        wanted = [*self._encoder_variables, *self._decoder_variables]
        kernels = compact.int8_kernels(self.model) if self.quantized else []
        fine = [tf.identity(kernel.value) for kernel, _ in kernels]
        for kernel, axes in kernels:
            kernel.assign(rounded(kernel.value, axes))
        with tf.GradientTape() as tape:
            terms = losses.training_losses(self.model(inputs, training=True), light, ab, self.tables)
        gradients = tape.gradient(terms["loss"], [variable.value for variable in wanted])
        for (kernel, _), value in zip(kernels, fine, strict=True):
            kernel.assign(value)
        split = len(self._encoder_variables)
        self._encoder.apply(gradients[:split], self._encoder_variables)
        self._decoder.apply(gradients[split:], self._decoder_variables)
        for average, variable in zip(self._averages, self.model.trainable_variables, strict=True):
            average.assign(keep * average + (1 - keep) * variable)
        return terms

    def for_int8(self) -> Trainer:
        """A trainer that goes on from here in float32 with kernels rounded to int8.

        bfloat16 is as coarse as int8 is, and would hide what the rounding does.
        """
        twin = Trainer(self.schedule, self.tables, quantized=True)
        for mine, theirs in zip(self._state().values(), twin._state().values(), strict=True):
            assign(theirs, [array_of(variable) for variable in mine], None)
        twin.clock = self.clock
        return twin

    def averaged(self) -> keras.Model:
        """A float32 copy of the network with the running mean of its weights, rounded if it learns so."""
        model = _filled([array_of(average) for average in self._averages])
        return round_kernels(model) if self.quantized else model

    def start_from(self, path: Path) -> None:
        """Begin a new run at the averaged weights of a checkpoint; layers that it lacks stay as built."""
        groups, facts = read_checkpoint(path)
        known = dict(zip(facts.get("variables", ()), groups.get("average", []), strict=True))
        shared = [variable for variable in self.model.trainable_variables if variable.path in known]
        if len(shared) < len(known):
            raise NetworkFileError("a checkpoint of another network or another version of it", where=path)
        assign(shared, [known[variable.path] for variable in shared], path)
        for average, variable in zip(self._averages, self.model.trainable_variables, strict=True):
            average.assign(variable)

    def save(self, path: Path) -> None:
        """Write everything needed to go on."""
        groups = {name: [array_of(v) for v in group] for name, group in self._state().items()}
        names = [variable.path for variable in self.model.trainable_variables]
        facts = {"clock": asdict(self.clock), "schedule": asdict(self.schedule), "variables": names}
        write_checkpoint(path, groups, facts)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint that ``save`` wrote."""
        groups, facts = read_checkpoint(path)
        for name, variables in self._state().items():
            assign(variables, groups.get(name, []), path)
        self.clock = Clock(**facts["clock"])

    def _state(self) -> dict[str, Sequence[keras.Variable]]:
        return {
            "weight": self.model.trainable_variables,
            "average": self._averages,
            "encoder": self._encoder.variables,
            "decoder": self._decoder.variables,
        }


def load_averaged(path: Path) -> keras.Model:
    """The float32 network with the averaged weights of a checkpoint, its kernels rounded if it learned so.

    Then it is the rounded network that knows colours: with finer kernels it would not be the same.
    """
    groups, facts = read_checkpoint(path)
    model = _filled(groups.get("average", []), path)
    if not facts:
        return model
    schedule = Schedule(**facts["schedule"])
    aware = Clock(**facts["clock"]).progress(schedule) >= schedule.quantized_from
    return round_kernels(model) if aware else model


def write_weights(source: Path, path: Path) -> None:
    """Keep only a checkpoint's averaged weights, as float16: enough for ``start_from`` and for conversion."""
    groups, facts = read_checkpoint(source)
    if "average" not in groups:
        raise NetworkFileError("not a checkpoint of the compact network", where=source)
    halves = [array.astype(np.float16) for array in groups["average"]]
    write_checkpoint(path, {"average": halves}, facts)


def split(count: int, held_back: float, seed: int) -> tuple[Indices, Indices]:
    """Indices to train on, and those kept back, which stop, tune and calibrate."""
    order = np.random.default_rng(seed).permutation(count)
    kept = max(1, round(count * held_back))
    return np.sort(order[kept:]), np.sort(order[:kept])


def round_kernels(model: keras.Model) -> keras.Model:
    """Round the kernels of ``model`` itself to what int8 holds; returns it."""
    for kernel, axes in compact.int8_kernels(model):
        kernel.assign(rounded(kernel.value, axes))
    return model


def rounded(kernel: Any, axes: tuple[int, ...]) -> Any:
    """A kernel on the grid of symmetric int8, one scale for each output channel; ``axes`` are the others."""
    step = tf.maximum(tf.reduce_max(tf.abs(kernel), axis=axes, keepdims=True), 1e-9) / 127
    return tf.round(kernel / step) * step


def ab_sample(photographs: Photographs, indices: Indices) -> npt.NDArray[np.int8]:
    """Ab of every eighth photograph, thinned: (n, 2); says which colours are common."""
    return np.concatenate(
        [photographs.ab[i, ::4, ::4].reshape(-1, 2) for i in indices[:: min(8, len(indices))]]
    )


def validate(model: keras.Model, photographs: Photographs, indices: Indices) -> dict[str, float]:
    """Mean |ab error|, its root mean square and mean chroma of all ab heads; at the output's size."""
    totals: dict[str, list[float]] = {}

    def note(name: str, value: Any) -> None:
        totals.setdefault(name, []).append(float(value))

    for index in indices:
        batch = batches.plain_batch(photographs, np.array([index]), compact.SIZE)
        outputs = model.predict_on_batch(batch.inputs)
        note("true_chroma", np.hypot(batch.ab[..., 0], batch.ab[..., 1]).mean())
        for head in compact.HEADS:
            ab = outputs[head] * compact.AB_SCALE
            note(f"{head}_error", np.abs(ab - batch.ab).mean())
            note(f"{head}_rmse", np.sqrt(((ab - batch.ab) ** 2).mean()))
            note(f"{head}_chroma", np.hypot(ab[..., 0], ab[..., 1]).mean())
    return {name: round(float(np.mean(values)), 3) for name, values in totals.items()}


def train(
    trainer: Trainer,
    parts: Sequence[batches.Part],
    watched: batches.Part,
    checkpoint: Path,
    *,
    tell: Callable[[dict[str, float]], None],
) -> None:
    """Run to the schedule's end. ``tell`` gets a row of figures now and then, and after each validation.

    ``watched`` is what was kept back. The checkpoint is written now and then, at the end, and when anything
    interrupts the run; previews lie beside it.
    """
    schedule, clock = trainer.schedule, trainer.clock
    saved = validated = clock.seconds
    last = time.monotonic()
    rows: list[dict[str, float]] = []

    def look(count: int | None) -> None:
        model, indices = trainer.averaged(), watched.indices[:count]
        tell(_position(trainer) | validate(model, watched.photographs, indices))
        path = checkpoint.parent / "previews" / f"{clock.step:07d}.png"
        write_preview(model, watched.photographs, indices[:: max(1, len(indices) // _PREVIEWED)], path)

    with batches.Loader(parts, batch=schedule.batch, seed=schedule.seed) as loader:
        try:
            while (progress := clock.progress(schedule)) < 1:
                if progress >= schedule.quantized_from and not trainer.quantized:
                    trainer = trainer.for_int8()
                rows.append(trainer.step(loader.batch(clock.step, schedule.size(progress))))
                # A run that was suspended meanwhile is not farther for that.
                clock.seconds += min(time.monotonic() - last, _LONGEST_STEP_S)
                last = time.monotonic()
                if clock.step % _TELL_EVERY == 0:
                    tell(_position(trainer) | _means(rows))
                    rows.clear()
                if clock.seconds - saved >= _SAVE_EVERY_S:
                    trainer.save(checkpoint)
                    saved = clock.seconds
                if clock.seconds - validated >= _VALIDATE_EVERY_S:
                    look(_VALIDATE_ON)
                    validated = clock.seconds
        finally:
            trainer.save(checkpoint)
    look(None)


def _position(trainer: Trainer) -> dict[str, float]:
    clock, schedule = trainer.clock, trainer.schedule
    return {
        "step": clock.step,
        "pictures": clock.step * schedule.batch,
        "minutes": round(clock.seconds / 60, 2),
        "progress": round(progress := clock.progress(schedule), 4),
        "minutes_left": round(clock.seconds / 60 * (1 - progress) / max(progress, 1e-6), 1),
    }


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}


def _filled(arrays: Sequence[npt.NDArray[Any]], path: Path | None = None) -> keras.Model:
    with _dtype_policy("float32"):
        model = compact.build()
    assign(model.trainable_variables, arrays, path)
    return model


@contextmanager
def _dtype_policy(name: str) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
