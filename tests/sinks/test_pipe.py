from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from device.errors import ConfigurationError, SpaceError
from device.frames import JPEG_COLOUR, Frame, TintedFrame
from device.media.facts import read_facts
from device.sinks.pipe import MjpegPipe, claim_stdout
from device.sinks.views import View, Views

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = 20.0


def tinted(index: int, size: tuple[int, int] = (96, 64)) -> TintedFrame:
    luma = np.full(size[::-1], 40 + 4 * (index % 40), np.uint8)
    frame = Frame(luma, JPEG_COLOUR, index, index, Fraction(1, 30), captured_ns=time.monotonic_ns())
    return TintedFrame(frame, luma[::4, ::4], np.full((8, 8, 2), (20.0, 30.0), np.float32))


@contextmanager
def stream(size: tuple[int, int] = (96, 64), pace_s: float = 0.01) -> Iterator[Views]:
    """Views of a stream that goes on by itself."""
    with Views(lambda: "compact", "pi") as views:
        ending = threading.Event()

        def run() -> None:
            index = 0
            while not ending.wait(pace_s):
                views.write(tinted(index, size))
                index += 1

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield views
        finally:
            ending.set()
            thread.join(LONG)


def test_ffmpeg_reads_the_pictures_one_by_one() -> None:
    read, write = os.pipe()
    with stream() as views, os.fdopen(read, "rb", buffering=0) as pipe:
        with MjpegPipe(views, write, View(48, 90)):
            lumas = []
            with av.open(pipe, format="mjpeg") as film:
                for frame in film.decode(video=0):
                    assert (frame.width, frame.height, frame.format.name) == (48, 32, "yuvj420p")
                    lumas.append(round(frame.to_ndarray()[:32].mean()))
                    if len(lumas) == 12:
                        break
        os.close(write)
    assert len(set(lumas)) == 12
    steps = np.diff(lumas)
    assert ((steps > 0) | (steps < -100)).all(), "newer ones come later"


def test_a_slow_reader_gets_new_pictures_and_holds_up_nobody() -> None:
    read, write = os.pipe()
    size = (640, 480)
    with stream(size) as views, views.watch(View(64)) as other, os.fdopen(read, "rb") as pipe:
        with MjpegPipe(views, write, View(quality=100)):
            time.sleep(0.7)  # the pipe is full
            seen = other.take(LONG)
            assert seen is not None
            newest = seen.facts.sequence
            with av.open(pipe, format="mjpeg") as film:
                facts = [
                    read_facts(bytes(packet)) for _, packet in zip(range(40), film.demux(), strict=False)
                ]
            assert facts[-1].sequence >= newest, "what came meanwhile was let go"
            assert facts[-1].sequence - facts[0].sequence >= len(facts)
        os.close(write)


def test_a_reader_that_goes_away_ends_it_well() -> None:
    read, write = os.pipe()
    told: list[Exception | None] = []
    gone = threading.Event()

    def end(error: Exception | None) -> None:
        told.append(error)
        gone.set()

    with stream() as views, MjpegPipe(views, write, View(), on_end=end):
        os.read(read, 1000)
        os.close(read)
        assert gone.wait(LONG)
        assert views.watched == 0
    assert told == [None]
    os.close(write)


def test_what_goes_wrong_is_told() -> None:
    told: list[Exception | None] = []
    gone = threading.Event()

    def end(error: Exception | None) -> None:
        told.append(error)
        gone.set()

    with (
        Path("/dev/full").open("wb") as full,
        stream() as views,
        MjpegPipe(views, full.fileno(), View(), on_end=end),
    ):
        assert gone.wait(LONG)
    (error,) = told
    assert isinstance(error, SpaceError)


def test_its_end_waits_for_no_reader() -> None:
    read, write = os.pipe()
    with stream((640, 480)) as views:
        pipe = MjpegPipe(views, write, View(quality=100))
        time.sleep(0.3)  # nobody reads
        began = time.monotonic()
        pipe.close()
        assert time.monotonic() - began < LONG
    os.close(read)  # its thread ends with this
    pipe._thread.join(LONG)
    assert not pipe._thread.is_alive()
    os.close(write)


def test_standard_output_is_for_pictures_alone() -> None:
    code = """
import os
from device.sinks.pipe import claim_stdout
claimed = claim_stdout()
print("a word")
os.system("echo another")
os.write(claimed, b"picture")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout == b"picture"
    assert done.stderr.split() == [b"another", b"a", b"word"] or done.stderr.split() == [
        b"a",
        b"word",
        b"another",
    ]


def test_a_terminal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda _: True)
    with pytest.raises(ConfigurationError, match="pipe it into"):
        claim_stdout()
