"""A film that is gone on with is begun near where it was, and equals one that was made in one go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from films import make_film, stamps
from interlaced import make_interlaced

from device.config import Config
from device.engine import Gate, Stop
from device.jobs.film import FilmResult, FilmTask
from device.jobs.film_child import colorize
from device.media.segments import WorkFolder
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.frames import Frame

SETTINGS = {"film": {"preset": "ultrafast", "segment_frames": 9, "keep_shots": False}}


class Killed(BaseException):
    """The plug was pulled."""


def made(source: Path, out: Path) -> FilmResult:
    stop = Stop()
    return colorize(
        FilmTask(source, out, Config.model_validate(SETTINGS)), lambda _: None, stop, gate=Gate(stop)
    )


def interlaced(path: Path) -> None:
    make_interlaced(path, [True] * 100, codec="libx264", keyint=20)


def telecined(path: Path) -> None:
    make_interlaced(path, [True, True, False, False, False] * 20)


def broadcast(path: Path) -> None:
    make_film(path, codec="libx264", count=100, scenes=2, options={"g": "15", "bf": "2"}, sound="mp2")


def damaged(path: Path) -> None:
    make_film(path, codec="mpeg2video", count=100, options={"g": "12"})
    data, random = bytearray(path.read_bytes()), np.random.default_rng(1)
    for place in random.integers(len(data) // 10, len(data), 4):
        data[place] ^= 255
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("name", "make"),
    [("a.mkv", interlaced), ("b.mkv", telecined), ("a.ts", broadcast), ("a.mpg", damaged)],
)
def test_it_is_the_same_film(tmp_path: Path, name: str, make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = tmp_path / name, tmp_path / "out.mp4"
    make(source)
    whole = made(source, tmp_path / "whole.mp4")
    close, frames = WorkFolder.close_segment, FilmSource.frames
    sought: list[bool] = []

    def close_and_die(self: WorkFolder, *arguments: Any) -> None:
        close(self, *arguments)
        raise Killed

    def frames_and_tell(self: FilmSource) -> Iterator[Frame]:
        given = frames(self)
        first = next(given, None)
        sought.append(self.sought)
        if first is not None:
            yield first
        yield from given

    monkeypatch.setattr(FilmSource, "frames", frames_and_tell)
    while not out.exists():
        with monkeypatch.context() as patch:
            patch.setattr(WorkFolder, "close_segment", close_and_die)
            try:
                result = made(source, out)
            except Killed:
                continue
    assert any(sought)
    assert result.notes == whole.notes
    assert stamps(out) == stamps(tmp_path / "whole.mp4")
    if make is not damaged:  # of which a decoder makes something else each time
        assert out.read_bytes() == (tmp_path / "whole.mp4").read_bytes()
