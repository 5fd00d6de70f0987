"""A desk for tests of the page: real views, switches, interest and hints, of a picture that is known."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import cv2
import numpy as np

from device.colour.placed import Likely, PlacedHint
from device.engine import Interest, Kind, Switches, Thing
from device.frames import JPEG_COLOUR, Frame, TintedFrame
from device.jobs.hinting import HintBoard
from device.sinks.views import Views

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: R, G, B of the known picture's quarters: top left, top right, bottom left, bottom right.
QUARTERS = ((200, 60, 50), (60, 160, 70), (50, 80, 190), (210, 180, 60))
THINGS = (
    Thing("live", Kind.SWITCH, "Camera", kept=True),
    Thing("colour", Kind.CHOICE, "Colour", choices=("auto", "always", "never")),
    Thing("saturation", Kind.NUMBER, "Saturation", least=0, most=3, step=0.05),
    Thing("network", Kind.CHOICE, "Network", choices=("compact", "compact-float16", "zhang16")),
    Thing("quality", Kind.NUMBER, "JPEG quality", least=1, most=100, step=1),
    Thing("rate", Kind.NUMBER, "Frames a second, at most", least=0, most=120, step=1, unit="fps"),
    Thing("snapshot", Kind.BUTTON, "Snapshot"),
)
BEGIN = {"live": True, "colour": "auto", "saturation": 1, "network": "compact", "quality": 85, "rate": 0}
LIKELY = (
    Likely(30.0, 25.0, 0.45, "#b0665c"),
    Likely(-20.0, 25.0, 0.25, "#6b8f55"),
    Likely(5.0, -30.0, 0.15, "#6b81b5"),
    Likely(0.0, 3.0, 0.1, "#85827d"),
)


def quarters(width: int = 640, height: int = 360) -> NDArray[np.uint8]:
    """R'G'B' (height, width, 3) of four plain colours."""
    rgb = np.zeros((height, width, 3), np.uint8)
    for number, colour in enumerate(QUARTERS):
        rows = slice(0, height // 2) if number < 2 else slice(height // 2, height)
        columns = slice(width // 2, width) if number % 2 else slice(0, width // 2)
        rgb[rows, columns] = colour
    return rgb


class KnownDesk:
    """Shows ``rgb`` ``rate`` times a second while it is open and not ``paused``; colour ``never`` is grey."""

    def __init__(
        self,
        memory: Path | None = None,
        rgb: NDArray[np.uint8] | None = None,
        *,
        rate: float = 20,
        rotation: int = 0,
    ) -> None:
        self.views = Views(lambda: "compact", "testing")
        self.switches = Switches(THINGS, BEGIN, None)
        self.interest = Interest(10)
        self.board = HintBoard(memory)
        self.told: dict[str, Any] = {}
        self.paused = threading.Event()
        self.asked: list[tuple[float, float]] = []
        self.rgb = quarters() if rgb is None else rgb
        self._rate = rate
        self._rotation = rotation
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._show, name="desk", daemon=True)

    def figures(self) -> Mapping[str, object]:
        return {
            "state": "live" if self.switches.value("live") else "off",
            "source": "pattern, 640x360",
            "fps": 29.97,
            "network_ms": 11.2,
            "chroma_age_ms": 14.0,
            "chroma_age_p95_ms": 31.0,
            "drops": 3,
            "temperature_c": 51.5,
            "throttled": [],
            "network": "compact",
            "own_colour": False,
        } | self.told

    def glimpse(self) -> None:
        if self.paused.is_set() and self.switches.value("live"):
            self._frame(0)

    def hints(self) -> Sequence[PlacedHint]:
        return self.board.all()

    def add_hint(self, x: float, y: float, a: float, b: float) -> PlacedHint:
        return self.board.add(x, y, a, b)

    def remove_hint(self, hint_id: str) -> bool:
        return self.board.remove(hint_id)

    def likely(self, x: float, y: float) -> Sequence[Likely]:
        self.asked.append((x, y))
        return LIKELY

    def close(self) -> None:
        self._closed.set()
        self._thread.join(10)
        self.views.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _show(self) -> None:
        index = 0
        while not self._closed.wait(1 / self._rate):
            if not self.paused.is_set() and self.switches.value("live"):
                self._frame(index)
                index += 1

    def _frame(self, index: int) -> None:
        rgb = np.ascontiguousarray(np.rot90(self.rgb, self._rotation // 90))
        ycc = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
        half = (rgb.shape[1] // 2, rgb.shape[0] // 2)
        cr, cb = (cv2.resize(ycc[..., i], half, interpolation=cv2.INTER_AREA) for i in (1, 2))
        frame = Frame(
            luma=np.ascontiguousarray(ycc[..., 0]),
            colour_space=JPEG_COLOUR,
            index=index,
            pts=index,
            time_base=Fraction(1, 30),
            rotation=self._rotation,
            captured_ns=time.monotonic_ns(),
            cb=np.asarray(cb, np.uint8),
            cr=np.asarray(cr, np.uint8),
        )
        tinted = TintedFrame(frame, frame.luma[::4, ::4], np.zeros((8, 8, 2), np.float32), own_colour=True)
        if self.switches.value("colour") == "never":
            tinted = replace(tinted, own_colour=False)
        self.views.write(tinted)
