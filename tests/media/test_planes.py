"""Luma and chroma out of frames of every pixel format."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from films import frame_of, panned

from device.media.planes import BT601, BT709, converted, layout_of, planes_of

if TYPE_CHECKING:
    from device.media.planes import Planes

SIZE = (66, 50)
#: Formats with a plane of luma, its depth there, and what goes out.
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
    ("gray12le", 12, "yuv420p10le"),
    ("gray16le", 16, "yuv420p10le"),
    ("yuv420p9le", 9, "yuv420p10le"),
    ("yuv420p10le", 10, "yuv420p10le"),
    ("yuv422p10le", 10, "yuv422p10le"),
    ("yuv444p12le", 12, "yuv444p10le"),
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
    expected = luma << 1 if depth == 9 else luma >> max(depth - 10, 0)
    np.testing.assert_array_equal(planes.luma, expected)
    assert planes.luma.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert layout.outgoing == outgoing
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
    assert layout_of("yuyv422").outgoing == "yuv422p"


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
