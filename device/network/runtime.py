"""The quantized network at work: lightness in, ab and confidence out, both in Lab units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from device.colour import bins
from device.colour.hints import PATCH, Hints, global_vector, local_planes
from device.colour.likely import likely_colours
from device.errors import ConfigurationError, NetworkFileError
from device.network.find import find_network
from device.network.interpreter import default_threads, open_interpreter
from device.network.manifest import InputRole, file_sha256, read_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from device.colour.placed import Likely
    from device.network.interpreter import Interpreter, Runtime
    from device.network.manifest import Input, Manifest, Output


#: What a picture is coloured by where nobody says anything.
NO_HINTS: Final = Hints()


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a network says about one picture.

    ``ab``: (h', w', 2) float32, Lab units. ``confidence``: (h', w') float32, the probability of the likeliest
    of the 313 bins; None where it was not asked for or the network has no bins.
    """

    ab: NDArray[np.float32]
    confidence: NDArray[np.float32] | None


class Network:
    """A loaded network. Used by one thread at a time; ``predict`` lets other threads run meanwhile."""

    def __init__(self, path: Path, manifest: Manifest, interpreter: Interpreter, runtime: str) -> None:
        self.path = path
        self.manifest = manifest
        self.runtime = runtime
        self._interpreter: Interpreter | None = interpreter
        given = {each["name"]: each for each in interpreter.get_input_details()}
        made = {each["name"]: each for each in interpreter.get_output_details()}
        self._grey = _input(manifest.grey, given)
        self._ab = _output(manifest.ab, made)
        self._logits = None if manifest.logits is None else _output(manifest.logits, made)
        self._others = {
            each.role: _input(each, given) for each in manifest.inputs if each is not manifest.grey
        }
        self._unhinted = self._stored(NO_HINTS)

    @classmethod
    def load(cls, name_or_path: str | Path, threads: int | None = None, runtime: Runtime = "auto") -> Self:
        """Find, check and load a network. ``threads``: None or 0 for one a physical core, at most four.

        Raises NetworkFileError for a file that is not what its manifest says or that the runtime can't run,
        and ConfigurationError where there is no such runtime.
        """
        path = find_network(name_or_path)
        manifest = read_manifest(path.with_suffix(".json"))
        _check_file(manifest, path)
        interpreter, name = open_interpreter(path, threads or default_threads(), runtime, manifest.unfit)
        _check_tensors("inputs", manifest.inputs, interpreter.get_input_details(), path)
        _check_tensors("outputs", manifest.outputs, interpreter.get_output_details(), path)
        return cls(path, manifest, interpreter, name)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the lightness that ``predict`` takes."""
        return self.manifest.grey.size

    def predict(
        self, lightness: NDArray[np.float32], *, confidence: bool = False, hints: Hints = NO_HINTS
    ) -> Prediction:
        """Predict the colour of ``lightness``: ``size``, float32, L of Lab 0..100, upright.

        ``confidence`` also reads the logits, where the network has them. Raises ConfigurationError for hints
        of a kind that the network does not take.
        """
        interpreter = self._interpreter
        if interpreter is None:
            raise ValueError("the network is closed")
        if lightness.shape != self.size:
            raise ValueError(f"the network takes {self.size}, not {lightness.shape}")
        interpreter.set_tensor(self._grey.index, self._grey.store(lightness))
        for role, stored in (
            self._stored(hints) if hints.points or hints.palette else self._unhinted
        ).items():
            interpreter.set_tensor(self._others[role].index, stored)
        interpreter.invoke()
        ab = self._ab.real(interpreter.get_tensor(self._ab.index))
        if not confidence or self._logits is None:
            return Prediction(ab, None)
        logits = self._logits.real(interpreter.get_tensor(self._logits.index))
        return Prediction(ab, _likeliest(logits))

    def likely(
        self, lightness: NDArray[np.float32], x: float, y: float, *, count: int = 6, hints: Hints = NO_HINTS
    ) -> tuple[Likely, ...]:
        """Colours that the place at ``x``, ``y`` (0..1 of the picture) may well have, distinct and real ones.

        First the network's own choice, then the likeliest; none where it has no logits of the 313 bins.
        ``lightness`` and ``hints`` as ``predict``, and its errors.
        """
        if self._logits is None or self._logits.shape[-1] != bins.COUNT:
            return ()
        ab = self.predict(lightness, hints=hints).ab
        if self._interpreter is None:
            raise ValueError("the network is closed")
        logits = self._logits.real(self._interpreter.get_tensor(self._logits.index))
        shares = _softmax(_around(logits, x, y)).mean(axis=0)
        light = float(_around(lightness[..., None], x, y).mean())
        return likely_colours(shares, _around(ab, x, y).mean(axis=0), light, count)

    def heard(self, hints: Hints) -> Hints:
        """Of ``hints``, what the network takes."""
        manifest = self.manifest
        return Hints(
            hints.points if manifest.local_hint else (), hints.palette if manifest.global_hint else None
        )

    def check_hints(self, hints: Hints) -> None:
        """Raise ConfigurationError for hints of a kind that the network does not take."""
        for given, there, kind in (
            (hints.points, self.manifest.local_hint, "hints"),
            (hints.palette, self.manifest.global_hint, "palette of a reference"),
        ):
            if given and there is None:
                raise ConfigurationError(
                    f"this network takes no {kind}",
                    where=self.manifest.name,
                    hint="take another with --network",
                )

    def _stored(self, hints: Hints) -> dict[InputRole, NDArray[Any]]:
        """What the inputs for hints hold."""
        return {role: self._others[role].store(plane) for role, plane in self._hint_planes(hints).items()}

    def _hint_planes(self, hints: Hints) -> dict[InputRole, NDArray[np.float32]]:
        self.check_hints(hints)
        planes = {}
        if local := self.manifest.local_hint:
            planes[InputRole.LOCAL_HINT], planes[InputRole.MASK] = local_planes(hints.points, local.size)
        if self.manifest.global_hint:
            planes[InputRole.GLOBAL_HINT] = global_vector(hints.palette)
        return planes

    def close(self) -> None:
        """Let the file and its memory go; a second time does nothing."""
        self._interpreter = None

    def __enter__(self) -> Self:
        """Hold the network for a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


