"""Colour bars and grey ramps whose true colours are known, in any encoding; and FFmpeg's reading of them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

from device.frames import ColourSpace, Frame, Matrix

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Planes = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]

#: White, yellow, cyan, green, magenta, red, blue, black.
BARS = ((1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0))
BAR = 48
SAMPLINGS = {"420": (2, 2), "422": (2, 1), "444": (1, 1), "440": (1, 2), "411": (4, 1), "410": (4, 4)}
#: Matrix and range in the numbers of ISO/IEC 23091-2.
MATRICES = {Matrix.BT601: 6, Matrix.BT709: 1, Matrix.BT2020: 9}
#: How FFmpeg's own conversion is told to be exact, in its numbers: bilinear, chroma read and written at full
#: size, accurate rounding, the same on every machine.
_EXACT = 0x2 | 0x2000 | 0x4000 | 0x40000 | 0x80000


def colour_bars(rows: int = 96) -> NDArray[np.float64]:
    """R'G'B' (rows, 384, 3), 0..1: the eight bars, in the upper half at 100 %, below at 75 %."""
    line = np.repeat(np.array(BARS, float), BAR, axis=0)
    return np.stack([line] * (rows // 2) + [0.75 * line] * (rows - rows // 2))


def grey_ramp(rows: int = 96) -> NDArray[np.float64]:
    """V (rows, 512), 0..1, in steps of 16x16, so that each is a whole number of a JPEG's blocks."""
    steps = 32 * (rows // 16)
    return np.kron(np.arange(steps).reshape(-1, 32) / (steps - 1), np.ones((16, 16)))


def encoded(rgb: NDArray[np.float64], space: ColourSpace, depth: int, sampling: str = "420") -> Planes:
    """Codes of R'G'B' by the definitions of matrix and range; chroma is the first of its luma's."""
    kr, kb = space.matrix.kr, space.matrix.kb
    y = rgb @ [kr, 1 - kr - kb, kb]
    across, down = SAMPLINGS[sampling]
    cb, cr = (
        (rgb[::down, ::across, part] - y[::down, ::across]) / (2 * (1 - k)) for part, k in ((2, kb), (0, kr))
    )
    up, top = 2 ** (depth - 8), 2**depth - 1
    luma = y * top if space.full_range else y * 219 * up + 16 * up
    chroma = [c * (top if space.full_range else 224 * up) + 128 * up for c in (cb, cr)]
    kind = np.uint8 if depth == 8 else np.uint16
    luma, cb, cr = (np.clip(np.rint(plane), 0, top).astype(kind) for plane in (luma, *chroma))
    return luma, cb, cr


def frame_of_planes(planes: Planes, space: ColourSpace, depth: int) -> Frame:
    """A frame of ours with chroma of its own."""
    luma, cb, cr = planes
    return Frame(luma, space, 0, 0, Fraction(1, 25), depth=depth, cb=cb, cr=cr)


def video_frame(planes: Planes, pixel_format: str) -> av.VideoFrame:
    """A frame of FFmpeg's."""
    frame = av.VideoFrame(planes[0].shape[1], planes[0].shape[0], pixel_format)
    for memory, plane in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(memory), plane.dtype).reshape(memory.height, -1)
        rows[:, : plane.shape[1]] = plane
    return frame


def pixel_format_of(sampling: str, depth: int) -> str:
    return f"yuv{sampling}p" if depth == 8 else f"yuv{sampling}p{depth}le"


def ffmpeg_rgb(frame: av.VideoFrame, space: ColourSpace) -> NDArray[np.int64]:
    """R'G'B' (H, W, 3) by FFmpeg's own conversion of a frame that is meant as ``space``."""
    full = 2 if space.full_range else 1
    frame.color_range, frame.colorspace = full, MATRICES[space.matrix]
    turned = frame.reformat(
        format="rgb24",
        src_colorspace=MATRICES[space.matrix] if space.matrix is not Matrix.BT601 else 5,
        src_color_range=full,
        dst_color_range=2,
        interpolation=_EXACT,
        threads=1,
    )
    return turned.to_ndarray().astype(np.int64)


def inside_bars(shape: Sequence[int]) -> NDArray[np.bool_]:
    """Where neither scaled chroma nor a JPEG's 16x16 blocks reach over an edge between two bars."""
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    far = np.abs(rows - shape[0] // 2) >= 16
    return np.logical_and.outer(far, columns % BAR // 16 == 1)


def write_film(
    path: Path,
    planes: Planes,
    pixel_format: str,
    tags: tuple[int, int, int, int],
    *,
    codec: str = "ffv1",
    options: dict[str, str] | None = None,
    count: int = 6,
) -> None:
    """A film that shows ``planes`` ``count`` times, with ``tags`` (range, primaries, transfer, matrix)."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, 25, options=options or {})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = planes[0].shape[1], planes[0].shape[0], pixel_format
        context.time_base = stream.time_base = Fraction(1, 25)
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = tags
        for n in range(count):
            frame = video_frame(planes, pixel_format)
            frame.pts, frame.time_base = n, Fraction(1, 25)
            frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = tags
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
