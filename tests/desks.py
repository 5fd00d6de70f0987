"""A live job's stand-in: real views, switches and interest, and a camera that rests when nobody looks."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import numpy as np

from device.engine import Interest, Kind, Switches, Thing
from device.frames import JPEG_COLOUR, Frame, TintedFrame
from device.sinks.views import Views

if TYPE_CHECKING:
    from pathlib import Path

THINGS = (
    Thing("colour", Kind.CHOICE, "Colour", choices=("auto", "always", "never")),
    Thing("live", Kind.SWITCH, "Live", kept=True),
    Thing("quality", Kind.NUMBER, "Quality", least=1, most=100),
    Thing("saturation", Kind.NUMBER, "Saturation", least=0, most=3, step=0.05),
    Thing("snapshot", Kind.BUTTON, "Snapshot"),
)
VALUES = {"colour": "auto", "live": True, "quality": 85, "saturation": 1.0}


def tinted(
    index: int,
    *,
    width: int = 64,
    height: int = 48,
    rotation: int = 0,
    age_ns: int = 0,
    own_colour: bool = False,
) -> TintedFrame:
    luma = np.random.default_rng(index % 16).integers(0, 256, (height, width), dtype=np.uint8)
    frame = Frame(
        luma,
        JPEG_COLOUR,
        index,
        index * 2,
        Fraction(1, 25),
        rotation=rotation,
        captured_ns=time.monotonic_ns(),
    )
    ab = np.full((14, 14, 2), 20, np.float32)
    return TintedFrame(frame, luma[::4, ::4], ab, chroma_age_ns=age_ns, own_colour=own_colour)


class StandIn:
    """Makes frames while somebody is interested, and single ones when it is asked for a glimpse."""

    def __init__(
        self,
        *,
        rate: float = 50.0,
        size: tuple[int, int] = (64, 48),
        linger_s: float = 0.2,
        memory: Path | None = None,
    ) -> None:
        self.views = Views(lambda: "compact", "board")
        self.switches = Switches(THINGS, VALUES, memory)
        self.interest = Interest(linger_s)
        self.own_colour = False
        self.trouble: str | None = None
        self.made = 0
        self.glimpses = 0
        self._interval_s = 1 / rate
        self._size = size
        self._glimpse = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stand-in")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)
        self.views.close()

    @property
    def resting(self) -> bool:
        return not self.interest.active

    def figures(self) -> dict[str, object]:
        state = self.trouble or ("resting" if self.resting else "live")
        return {
            "state": state,
            "fps": 29.97,
            "own_colour": self.own_colour,
            "holders": self.interest.holders(),
        }

    def glimpse(self) -> None:
        self.glimpses += 1
        self._glimpse.set()

    def _run(self) -> None:
        while not self._ended.wait(self._interval_s):
            if self.trouble or not self.switches.value("live"):
                continue
            if not self.resting or self._glimpse.is_set():
                self._glimpse.clear()
                width, height = self._size
                self.made += 1
                self.views.write(tinted(self.made, width=width, height=height, own_colour=self.own_colour))