@dataclass(frozen=True, slots=True)
class _Tensor:
    """How real values lie in a tensor of the file: stored = real x ``gain`` + ``shift``."""

    index: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    gain: float
    shift: float

    def store(self, real: NDArray[np.float32]) -> NDArray[Any]:
        """Real values, of this shape but for sides of 1, as the tensor holds them."""
        stored = np.multiply(real.reshape(self.shape), np.float32(self.gain), dtype=np.float32)
        stored += np.float32(self.shift)
        if self.dtype.kind == "f":
            return stored.astype(self.dtype, copy=False)
        limits = np.iinfo(self.dtype)
        np.rint(stored, out=stored)
        np.clip(stored, limits.min, limits.max, out=stored)
        return stored.astype(self.dtype)

    def real(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """The tensor's content as real values, without the batch axis."""
        values: NDArray[np.float32] = stored[0].astype(np.float32)
        values -= np.float32(self.shift)
        values /= np.float32(self.gain)
        return values


def _input(declared: Input, details: dict[str, dict[str, Any]]) -> _Tensor:
    step, zero = _quantization(details[declared.name])
    return _Tensor(
        index=details[declared.name]["index"],
        shape=declared.shape,
        dtype=np.dtype(details[declared.name]["dtype"]),
        gain=declared.scale / step,
        shift=declared.offset / step + zero,
    )


def _output(declared: Output, details: dict[str, dict[str, Any]]) -> _Tensor:
    step, zero = _quantization(details[declared.name])
    return _Tensor(
        index=details[declared.name]["index"],
        shape=declared.shape,
        dtype=np.dtype(details[declared.name]["dtype"]),
        gain=1 / (declared.scale * step),
        shift=zero,
    )


def _quantization(details: dict[str, Any]) -> tuple[float, float]:
    """Step and zero point; a float tensor has a step of 0 in the file, which stands for 1."""
    step, zero = details["quantization"]
    return float(step) or 1.0, float(zero)


def _likeliest(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest of the softmax over the last axis."""
    largest = logits.max(axis=-1, keepdims=True)
    share: NDArray[np.float32] = 1 / np.exp(logits - largest).sum(axis=-1)
    return share


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True), np.float32)


def _around(plane: NDArray[np.float32], x: float, y: float) -> NDArray[np.float32]:
    """What lies in a hint's patch at ``x``, ``y`` of ``plane`` (h, w, channels): (n, channels)."""
    rows, columns = (
        slice(max(middle - reach, 0), middle + reach + 1)
        for middle, reach in (
            (min(int(place * side), side - 1), max(1, round(side * PATCH / 2)))
            for place, side in ((y, plane.shape[0]), (x, plane.shape[1]))
        )
    )
    return plane[rows, columns].reshape(-1, plane.shape[-1])


def _check_file(manifest: Manifest, path: Path) -> None:
    if manifest.file != path.name:
        raise NetworkFileError(
            f"file = {manifest.file!r} is not allowed: beside this manifest lies {path.name}",
            where=path.with_suffix(".json"),
        )
    try:
        found = file_sha256(path)
    except OSError as error:
        raise NetworkFileError(f"can't be read: {error.strerror}", where=path) from error
    if found != manifest.sha256:
        raise NetworkFileError(
            f"sha256 is {found[:12]}..., its manifest says {manifest.sha256[:12]}...",
            where=path,
            hint="the file is damaged or not the one that was meant; copy both files again",
        )


def _check_tensors(
    key: str, declared: Sequence[Input | Output], details: list[dict[str, Any]], path: Path
) -> None:
    """Refuse a manifest whose tensors, by name, shape and dtype, are not those of the file."""
    where = path.with_suffix(".json")
    found = {each["name"]: each for each in details}
    for number, each in enumerate(declared):
        if each.name not in found:
            raise NetworkFileError(
                f"{key}.{number}.name = {each.name!r} is not in {path.name}",
                where=where,
                hint=f"there are {', '.join(found)}",
            )
        shape = tuple(int(side) for side in found[each.name]["shape"])
        if shape != each.shape:
            raise NetworkFileError(
                f"{key}.{number} ({each.name}) has shape {each.shape}, in {path.name} it is {shape}",
                where=where,
            )
        dtype = np.dtype(found[each.name]["dtype"])
        if dtype not in (np.dtype("f4"), np.dtype("i1"), np.dtype("u1"), np.dtype("i2")):
            raise NetworkFileError(
                f"{each.name} holds {dtype}; float32, int8, uint8 and int16 work", where=path
            )
    unknown = sorted(set(found) - {each.name for each in declared})
    if unknown and key == "inputs":
        raise NetworkFileError(f"inputs lack {', '.join(unknown)}, which {path.name} takes", where=where)
