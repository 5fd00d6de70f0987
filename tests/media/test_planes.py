"""Luma and chroma out of frames of every pixel format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from films import frame_of, panned

from device.media.codecs import CODECS
from device.media.planes import BT601, BT709, at_depth, converted, layout_of, planes_of

if TYPE_CHECKING:
    from device.media.planes import Planes

SIZE = (66, 50)
#: Formats with a plane of luma, its depth there, and what goes out as H.265.
WITH_LUMA = [
    ("yuv420p", 8, "yuv420p"),
    ("yuvj420p", 8, "yuv420p"),
    ("yuv422p", 8, "yuv422p"),
    ("yuv444p", 8, "yuv444p"),
    ("yuv440p", 8, "yuv420p"),
    ("yuv410p", 8, "yuv420p"),
    ("yuv411p", 8, "yuv420p"),
    ("yuva420p", 8, "yuv420p"),
    ("nv12", 8, "yuv420p"),
    ("nv21", 8, "yuv420p"),
    ("nv16", 8, "yuv422p"),
    ("gray", 8, "yuv420p"),
    ("gray10le", 10, "yuv420p10le"),
    ("gray12le", 12, "yuv420p12le"),
    ("gray16le", 16, "yuv420p12le"),
    ("yuv420p9le", 9, "yuv420p10le"),
    ("yuv420p10le", 10, "yuv420p10le"),
    ("yuv422p10le", 10, "yuv422p10le"),
    ("yuv444p12le", 12, "yuv444p12le"),
    ("yuv420p14le", 14, "yuv420p12le"),
    ("yuv422p16le", 16, "yuv422p12le"),
    ("p010le", 10, "yuv420p10le"),
    ("p210le", 10, "yuv422p10le"),
]


def read(frame: av.VideoFrame, matrix: int = BT709) -> Planes:
    layout = layout_of(frame.format.name)
    return planes_of(converted(frame, layout, frame.width, frame.height, matrix), layout)


@pytest.mark.parametrize(("pixel_format", "depth", "outgoing"), WITH_LUMA)
@pytest.mark.parametrize("size", [SIZE, (33, 17)])
def test_luma_is_what_was_in_the_frame(
    pixel_format: str, depth: int, outgoing: str, size: tuple[int, int]
) -> None:
    luma = panned(1, size, depth)[0]
    layout = layout_of(pixel_format)
    planes = read(frame_of(luma, pixel_format))
    expected = luma << {9: 1, 14: 2}.get(depth, 0)
    np.testing.assert_array_equal(planes.luma, expected)
    assert planes.luma.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert CODECS["h265"].pixel_format(layout.subsampling, layout.depth) == outgoing
    if layout.subsampling is None:
        assert planes.cb is None
        assert planes.cr is None
    else:
        assert planes.cb is not None
        assert planes.cr is not None
        across, down = layout.subsampling
        assert planes.cb.shape == planes.cr.shape == (-(-size[1] // down), -(-size[0] // across))
        assert (planes.cb == 1 << (layout.depth - 1)).all()


@pytest.mark.parametrize("pixel_format", ["yuv420p", "nv12", "gray10le", "yuv444p"])
def test_luma_is_a_view_that_outlives_its_frame_and_is_never_written(pixel_format: str) -> None:
    depth = layout_of(pixel_format).depth
    luma = panned(1, SIZE, depth)[0]
    frame = frame_of(luma, pixel_format)
    address = frame.planes[0].buffer_ptr
    seen = read(frame).luma
    assert seen.ctypes.data == address
    del frame
    np.testing.assert_array_equal(seen, luma)
    with pytest.raises(ValueError, match="read-only"):
        seen[0, 0] = 1


def test_chroma_of_interleaved_formats_is_told_apart() -> None:
    for pixel_format, first in (("nv12", "cb"), ("nv21", "cr")):
        frame = frame_of(panned(1, SIZE)[0], pixel_format)
        memory = np.frombuffer(memoryview(frame.planes[1]), np.uint8)
        memory[0::2], memory[1::2] = 10, 200
        planes = read(frame)
        assert planes.cb is not None
        assert planes.cr is not None
        assert (planes.cb == (10 if first == "cb" else 200)).all()
        assert (planes.cr == (200 if first == "cb" else 10)).all()


def test_packed_formats_keep_their_codes() -> None:
    frame = av.VideoFrame(*SIZE, "yuyv422")
    luma = panned(1, SIZE)[0]
    rows = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(SIZE[1], -1)
    rows[:, 0 : 2 * SIZE[0] : 2] = luma
    rows[:, 1 : 2 * SIZE[0] : 2] = 128
    planes = read(frame)
    np.testing.assert_array_equal(planes.luma, luma)
    assert layout_of("yuyv422").pixel_format == "yuv422p"


@pytest.mark.parametrize(
    ("pixel_format", "depth"), [("rgb24", 8), ("bgra", 8), ("gbrp", 8), ("gbrp10le", 10)]
)
@pytest.mark.parametrize("matrix", [BT601, BT709])
def test_grey_rgb_becomes_limited_luma(pixel_format: str, depth: int, matrix: int) -> None:
    grey = panned(1, SIZE, depth)[0]
    planes = read(frame_of(grey, pixel_format), matrix)
    scale = 1 << (depth - 8)
    expected = 16 * scale + grey.astype(float) * 219 * scale / ((1 << depth) - 1)
    assert np.abs(planes.luma - expected).max() <= 1.5 * max(scale / 2, 1)
    assert planes.cb is not None
    assert (np.abs(planes.cb.astype(int) - 128 * scale) <= scale).all()


def test_a_frame_is_turned_the_same_each_time() -> None:
    frame = frame_of(panned(1, SIZE, 10)[0], "gbrp10le")
    first = read(frame).luma.copy()
    assert all((read(frame).luma == first).all() for _ in range(300))


def test_two_tones_are_black_and_white_of_full_range() -> None:
    frame = av.VideoFrame(64, 8, "monob")
    np.frombuffer(memoryview(frame.planes[0]), np.uint8)[:] = 0b11110000
    luma = read(frame).luma
    assert (luma[:, :8] == [255, 255, 255, 255, 0, 0, 0, 0]).all()


def test_a_frame_of_another_size_or_format_is_brought_to_the_films() -> None:
    layout = layout_of("yuv420p")
    for other in (frame_of(panned(1, (128, 96))[0], "yuv420p"), frame_of(panned(1, SIZE)[0], "yuv422p")):
        planes = planes_of(converted(other, layout, *SIZE, BT601), layout)
        assert planes.luma.shape == SIZE[::-1]


@pytest.mark.parametrize(("before", "after"), [(8, 10), (8, 16), (10, 12), (12, 10), (16, 12), (16, 10)])
@pytest.mark.parametrize("full", [False, True])
def test_codes_of_another_depth_are_the_same_values(before: int, after: int, full: bool) -> None:  # noqa: FBT001
    codes = np.arange(1 << before).astype(np.uint8 if before == 8 else np.uint16)
    turned = at_depth(codes, before, after, full_luma=full)
    assert turned.dtype == np.uint16
    tops = ((1 << before) - 1, (1 << after) - 1) if full else (1 << before, 1 << after)
    exact = np.minimum(codes * (tops[1] / tops[0]), (1 << after) - 1)
    assert np.abs(turned - exact).max() <= (0.5 if full or after < before else 0)
    neutral = at_depth(codes[1 << (before - 1) :][:1], before, after)
    assert neutral[0] == 1 << (after - 1)


def test_a_depth_that_stays_costs_nothing() -> None:
    luma = panned(1, SIZE)[0]
    assert at_depth(luma, 8, 8) is luma
