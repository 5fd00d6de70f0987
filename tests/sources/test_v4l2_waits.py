"""How long a V4L2 camera is waited for, and what is left of it once it is closed; on a device of our own."""

from __future__ import annotations

import contextlib
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from device.config import CameraSettings
from device.errors import SourceLost
from device.sources.v4l2 import source as room
from device.sources.v4l2.device import Agreed, Filled, Offer
from device.sources.v4l2.source import V4l2Source

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeDevice:
    """A grey camera of 16 x 16 that has as many frames as ``left`` says, and none any more."""

    card = "test camera"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.left = 0
        self.waits: list[float] = []
        self.open = True

    def offers(self) -> list[Offer]:
        return [Offer("GREY", (16, 16), (16, 16))]

    def fastest(self, *_: object) -> Fraction:
        return Fraction(30)

    def agree(self, name: str, size: tuple[int, int], rate: Fraction) -> Agreed:
        return Agreed(name, *size, 16, 256, 0, 0, 0, rate)

    def set_control(self, *_: object) -> bool:
        return True

    def start(self) -> None:
        if not self.open:
            raise ValueError("file descriptor cannot be a negative integer (-1)")

    def wait(self, seconds: float, _wake: int) -> bool:
        self.waits.append(seconds)
        self.left -= 1
        return self.left >= 0

    @contextlib.contextmanager
    def newest(self) -> Iterator[Filled]:
        yield Filled(memoryview(bytes(256)), len(self.waits), time.monotonic_ns(), damaged=False)

    def close(self) -> None:
        self.open = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeDevice]:
    """The devices that sources have opened."""
    devices: list[FakeDevice] = []

    def device(path: Path) -> Any:
        devices.append(FakeDevice(path))
        return devices[-1]

    monkeypatch.setattr(room, "Device", device)
    return devices


@pytest.mark.parametrize(("stall_s", "first_s"), [(1.0, 5.0), (4.0, 8.0)])
def test_the_first_frame_has_longer_than_those_behind_it(
    made: list[FakeDevice], stall_s: float, first_s: float
) -> None:
    def read(frames: int) -> list[float]:
        with V4l2Source(Path("/dev/video9"), CameraSettings(stall_seconds=stall_s)) as source:
            made[-1].left = frames
            assert len(list(source.frames())) == frames
        return made[-1].waits

    with pytest.raises(SourceLost, match=f"/dev/video9: gave no frame for {first_s:g} s"):
        read(0)
    assert made[-1].waits == [pytest.approx(first_s, abs=0.5)]
    with pytest.raises(SourceLost, match=f"/dev/video9: gave no frame for {stall_s:g} s"):
        read(2)
    assert made[-1].waits == pytest.approx([first_s, stall_s, stall_s], abs=0.5)


def test_one_that_is_closed_before_it_is_read_has_no_frames(made: list[FakeDevice]) -> None:
    source = V4l2Source(Path("/dev/video9"), CameraSettings())
    source.close()
    assert not made[-1].open
    assert list(source.frames()) == []
