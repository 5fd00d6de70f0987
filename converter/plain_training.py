"""Training of the networks that give ab alone, by its squared error; seeded, resumable.

The truth lies on a quarter of the picture's size and is enlarged to what the network gives.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
import tensorflow as tf

from converter import batches, data
from converter.checkpoint import read_checkpoint, write_checkpoint
from converter.networks import koala
from converter.networks.kinds import AB_SCALE, KINDS, NetworkKind
from converter.schedule import Clock, Schedule
from converter.train import split
from converter.variables import array_of, assign
from device.errors import ConfigurationError, NetworkFileError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Tell = Callable[[dict[str, float]], None]

BATCH: Final = 16
_WARM_UP: Final = 50  # steps
_TELL_EVERY: Final = 20  # steps
_SAVE_EVERY_S, _VALIDATE_EVERY_S, _VALIDATE_ON = 300.0, 600.0, 64
_RANDOM: Final = "its classifier's weights are random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to train, on what, for how long. ``pretrained``: weights for a part that does not learn."""

    kind: NetworkKind
    photos: tuple[Path, ...]
    work: Path
    minutes: float | None = None
    pictures: int | None = None
    batch: int = BATCH
    seed: int = 1
    pretrained: Path | None = None
    resume: bool = False

    def schedule(self) -> Schedule:
        """The run from start to end, at the network's own size."""
        return Schedule(
            minutes=self.minutes, pictures=self.pictures, batch=self.batch, seed=self.seed,
            decoder_rate=self.kind.rate, warm_up=_WARM_UP, sizes=((0.0, self.kind.size),), quantized_from=1.0,
        )  # fmt: skip


class Trainer:
    """A network, its optimizer, and how far the run is. ``notes``: what the manifest should say of it."""

    def __init__(self, kind: NetworkKind, schedule: Schedule, notes: str = "") -> None:
        self.kind, self.schedule, self.notes, self.clock = kind, schedule, notes, Clock()
        self.model = kind.build(schedule.size(0.0), None)
        self._optimizer = kind.optimizer(kind.rate)
        self._optimizer.build(self.model.trainable_variables)
        self._compiled = tf.function(self._update)

    def step(self, batch: batches.Batch) -> float:
        """One update; the loss of the batch: mean squared error of ab, in units of 110 Lab units."""
        rate = self.schedule.decoder_rate * self.schedule.rate(
            self.clock.progress(self.schedule), self.clock.step
        )
        self._optimizer.learning_rate.assign(rate)
        loss = self._compiled(*(tf.convert_to_tensor(array) for array in (batch.inputs["grey"], batch.ab)))
        self.clock.step += 1
        return float(loss)

    def _update(self, grey: Any, ab: Any) -> Any:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            made = self.model(grey, training=True)
            truth = tf.image.resize(ab / AB_SCALE, tf.shape(made)[1:3])
            loss = tf.reduce_mean(tf.square(made - truth))
        self._optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    def validate(self, watched: batches.Part, count: int | None = None) -> dict[str, float]:
        """Mean |ab error| and chroma on photographs kept back, and their own chroma; Lab units."""
        errors, chromas, truths = [], [], []
        for index in watched.indices[:count]:
            batch = batches.plain_batch(watched.photographs, np.array([index]), self.schedule.size(0.0))
            made = np.asarray(self.model.predict_on_batch(batch.inputs["grey"])) * AB_SCALE
            ab = tf.image.resize(made, batch.ab.shape[1:3], "area").numpy()
            errors.append(float(np.abs(ab - batch.ab).mean()))
            chromas.append(float(np.hypot(ab[..., 0], ab[..., 1]).mean()))
            truths.append(float(np.hypot(batch.ab[..., 0], batch.ab[..., 1]).mean()))
        figures = {"error": errors, "chroma": chromas, "true_chroma": truths}
        return {name: round(float(np.mean(values)), 3) for name, values in figures.items()}

    def save(self, path: Path) -> None:
        """Write everything needed to go on, and to convert."""
        groups = {name: [array_of(each) for each in group] for name, group in self._state().items()}
        facts = {
            "network": self.kind.name, "clock": asdict(self.clock), "schedule": asdict(self.schedule),
            "notes": self.notes,
        }  # fmt: skip
        write_checkpoint(path, groups, facts)

    def restore(self, path: Path) -> None:
        """Go on from a checkpoint that ``save`` wrote."""
        groups, facts = read_checkpoint(path)
        for name, variables in self._state().items():
            assign(variables, groups.get(name, []), path)
        self.clock, self.notes = Clock(**facts["clock"]), facts["notes"]

    def _state(self) -> dict[str, Sequence[keras.Variable]]:
        return {"weight": self.model.weights, "optimizer": self._optimizer.variables}


