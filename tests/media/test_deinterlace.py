"""Interlaced frames become whole pictures; what is not interlaced is not touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from interlaced import make_interlaced

from device.media.deinterlace import Deinterlacer
from device.media.planes import layout_of, planes_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from numpy.typing import NDArray


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as film:
        return list(film.decode(video=0))


def luma(frame: av.VideoFrame) -> NDArray[Any]:
    return planes_of(frame, layout_of(frame.format.name)).luma


def through(frames: Sequence[av.VideoFrame]) -> list[av.VideoFrame]:
    deinterlacer = Deinterlacer()
    out = [made for frame in frames for made in deinterlacer.step(frame)]
    out += deinterlacer.flush()
    assert [frame.pts for frame in out] == [frame.pts for frame in frames]
    assert [frame.duration for frame in out] == [frame.duration for frame in frames]
    assert deinterlacer.count == sum(frame.interlaced_frame for frame in frames)
    return out


def combing(picture: NDArray[Any]) -> float:
    """How much each row differs from both its neighbours, which are alike: the mark of two fields."""
    codes = picture.astype(np.int64)
    middle, above, below = codes[1:-1], codes[:-2], codes[2:]
    return float(np.maximum(abs(middle - (above + below) // 2) - abs(above - below), 0).mean())


@pytest.mark.parametrize("first", ["tff", "bff"])
def test_fields_of_two_moments_become_one_picture(tmp_path: Path, first: str) -> None:
    make_interlaced(tmp_path / "in.mkv", [True] * 12, first=first)
    before = decoded(tmp_path / "in.mkv")
    after = through(before)
    for woven, whole in zip(before[1:-1], after[1:-1], strict=True):
        assert combing(luma(woven)) > 10 * combing(luma(whole)) + 1
        assert not whole.interlaced_frame


def test_progressive_frames_are_the_very_same(tmp_path: Path) -> None:
    make_interlaced(tmp_path / "in.mkv", [False] * 6)
    frames = decoded(tmp_path / "in.mkv")
    for frame, out in zip(frames, through(frames), strict=True):
        assert out is frame


def test_where_flags_change_only_what_is_marked_is_touched(tmp_path: Path) -> None:
    """As telecined films do, every few frames."""
    marked = [False, False, True, True, False, True, False, False, True, True, True, False]
    make_interlaced(tmp_path / "in.mkv", marked)
    frames = decoded(tmp_path / "in.mkv")
    assert [frame.interlaced_frame for frame in frames] == marked
    for frame, out in zip(frames, through(frames), strict=True):
        assert (out is frame) is not frame.interlaced_frame
        if frame.interlaced_frame:
            assert not np.array_equal(luma(frame), luma(out))


def test_wherever_one_begins_the_frames_after_the_first_are_the_same(tmp_path: Path) -> None:
    marked = [True] * 7 + [False] * 3 + [True] * 6 + [False, True, True, False, True]
    make_interlaced(tmp_path / "in.mkv", marked)
    frames = decoded(tmp_path / "in.mkv")
    whole = [luma(frame) for frame in through(frames)]
    for start in range(1, len(frames) - 2):
        part = through(frames[start:])
        for frame, expected in zip(part[1:], whole[start + 1 :], strict=True):
            np.testing.assert_array_equal(luma(frame), expected)


def test_a_film_that_changes_its_size_in_between_loses_no_frame(tmp_path: Path) -> None:
    make_interlaced(tmp_path / "small.mkv", [True] * 4)
    make_interlaced(tmp_path / "large.mkv", [True] * 4, size=(192, 128))
    frames = decoded(tmp_path / "small.mkv") + decoded(tmp_path / "large.mkv")
    assert [frame.width for frame in through(frames)] == [160] * 4 + [192] * 4


@pytest.mark.parametrize("pixel_format", ["yuv422p10le", "yuv411p", "gray", "gray16le"])
def test_every_kind_of_planes_stays_what_it_is(tmp_path: Path, pixel_format: str) -> None:
    make_interlaced(tmp_path / "in.mkv", [True] * 4)
    frames = []
    for frame in decoded(tmp_path / "in.mkv"):
        turned = frame.reformat(format=pixel_format)
        assert turned.interlaced_frame
        frames.append(turned)
    assert {frame.format.name for frame in through(frames)} == {pixel_format}
