"""What goes into the encoder: luma bit for bit, any size, tags as they were, segments that fit together."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from films import panned

from device.config import FilmSettings
from device.media.encode import Encoder, Picture
from device.media.tags import ColourTags

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"]
Decoded = list[tuple[int | None, list[Any]]]


def picture(size: tuple[int, int], pixel_format: str, tags: ColourTags | None = None) -> Picture:
    return Picture(*size, pixel_format, tags or ColourTags(), Fraction(1, 600), Fraction(25))


def chroma(of: Picture, seed: int = 0) -> NDArray[Any]:
    deep = of.pixel_format.endswith("10le")
    codes = np.random.default_rng(seed).integers(0, 1024 if deep else 256, of.chroma_size)
    return codes.astype(np.uint16 if deep else np.uint8)


def encoded(of: Picture, lumas: list[NDArray[Any]], settings: FilmSettings) -> bytes:
    file = io.BytesIO()
    with Encoder(file, of, settings) as encoder:
        for n, luma in enumerate(lumas):
            encoder.write(luma, chroma(of, n), chroma(of, n + 100), 20 * n + n % 3)
    return file.getvalue()


def decoded(data: bytes) -> tuple[av.VideoStream, Decoded]:
    """Stamp and planes of every frame, as PyAV itself lays them out."""
    container = av.open(io.BytesIO(data))
    frames: Decoded = []
    for frame in container.decode(video=0):
        kind = np.uint16 if frame.format.name.endswith("le") else np.uint8
        rows = [
            np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)[:, : plane.width].copy()
            for plane in frame.planes
        ]
        frames.append((frame.pts, rows))
    return container.streams.video[0], frames


@pytest.mark.parametrize("pixel_format", FORMATS)
@pytest.mark.parametrize("size", [(64, 48), (101, 75), (34, 17)])
def test_lossless_gives_back_every_plane(pixel_format: str, size: tuple[int, int]) -> None:
    of = picture(size, pixel_format)
    lumas = panned(6, size, 10 if pixel_format.endswith("10le") else 8)
    _, frames = decoded(encoded(of, lumas, FilmSettings(crf=0)))
    assert len(frames) == len(lumas)
    for n, (luma, (_, planes)) in enumerate(zip(lumas, frames, strict=True)):
        np.testing.assert_array_equal(planes[0][: size[1], : size[0]], luma)
        np.testing.assert_array_equal(planes[1], chroma(of, n))
        np.testing.assert_array_equal(planes[2], chroma(of, n + 100))


def test_padding_repeats_the_edge() -> None:
    lumas = panned(2, (33, 17))
    _, frames = decoded(encoded(picture((33, 17), "yuv420p"), lumas, FilmSettings(crf=0)))
    for luma, (_, planes) in zip(lumas, frames, strict=True):
        np.testing.assert_array_equal(planes[0], np.pad(luma, ((0, 1), (0, 1)), mode="edge"))


@pytest.mark.parametrize(
    "tags", [ColourTags(), ColourTags(2, 1, 1, 1), ColourTags(1, 5, 6, 5), ColourTags(1, 9, 14, 9)]
)
def test_tags_are_those_of_the_source(tags: ColourTags) -> None:
    stream, _ = decoded(encoded(picture((64, 48), "yuv420p", tags), panned(2, (64, 48)), FilmSettings()))
    context = stream.codec_context
    assert (context.color_range, context.color_primaries, context.color_trc, context.colorspace) == tags


def test_segments_share_their_parameter_sets_and_have_no_b_frames() -> None:
    of = picture((64, 48), "yuv420p")
    made = []
    for seed in (1, 2):
        data = encoded(of, panned(70, (64, 48), seed=seed), FilmSettings(encoder_threads=2))
        with av.open(io.BytesIO(data)) as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            made.append(stream.codec_context.extradata)
        assert packets[0].is_keyframe
        assert [packet.pts for packet in packets] == sorted(packet.pts or 0 for packet in packets)
        assert len(packets) == 70
    assert made[0] == made[1]


def test_the_same_frames_make_the_same_segment() -> None:
    of, lumas = picture((128, 96), "yuv420p"), panned(30, (128, 96))
    made = set()
    for n in range(20):
        kept = [bytearray(997 * n) for _ in range(n)]  # other addresses each time
        data = encoded(of, lumas, FilmSettings(encoder_threads=2))
        with av.open(io.BytesIO(data)) as container:
            made.add(b"".join(bytes(packet) for packet in container.demux(video=0)))
        del kept
    assert len(made) == 1


def test_chroma_of_another_size_is_a_mistake_of_ours() -> None:
    wrong = np.zeros((48, 64), np.uint8)
    with Encoder(io.BytesIO(), picture((64, 48), "yuv420p"), FilmSettings()) as encoder:
        with pytest.raises(ValueError, match="chroma is"):
            encoder.write(panned(1, (64, 48))[0], wrong, wrong, 0)
        encoder.write(panned(1, (64, 48))[0], *2 * [wrong[::2, ::2]], 0)


def test_a_full_disk_is_an_os_error_at_once() -> None:
    of = picture((640, 480), "yuv420p")
    grain = np.random.default_rng(1).integers(0, 256, (480, 640)).astype(np.uint8)

    def fill() -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:
            encoder = Encoder(full, of, FilmSettings(crf=0, preset="ultrafast"))
            for n in range(40):
                encoder.write(grain, chroma(of), chroma(of), n)

    with pytest.raises(OSError, match="No space left"):
        fill()
