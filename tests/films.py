"""Small films made by the tests: whatever pixel format, stamps, tags and tracks a test wants, losslessly."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Planes = list[NDArray[Any]]


def panned(count: int, size: tuple[int, int], depth: int = 8, seed: int = 1) -> list[NDArray[Any]]:
    """Luma of ``count`` frames, (H, W) codes: a window that moves over a soft random picture with grain."""
    width, height = size
    random = np.random.default_rng(seed)
    coarse = random.integers(40, 215, ((height + count) // 8 + 2, (width + 2 * count) // 8 + 2))
    scene = np.kron(coarse, np.ones((8, 8), np.int64))
    frames = []
    for n in range(count):
        view = scene[n : n + height, 2 * n : 2 * n + width] + random.integers(-3, 4, (height, width))
        codes = view << (depth - 8)
        frames.append(codes.astype(np.uint8 if depth == 8 else np.uint16))
    return frames


def make_film(
    path: Path,
    *,
    size: tuple[int, int] = (64, 48),
    count: int = 12,
    pixel_format: str = "yuv420p",
    codec: str = "ffv1",
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    rate: int = 25,
    tags: tuple[int, int, int, int] | None = None,
    pixel_aspect: Fraction | None = None,
    rotation: int | None = None,
    sound: str | None = None,
    sound_rate: int = 48000,
    metadata: dict[str, str] | None = None,
    chapters: list[Any] | None = None,
    scenes: int = 1,
    options: dict[str, str] | None = None,
) -> list[NDArray[Any]]:
    """Write a film and return its luma as it was given to the encoder (first component for RGB).

    ``tags``: range, primaries, transfer, matrix; ``rotation``: degrees counter-clockwise; ``sound``: a codec;
    ``scenes``: so many shots of equal length; ``options``: of the encoder, in place of its usual ones.
    """
    form = av.VideoFormat(pixel_format, *size)
    bits = form.components[0].bits
    each = -(-count // scenes)
    lumas = [
        luma
        for scene in range(scenes)
        for luma in panned(min(each, count - scene * each), size, max(bits, 8), seed=1 + scene)
    ]
    with av.open(str(path), "w") as out:
        usual = {"qp": "0", "bf": "2"} if codec == "libx264" else {}
        stream = out.add_stream(codec, rate, options=usual if options is None else options)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = *size, pixel_format
        context.time_base = time_base
        stream.time_base = time_base
        if tags:
            context.color_range, context.color_primaries, context.color_trc, context.colorspace = tags
        if pixel_aspect:
            context.sample_aspect_ratio = pixel_aspect
        if rotation is not None:
            stream.set_display_rotation(rotation)
        out.metadata.update(metadata or {})
        if chapters:
            out.set_chapters(chapters)
        track = _add_sound(out, sound, sound_rate)
        for n, luma in enumerate(lumas):
            frame = frame_of(luma, pixel_format)
            frame.pts, frame.time_base = (pts[n] if pts else n), time_base
            if tags:
                frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace = tags
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if track is not None:
            _sing(out, track, count / rate)
    return lumas


def _add_sound(out: av.container.OutputContainer, codec: str | None, rate: int) -> av.AudioStream | None:
    if codec is None:
        return None
    track = out.add_stream(codec, rate)
    assert isinstance(track, av.AudioStream)
    track.codec_context.layout = "mono"
    if codec == "wmav2":
        track.codec_context.bit_rate = 64_000  # without one it is refused
    track.metadata["language"] = "fra"
    return track


def _sing(out: av.container.OutputContainer, track: av.AudioStream, seconds: float) -> None:
    form = track.codec_context.format.name
    resampler = av.AudioResampler(format=form, layout="mono", rate=track.rate)
    tone = np.sin(np.arange(int(48000 * seconds)) * 2 * np.pi * 440 / 48000).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(tone[None] * 0.3, format="fltp", layout="mono")
    frame.sample_rate, frame.pts = 48000, 0
    for ready in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(track.encode(ready))
    out.mux(track.encode(None))


def frame_of(luma: NDArray[Any], pixel_format: str) -> av.VideoFrame:
    """A frame whose first component is ``luma``; everything else is in the middle."""
    size = luma.shape[1], luma.shape[0]
    frame = av.VideoFrame(*size, pixel_format)
    bits = frame.format.components[0].bits
    shift = 16 - bits if pixel_format[:2] in {"p0", "p2"} else 0
    for plane in frame.planes:
        wide = luma.dtype == np.uint16
        memory = np.frombuffer(memoryview(plane), np.uint16 if wide else np.uint8)
        memory[:] = 1 << (bits - 1 + shift)
    if frame.format.is_rgb:
        step = len(frame.format.components) if not frame.format.is_planar else 1
        for plane in frame.planes:
            memory = np.frombuffer(memoryview(plane), luma.dtype).reshape(size[1], -1)
            memory[:, : step * size[0]] = np.repeat(luma, step, axis=1)
        return frame
    memory = np.frombuffer(memoryview(frame.planes[0]), luma.dtype).reshape(size[1], -1)
    memory[:, : size[0]] = luma << shift
    return frame


def stamps(path: Path) -> list[Fraction]:
    """Seconds of every frame of a film, as any player decodes it."""
    with av.open(str(path)) as film:
        return [frame.pts * frame.time_base for frame in film.decode(video=0)]  # type: ignore[operator]


def sound_packets(path: Path) -> list[list[bytes]]:
    """The packets of every sound track."""
    with av.open(str(path)) as film:
        found: dict[int, list[bytes]] = {track.index: [] for track in film.streams.audio}
        for packet in film.demux():
            if packet.size and packet.stream.index in found:
                found[packet.stream.index].append(bytes(packet))
    return list(found.values())
