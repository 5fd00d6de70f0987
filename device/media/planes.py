"""Luma and chroma of decoded frames as arrays, whatever the pixel format: views where that can be.

Frames of 8, 10, 12 and 16 bits stay as deep as they are; what lies between becomes the next of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import av
import numpy as np

from device.media.pyav import ALONE

if TYPE_CHECKING:
    from device.frames import Luma

#: ITU-R BT.601 and BT.709 in the numbers of ISO/IEC 23091-2, as FFmpeg uses them; range: 1 limited, 2 full.
BT709, BT601 = 1, 6
LIMITED, FULL = 1, 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where luma and chroma lie in frames of one pixel format.

    ``subsampling``: luma samples for each chroma sample, across and down; None where there is no chroma.
    ``shift``: how far codes are shifted right to end in ``depth`` bits (negative: left). ``made``: frames
    come as RGB or two tones and are turned into this; their range is then ours: limited, or full without
    chroma.
    """

    pixel_format: str
    depth: int
    shift: int = 0
    subsampling: tuple[int, int] | None = None
    made: bool = False


class Planes(NamedTuple):
    """Luma and, where the format has them, both chroma planes; read-only, uint8 or uint16."""

    luma: Luma
    cb: Luma | None
    cr: Luma | None


def layout_of(pixel_format: str) -> Layout:
    """How to read frames of ``pixel_format``, turned into another first where it has no plane of luma."""
    form = av.VideoFormat(pixel_format, 8, 8)
    first = form.components[0]
    separate = all(part.plane > 0 for part in form.components[1:])
    if form.is_bit_stream:
        return replace(layout_of("gray"), made=True)
    if form.is_rgb or form.has_palette or first.bits > 16 or not first.is_luma or form.name.startswith("xyz"):
        return replace(layout_of(f"yuv420p{_ending(min(first.bits, 16))}"), made=True)
    chroma = form.components[1:3] if len(form.components) >= 3 else ()
    subsampling = (8 // chroma[0].width, 8 // chroma[0].height) if chroma else None
    if not separate:
        return layout_of(_planar(subsampling, first.bits))
    depth = _depth(first.bits)
    high_bits = pixel_format[:2] in {"p0", "p2", "p4"}
    shift = 16 - depth if high_bits else first.bits - depth
    return Layout(pixel_format, depth, shift, subsampling)


def _planar(subsampling: tuple[int, int] | None, bits: int) -> str:
    """The planar format for packed luma and chroma."""
    if subsampling is None:
        return f"gray{_ending(bits)}"
    return {(2, 1): "yuv422p", (1, 1): "yuv444p"}.get(subsampling, "yuv420p") + _ending(bits)


def _depth(bits: int) -> int:
    return next(depth for depth in (8, 10, 12, 16) if bits <= depth)


def _ending(bits: int) -> str:
    depth = _depth(bits)
    return "" if depth == 8 else f"{depth}le"


def converted(frame: av.VideoFrame, layout: Layout, width: int, height: int, matrix: int) -> av.VideoFrame:
    """``frame`` itself, or turned into ``layout`` and size where it came otherwise.

    RGB becomes YCbCr in ``matrix``; other YCbCr keeps its codes.
    """
    if (frame.format.name, frame.width, frame.height) == (layout.pixel_format, width, height):
        return frame
    if layout.made:
        kept = LIMITED if layout.subsampling else FULL
        return frame.reformat(
            width, height, layout.pixel_format, dst_colorspace=matrix, dst_color_range=kept, **ALONE
        )
    kept = FULL if frame.color_range == FULL or frame.format.name.startswith("yuvj") else LIMITED
    return frame.reformat(
        width, height, layout.pixel_format, src_color_range=kept, dst_color_range=kept, **ALONE
    )


def planes_of(frame: av.VideoFrame, layout: Layout) -> Planes:
    """The planes of a frame in ``layout``: views of its memory, which they keep, where nothing is shifted."""
    luma = _plane(frame, 0, frame.width, frame.height, layout)
    if layout.subsampling is None:
        return Planes(luma, None, None)
    across, down = layout.subsampling
    width, height = -(-frame.width // across), -(-frame.height // down)
    if len(frame.planes) == 2:
        both = _plane(frame, 1, 2 * width, height, layout)
        cb, cr = both[:, 0::2], both[:, 1::2]
        return Planes(luma, cr, cb) if layout.pixel_format in {"nv21", "nv42"} else Planes(luma, cb, cr)
    return Planes(luma, _plane(frame, 1, width, height, layout), _plane(frame, 2, width, height, layout))


def at_depth(plane: Luma, before: int, after: int, *, full_luma: bool = False) -> Luma:
    """Codes of ``before`` bits in ``after`` bits, uint16 where these are more than 8; rounded.

    A bit counts for a bit, so that neutral chroma stays neutral and limited range limited; luma of full range
    (``full_luma``) goes from 0 to the top in both.
    """
    if before == after:
        return plane
    top, new_top = (1 << before) - 1, (1 << after) - 1
    wide = plane.astype(np.uint32)
    if full_luma:
        wide = (wide * new_top + top // 2) // top
    elif after > before:
        wide <<= after - before
    else:
        wide = np.minimum((wide + (1 << (before - after - 1))) >> (before - after), new_top)
    return wide.astype(np.uint8) if after == 8 else wide.astype(np.uint16)


def plane_memory(plane: av.video.plane.VideoPlane, kind: np.dtype[np.uint8] | np.dtype[np.uint16]) -> Luma:
    """All of a plane's memory as (rows, row length) codes, the padding at the end of each row included."""
    memory: Any = np.frombuffer(memoryview(plane), kind)
    rows: Luma = memory.reshape(-1, abs(plane.line_size) // kind.itemsize)
    return rows if plane.line_size > 0 else rows[::-1]


def _plane(frame: av.VideoFrame, index: int, width: int, height: int, layout: Layout) -> Luma:
    order = ">u2" if layout.pixel_format.endswith("be") else "<u2"
    kind = np.dtype(np.uint8) if layout.depth == 8 else np.dtype(order)
    codes = plane_memory(frame.planes[index], kind)[:height, :width]
    if layout.shift > 0:
        codes = np.right_shift(codes, layout.shift)
    elif layout.shift < 0:
        codes = np.left_shift(codes, -layout.shift)
    if not codes.dtype.isnative:
        codes = codes.astype(np.uint16)
    codes.flags.writeable = False
    return codes
