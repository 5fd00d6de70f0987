"""Films whose frames are woven of two moments, marked as interlaced or not, frame by frame."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from films import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def make_interlaced(
    path: Path,
    marked: Sequence[bool],
    *,
    size: tuple[int, int] = (160, 120),
    first: str = "tff",
    codec: str = "ffv1",
    keyint: int = 250,
) -> None:
    """Write a film to ``path`` of a bright bar that moves over a still picture, losslessly.

    ``first``: the earlier field, tff or bff. FFV1 marks frame by frame, H.264 (libx264) all of them.
    """
    width, height = size
    random = np.random.default_rng(1)
    scene = np.kron(random.integers(40, 120, (height // 8 + 1, width // 8 + 1)), np.ones((8, 8), np.int64))
    with av.open(str(path), "w") as out:
        options = {"x264-params": f"{first}=1:keyint={keyint}", "qp": "0"} if codec == "libx264" else {}
        stream = out.add_stream(codec, 25, options=options)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        for n, interlaced in enumerate(marked):
            luma = scene[:height, :width].astype(np.uint8)
            for moment in (0, 1):
                field = moment if first == "tff" else 1 - moment
                x = (6 * n + 3 * moment * interlaced) % (width - 24)
                luma[field::2, x : x + 24] = 220
            frame = _marked(frame_of(luma, "yuv420p"), n, first if interlaced else "prog")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _marked(frame: av.VideoFrame, pts: int, mode: str) -> av.VideoFrame:
    frame.pts, frame.time_base = pts, Fraction(1, 25)
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    setfield = graph.add("setfield", f"mode={mode}")
    source.link_to(setfield)
    setfield.link_to(graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    made = graph.pull()
    assert isinstance(made, av.VideoFrame)
    return made
