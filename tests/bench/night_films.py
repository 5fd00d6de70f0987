"""Films for the night's benchmark: grey, textured, moving and grainy, as old material is."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from tests.bench.pictures import STILLS, cover, photographs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Luma = NDArray[np.uint8]

RATE = 25
#: Frames of a shot.
_SHOT = 80
#: Of the grain, in codes of 8 bits.
_GRAIN = 3.0
#: So much larger than the frame is what it moves over.
_BEYOND = 1.35


def make_film(path: Path, size: tuple[int, int], seconds: float) -> None:
    """Write a grey film of ``size`` (width, height): x264 veryfast, constant quality 20, no B frames."""
    options = {"preset": "veryfast", "crf": "20", "bf": "0"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options=options)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = *size, "yuv420p"
        context.time_base = stream.time_base = Fraction(1, RATE)
        frame = av.VideoFrame(*size, "yuv420p")
        planes = [np.frombuffer(memoryview(plane), np.uint8) for plane in frame.planes]
        rows = [plane.reshape(-1, each.line_size) for plane, each in zip(planes, frame.planes, strict=True)]
        rows[1][:] = rows[2][:] = 128
        for index, luma in enumerate(_shots(size, round(seconds * RATE))):
            rows[0][:, : size[0]] = luma
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _shots(size: tuple[int, int], count: int) -> Iterator[Luma]:
    """Slow pans and zooms with a hand's unrest over the project's stills, 16..235, with grain on them."""
    width, height = size
    random = np.random.default_rng(1)
    beyond = round(width * _BEYOND), round(height * _BEYOND)
    scenes = [_scene(picture, beyond) for picture in photographs(STILLS, 8)]
    grain = cv2.GaussianBlur(random.normal(0, 2.2 * _GRAIN, (2 * height, 2 * width)), (0, 0), 0.7)
    grain = grain.astype(np.int8)
    unrest = np.zeros(2)
    for index in range(count):
        shot, at = divmod(index, _SHOT)
        share = at / _SHOT
        unrest = 0.9 * unrest + random.normal(0, 0.4, 2)
        zoom = 1 + (0.12 * share if shot % 2 else 0.12 * (1 - share))
        middle = (np.array(beyond) - np.array(size) / zoom) * ((share, 0.5) if shot % 3 else (0.5, share))
        x, y = np.clip(middle, 8, np.array(beyond) - np.array(size) / zoom - 8) + unrest
        move = np.array([[1 / zoom, 0, x], [0, 1 / zoom, y]])
        seen = cv2.warpAffine(
            scenes[shot % len(scenes)], move, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        )
        down, across = random.integers(0, height), random.integers(0, width)
        noise = grain[down : down + height, across : across + width]
        yield np.asarray(cv2.add(seen, noise, dtype=cv2.CV_8U), np.uint8)


def _scene(picture: NDArray[np.uint8], size: tuple[int, int]) -> Luma:
    """A still as a grey scene of ``size``, its enlargement's softness taken back."""
    luma = cv2.cvtColor(cover(picture, *size), cv2.COLOR_RGB2GRAY).astype(np.float32)
    sharp = luma + 0.8 * (luma - cv2.GaussianBlur(luma, (0, 0), 2.0))
    return np.clip(16 + sharp * (219 / 255), 16, 235).astype(np.uint8)