def run(request: Request, *, tell: Tell) -> Path:
    """Train to the end; returns the checkpoint NAME.npz in the work folder. Figures also go to its log."""
    kind, checkpoint = request.kind, request.work / f"{request.kind.name}.npz"
    if request.pretrained and not kind.pretrained:
        raise ConfigurationError(
            f"the network {kind.name} has no part that starts with weights", where="--pretrained"
        )
    if checkpoint.exists() and not request.resume:
        raise ConfigurationError(
            "there is a checkpoint already", where=checkpoint, hint="--resume goes on from it, or remove it"
        )
    schedule = request.schedule()
    photographs = data.prepare(data.Collection(sources=request.photos), request.work / "photographs")
    learn, kept = split(len(photographs), schedule.held_back, schedule.held_back_seed)
    if len(learn) < schedule.batch:
        raise ConfigurationError(f"{len(learn)} photographs are fewer than one batch of {schedule.batch}")
    keras.utils.set_random_seed(schedule.seed)
    trainer = Trainer(kind, schedule, _RANDOM if kind.pretrained and not request.pretrained else "")
    if request.resume:
        trainer.restore(checkpoint)
    elif request.pretrained:
        koala.fill_classifier(trainer.model, request.pretrained)
    with _logged(request.work / "log.jsonl", tell) as note:
        _loop(trainer, batches.Part(photographs, learn), batches.Part(photographs, kept), checkpoint, note)
    return checkpoint


def _loop(trainer: Trainer, part: batches.Part, watched: batches.Part, checkpoint: Path, tell: Tell) -> None:
    schedule, clock = trainer.schedule, trainer.clock
    began = time.monotonic() - clock.seconds
    saved = validated = clock.seconds
    losses: list[float] = []
    with batches.Loader([part], batch=schedule.batch, seed=schedule.seed) as loader:
        try:
            while clock.progress(schedule) < 1:
                losses.append(trainer.step(loader.batch(clock.step, schedule.size(0.0))))
                clock.seconds = time.monotonic() - began
                if clock.step % _TELL_EVERY == 0:
                    tell(_position(trainer) | {"loss": round(float(np.mean(losses)), 6)})
                    losses.clear()
                if clock.seconds - saved >= _SAVE_EVERY_S:
                    trainer.save(checkpoint)
                    saved = clock.seconds
                if clock.seconds - validated >= _VALIDATE_EVERY_S:
                    tell(_position(trainer) | trainer.validate(watched, _VALIDATE_ON))
                    clock.seconds = validated = time.monotonic() - began
        finally:
            trainer.save(checkpoint)
    tell(_position(trainer) | trainer.validate(watched))


def kind_of(checkpoint: Path) -> NetworkKind | None:
    """Which network a checkpoint is of; None: the compact one."""
    _, facts = read_checkpoint(checkpoint)
    name = facts.get("network")
    if name is not None and name not in KINDS:
        raise NetworkFileError(f"a checkpoint of an unknown network {name!r}", where=checkpoint)
    return KINDS[name] if name else None


def load(kind: NetworkKind, checkpoint: Path) -> tuple[keras.Model, str]:
    """The trained network of a checkpoint, for one picture at a time, and what is to be said of it."""
    groups, facts = read_checkpoint(checkpoint)
    model = kind.build(kind.size, 1)
    assign(model.weights, groups.get("weight", []), checkpoint)
    return model, str(facts["notes"])


def _position(trainer: Trainer) -> dict[str, float]:
    clock, schedule = trainer.clock, trainer.schedule
    progress = clock.progress(schedule)
    return {
        "step": clock.step,
        "pictures": clock.step * schedule.batch,
        "minutes": round(clock.seconds / 60, 2),
        "progress": round(progress, 4),
        "minutes_left": round(clock.seconds / 60 * (1 - progress) / max(progress, 1e-6), 1),
    }


@contextmanager
def _logged(path: Path, tell: Tell) -> Iterator[Tell]:
    try:
        with path.open("a", encoding="utf-8") as log:

            def note(row: dict[str, float]) -> None:
                log.write(json.dumps(row) + "\n")
                log.flush()
                tell(row)

            yield note
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't keep the log") from error
