"""Batches to learn from: windows of the photographs, mirrored and aged at random, made ahead by a thread."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converter.data import Photographs

    Floats = npt.NDArray[np.float32]
    Indices = npt.NDArray[np.int64]

_DEADLINE_S = 600.0  # far more than a batch takes on the slowest machine


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """``grey`` (n, size, size, 1), L / 50 - 1; the true ``ab`` (n, size / 4, size / 4, 2) in Lab units."""

    grey: Floats
    ab: Floats


def plain_batch(photographs: Photographs, indices: Indices, size: int) -> Batch:
    """Whole photographs as they are, for validation."""
    return _stack([_cut(photographs, int(i), size, (0.0, 0.0, 1.0, 1.0)) for i in indices])


def augmented_batch(photographs: Photographs, indices: Indices, size: int, rng: np.random.Generator) -> Batch:
    """Random crops, half of them mirrored, their lightness aged: gamma, fog, softness, noise."""
    pairs = []
    for index in indices:
        width, height = (float(side) for side in rng.uniform(0.6, 1.0, 2) ** 0.7)
        left, top = float(rng.uniform(0, 1 - width)), float(rng.uniform(0, 1 - height))
        light, ab = _cut(photographs, int(index), size, (left, top, width, height))
        if rng.random() < 0.5:
            light, ab = light[:, ::-1], ab[:, ::-1]
        pairs.append((age(light, rng), ab))
    return _stack(pairs)


def age(lightness: Floats, rng: np.random.Generator) -> Floats:
    """L (h, w), 0..100, as an older camera, lens or print would give it; a third stay the same."""
    if rng.random() < 0.35:
        return lightness
    x: npt.NDArray[np.floating] = lightness / 100
    if rng.random() < 0.6:
        x = np.power(x, np.exp(rng.normal(0, 0.25)))
    if rng.random() < 0.4:
        black, white = rng.uniform(0, 0.15), rng.uniform(0.55, 1)
        x = black + (white - black) * x
    if rng.random() < 0.25:
        x = np.asarray(cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.6))), np.float32)
    if rng.random() < 0.35:
        x = x + rng.normal(0, rng.uniform(0.005, 0.05), x.shape)
    return np.asarray(np.clip(x * 100, 0, 100), np.float32)


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


def _stack(pairs: Sequence[tuple[Floats, Floats]]) -> Batch:
    grey = np.stack([light for light, _ in pairs])[..., None] / np.float32(50) - np.float32(1)
    return Batch(grey, np.stack([ab for _, ab in pairs]))


class Loader:
    """Augmented batches made ahead by one thread; batch n is the same for the same seed, whoever asks."""

    def __init__(
        self, photographs: Photographs, indices: Indices, *, batch: int, seed: int, ahead: int = 6
    ) -> None:
        self._photographs, self._indices, self._batch, self._seed = photographs, indices, batch, seed
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
        places = np.arange(number * self._batch, (number + 1) * self._batch)
        epochs, places = np.divmod(places, len(self._indices))
        orders = {epoch: self._order(int(epoch)) for epoch in np.unique(epochs)}
        chosen = np.array([orders[epoch][place] for epoch, place in zip(epochs, places, strict=True)])
        return augmented_batch(self._photographs, chosen, size, np.random.default_rng((self._seed, number)))

    def _order(self, epoch: int) -> Indices:
        return np.random.default_rng((self._seed, 1 << 40, epoch)).permutation(self._indices)
