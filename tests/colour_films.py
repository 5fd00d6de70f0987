"""Small films of grey and coloured shots, made by the tests, and their planes read back."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from films import panned

from device.media.planes import layout_of, planes_of
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Plane = NDArray[Any]
    Planes = tuple[Plane, Plane, Plane]

#: A shot: so many frames of a kind: grey, sepia, colour, black, headlights (through a grey one), or turning
#: (from grey to colour).
Shot = tuple[int, str]


def make_colour_film(
    path: Path,
    shots: Sequence[Shot],
    *,
    size: tuple[int, int] = (96, 64),
    pixel_format: str = "yuv420p",
    codec: str = "ffv1",
    rate: int = 25,
) -> None:
    """Write shots of different scenes, without loss; black ones belong to what follows them."""
    with av.open(str(path), "w") as out:
        options = {"qp": "0"} if codec == "libx264" else {}
        stream = out.add_stream(codec, rate, options=options)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = *size, pixel_format
        context.time_base = Fraction(1, rate)
        for number, planes in enumerate(_planes(shots, size, pixel_format)):
            frame = av.VideoFrame(*size, pixel_format)
            for memory, plane in zip(frame.planes, planes, strict=True):
                rows = np.frombuffer(memoryview(memory), plane.dtype).reshape(memory.height, -1)
                rows[:, : plane.shape[1]] = plane
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _planes(shots: Sequence[Shot], size: tuple[int, int], pixel_format: str) -> Iterator[Planes]:
    form = av.VideoFormat(pixel_format, *size)
    depth = form.components[0].bits
    small = form.components[1].width, form.components[1].height
    kind_of = np.uint8 if depth == 8 else np.uint16
    neutral = np.full(small[::-1], 1 << (depth - 1), kind_of)
    for seed, (count, kind) in enumerate(shots, 1):
        lumas = panned(count, size, depth, seed=seed)
        hues = zip(
            panned(count, small, depth, seed + 100), panned(count, small, depth, seed + 200), strict=True
        )
        for number, (luma, (cb, cr)) in enumerate(zip(lumas, hues, strict=True)):
            if kind == "colour":
                yield luma, cb, cr
            elif kind == "black":
                yield np.full_like(luma, 16 << (depth - 8)), neutral, neutral
            elif kind == "sepia":
                yield luma, neutral - (15 << (depth - 8)), neutral + (12 << (depth - 8))
            elif kind == "turning":
                yield (luma, cb, cr) if number > 15 else (luma, neutral, neutral)
            elif kind == "headlights":
                yield luma, *_with_lights(neutral, number, depth)
            else:
                yield luma, neutral, neutral


def _with_lights(neutral: Plane, number: int, depth: int) -> tuple[Plane, Plane]:
    """A blueish and a red patch, at another place in every frame, from the thirteenth on."""
    cb, cr = neutral.copy(), neutral.copy()
    if number >= 12:
        at = 2 * number % (neutral.shape[1] - 6)
        cb[8:12, at : at + 4] += np.asarray(40 << (depth - 8), neutral.dtype)
        cr[8:12, at + 4 : at + 6] += np.asarray(60 << (depth - 8), neutral.dtype)
    return cb, cr


def planes_of_jpeg(path: Path) -> Planes:
    """Luma and chroma of a JPEG as they are stored."""
    with av.open(str(path), format="mjpeg") as file:
        frame = next(file.decode(video=0))
    y, cb, cr = planes_of(frame, layout_of(frame.format.name))
    assert cb is not None
    assert cr is not None
    return y, cb, cr


def planes_of_film(path: Path) -> list[Planes]:
    """Luma and chroma of every frame, as any player decodes them."""
    with FilmSource(path) as film:
        return [
            (frame.luma.copy(), frame.cb.copy(), frame.cr.copy())
            for frame in film.frames()
            if frame.cb is not None and frame.cr is not None
        ]


def same(one: Sequence[Plane], other: Sequence[Plane]) -> bool:
    """Whether planes are equal bit for bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
