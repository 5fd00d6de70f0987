"""Batches to learn from: windows of photographs, mirrored, aged and hinted at random, made by a thread."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

from converter import ageing, hinted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converter.data import Photographs

    Floats = npt.NDArray[np.float32]
    Indices = npt.NDArray[np.int64]

_DEADLINE_S = 600.0  # far more than a batch takes on the slowest machine
_ODD_SHAPES = 0.3  # of the pictures are tall or wide
_ASPECT = 4 / 3  # of most photographs, which are stored squashed to a square
_TALLEST, _WIDEST = 9 / 16, 21 / 9
_MIRRORED = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One picture as the network gets it: see ``Batch``, without the first axis."""

    grey: Floats
    light: Floats
    ab: Floats
    hints: hinted.Planes


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """``inputs``: grey (n, size, size, 1), L / 50 - 1, and the hints' planes, by name.

    Truth on the output's grid: ``light`` (n, size / 4, size / 4, 1), L; ``ab`` (.., 2) in Lab units.
    """

    inputs: dict[str, Floats]
    light: Floats
    ab: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Photographs of one kind, those of them to take, and the share of all that is seen which they make.

    Where the input is larger than ``largest``, for which they are too small, they are left out.
    """

    photographs: Photographs
    indices: Indices
    share: float = 1.0
    largest: int = 1 << 16


def plain_batch(photographs: Photographs, indices: Indices, size: int) -> Batch:
    """Whole photographs as they are, without hints, for validation."""
    examples = []
    for index in indices:
        light, ab = _cut(photographs, int(index), size, (0.0, 0.0, 1.0, 1.0))
        examples.append(_example(light, light, ab, hinted.nothing(ab)))
    return stack(examples)


def augmented(photographs: Photographs, index: int, size: int, rng: np.random.Generator) -> Example:
    """A random window of a photograph, mirrored or not, its lightness aged; half of them with hints."""
    light, ab = _cut(photographs, index, size, _window(rng))
    if rng.random() < _MIRRORED:
        light, ab = light[:, ::-1], ab[:, ::-1]
    hints = hinted.drawn(ab, photographs.ab[index], rng)
    return _example(ageing.age(light, ab, rng), light, ab, hints)


def stack(examples: Sequence[Example]) -> Batch:
    """One batch of several pictures."""
    grey = np.stack([each.grey for each in examples])[..., None] / np.float32(50) - np.float32(1)
    planes = {
        name: np.stack([getattr(each.hints, name) for each in examples])
        for name in ("local_hint", "mask", "global_hint")
    }
    light = np.stack([each.light for each in examples])[..., None]
    return Batch({"grey": grey} | planes, light, np.stack([each.ab for each in examples]))


def _example(grey: Floats, light: Floats, ab: Floats, hints: hinted.Planes) -> Example:
    small = cv2.resize(light, (ab.shape[1], ab.shape[0]), interpolation=cv2.INTER_AREA)
    return Example(grey, np.asarray(small, np.float32), ab, hints)


def _window(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Left, top, width and height of a random window, as parts of 1; some are tall, some wide."""
    if rng.random() < _ODD_SHAPES:
        aspect = np.exp(rng.uniform(np.log(_TALLEST), np.log(_WIDEST))) / _ASPECT
        scale = rng.uniform(0.7, 1.0)
        width, height = scale * min(1.0, aspect), scale * min(1.0, 1 / aspect)
    else:
        width, height = rng.uniform(0.6, 1.0, 2) ** 0.7
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return float(left), float(top), float(width), float(height)


def _cut(
    photographs: Photographs, index: int, size: int, window: tuple[float, float, float, float]
) -> tuple[Floats, Floats]:
    """L (size, size) and ab (size / 4, size / 4, 2) of a window (left, top, width, height, as parts of 1)."""
    left, top, width, height = window
    planes = []
    for plane, out in ((photographs.lightness[index], size), (photographs.ab[index], size // 4)):
        side = plane.shape[0]
        x0, y0 = round(left * side), round(top * side)
        x1, y1 = x0 + max(round(width * side), 1), y0 + max(round(height * side), 1)
        cut = np.asarray(plane[y0:y1, x0:x1]).astype(np.float32)
        shrinks = out * out <= cut.shape[0] * cut.shape[1]
        planes.append(
            cv2.resize(cut, (out, out), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        )
    return planes[0] * np.float32(100 / 255), planes[1]  # type: ignore[return-value]


class Loader:
    """Augmented batches made ahead by one thread; batch n is the same for the same seed, whoever asks."""

    def __init__(self, parts: Sequence[Part], *, batch: int, seed: int, ahead: int = 6) -> None:
        self._parts, self._batch, self._seed = parts, batch, seed
        self._orders: dict[tuple[int, int], Indices] = {}
        self._ahead, self._asked = ahead, 0
        self._requests: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        self._made: queue.SimpleQueue[Batch | Exception] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True, name="photographs")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.put(None)
        self._thread.join(_DEADLINE_S)

    def batch(self, number: int, size: int) -> Batch:
        """Batch ``number``, asked for in order. A change of ``size`` shows a few batches later."""
        self._asked = max(self._asked, number)
        while self._asked < number + self._ahead:
            self._requests.put((self._asked, size))
            self._asked += 1
        made = self._made.get(timeout=_DEADLINE_S)
        if isinstance(made, Exception):
            raise made
        return made

    def _work(self) -> None:
        while (request := self._requests.get()) is not None:
            try:
                self._made.put(self._make(*request))
            except Exception as error:  # noqa: BLE001 - raised again in the thread that asked
                self._made.put(error)
                return

    def _make(self, number: int, size: int) -> Batch:
        rng = np.random.default_rng((self._seed, number))
        examples = []
        shares = [part.share if size <= part.largest else 0.0 for part in self._parts]
        counts = _shared_out(self._batch, shares)
        for kind, (part, count) in enumerate(zip(self._parts, counts, strict=True)):
            places = np.arange(number * count, (number + 1) * count)
            epochs, places = np.divmod(places, len(part.indices))
            for epoch, place in zip(epochs.tolist(), places.tolist(), strict=True):
                index = self._order(kind, epoch)[place]
                examples.append(augmented(part.photographs, int(index), size, rng))
        return stack(examples)

    def _order(self, kind: int, epoch: int) -> Indices:
        if (kind, epoch) not in self._orders:
            self._orders = {key: order for key, order in self._orders.items() if key[0] != kind}
            seed = (self._seed, 1 << 40, epoch, kind)
            self._orders[kind, epoch] = np.random.default_rng(seed).permutation(self._parts[kind].indices)
        return self._orders[kind, epoch]


def _shared_out(count: int, shares: Sequence[float]) -> list[int]:
    """``count`` divided by ``shares``, the first taking what rounding leaves."""
    rest = [round(count * share / sum(shares)) for share in shares[1:]]
    return [count - sum(rest), *rest]
