"""One tinted frame as JPEGs of any width and quality, each made once, whoever asks first."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from device.colour.tint import shrink
from device.media.jpeg import encode_jpeg, facts_of, upright_planes

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.frames import TintedFrame
    from device.media.jpeg import Facts, Planes

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class View:
    """How a picture is looked at: at most ``width`` samples wide (0: as it is), as JPEG of ``quality``."""

    width: int = 0
    quality: int = 85

    def __post_init__(self) -> None:
        """Raise ValueError for what no picture can be."""
        if self.width < 0 or not 1 <= self.quality <= 100:
            raise ValueError(f"no picture is {self.width} wide in quality {self.quality}")


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A picture to show: a JPEG, and the facts that are in it."""

    jpeg: bytes
    facts: Facts


class ViewedFrame:
    """A tinted frame, upright, for all who look at it. Safe from any thread.

    ``sequence``: its number within the stream; ``network``, ``device``: their names, as in ``Facts``. Planes
    and JPEGs are made when they are first asked for; who asks meanwhile waits for the same.
    """

    def __init__(self, tinted: TintedFrame, *, sequence: int, network: str, device: str) -> None:
        self.tinted = tinted
        self.sequence = sequence
        self._facts = facts_of(tinted, sequence=sequence, network=network, device=device)
        self._planes = _Once[int, "Planes"]()
        self._shown = _Once[View, Shown]()

    def shown(self, view: View) -> Shown:
        """The JPEG for ``view``: views that come to the same width and quality get the very same."""
        width = min(view.width or self._facts.width, self._facts.width)
        return self._shown.get(View(width, view.quality), self._encode)

    def planes(self, width: int) -> Planes:
        """Full-range BT.601 planes, 4:2:0, ``width`` samples wide (at most the frame's); rows are even."""
        return self._planes.get(width, self._scale)

    def _encode(self, view: View) -> Shown:
        planes = self.planes(view.width)
        rows, columns = planes[0].shape
        facts = replace(self._facts, width=columns, height=rows)
        return Shown(encode_jpeg(*planes, view.quality, facts), facts)

    def _scale(self, width: int) -> Planes:
        if width == self._facts.width:
            return upright_planes(self.tinted)
        planes = self.planes(self._facts.width)
        rows = 2 * max(round(self._facts.height * width / self._facts.width / 2), 1)
        y, cb, cr = (
            shrink(plane, None, size)
            for plane, size in zip(planes, ((rows, width), *[(rows // 2, (width + 1) // 2)] * 2), strict=True)
        )
        return y, cb, cr  # type: ignore[return-value]  # 8 bits stay 8 bits


class _Once(Generic[K, V]):
    """Values by key, each made once: by the thread that asks first, while others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[K, tuple[threading.Lock, list[V]]] = {}

    def get(self, key: K, make: Callable[[K], V]) -> V:
        with self._lock:
            lock, made = self._places.setdefault(key, (threading.Lock(), []))
        with lock:
            if not made:
                made.append(make(key))
            return made[0]
