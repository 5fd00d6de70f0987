"""What goes into the encoder: luma bit for bit, any size, tags as they were, segments that fit together."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import av
import numpy as np
import pytest
from films import panned

from device.config import FilmSettings
from device.media.codecs import CODECS, depth_of
from device.media.encode import Encoder, Picture
from device.media.tags import ColourTags

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEPTHS = {
    (name, sampling): depths for name, codec in CODECS.items() for sampling, depths in codec.depths.items()
}
#: Everything that is written without loss: (codec, pixel format).
LOSSLESS = [
    (name, f"yuv{sampling}p{'' if depth == 8 else f'{depth}le'}")
    for (name, sampling), depths in DEPTHS.items()
    for depth in depths
    if name != "prores"
]
ODD = [
    ("h264", "yuv420p"),
    ("h265", "yuv420p10le"),
    ("h265", "yuv422p"),
    ("av1", "yuv420p"),
    ("ffv1", "yuv411p"),
]
Decoded = list[tuple[int | None, list[Any]]]


def picture(
    size: tuple[int, int], pixel_format: str, tags: ColourTags | None = None, codec: str = "h264"
) -> Picture:
    depth = depth_of(pixel_format)
    chosen = CODECS[codec]
    return Picture(*size, chosen, pixel_format, depth, tags or ColourTags(), Fraction(1, 600), Fraction(25))


def chroma(of: Picture, seed: int = 0) -> NDArray[Any]:
    codes = np.random.default_rng(seed).integers(0, 1 << of.depth, of.chroma_size)
    return codes.astype(np.uint8 if of.depth == 8 else np.uint16)


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


def check_lossless(codec: str, pixel_format: str, size: tuple[int, int]) -> None:
    of = picture(size, pixel_format, codec=codec)
    lumas = panned(6, size, of.depth)
    _, frames = decoded(encoded(of, lumas, FilmSettings(crf=0)))
    assert len(frames) == len(lumas)
    for n, (luma, (_, planes)) in enumerate(zip(lumas, frames, strict=True)):
        np.testing.assert_array_equal(planes[0][: size[1], : size[0]], luma)
        np.testing.assert_array_equal(planes[1], chroma(of, n))
        np.testing.assert_array_equal(planes[2], chroma(of, n + 100))


@pytest.mark.parametrize(("codec", "pixel_format"), LOSSLESS)
def test_lossless_gives_back_every_plane(codec: str, pixel_format: str) -> None:
    check_lossless(codec, pixel_format, (96, 64))


@pytest.mark.parametrize("preset", get_args(FilmSettings.model_fields["preset"].annotation))
@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_so_it_does_at_any_speed(codec: str, preset: Any) -> None:
    of, lumas = of_codec(codec, (96, 64)), panned(5, (96, 64))
    _, frames = decoded(encoded(of, lumas, FilmSettings(crf=0, preset=preset)))
    for luma, (_, planes) in zip(lumas, frames, strict=True):
        np.testing.assert_array_equal(planes[0], luma)


@pytest.mark.parametrize("size", [(101, 75), (66, 35)])
@pytest.mark.parametrize(("codec", "pixel_format"), ODD)
def test_so_it_does_at_odd_sizes(codec: str, pixel_format: str, size: tuple[int, int]) -> None:
    check_lossless(codec, pixel_format, size)


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


def of_codec(codec: str, size: tuple[int, int]) -> Picture:
    return picture(size, CODECS[codec].pixel_format((2, 2), 8), codec=codec)


@pytest.mark.parametrize("codec", CODECS)
def test_segments_share_their_parameter_sets_and_have_a_packet_for_each_frame(codec: str) -> None:
    of = of_codec(codec, (96, 64))
    made = []
    for seed in (1, 2):
        data = encoded(of, panned(70, (96, 64), of.depth, seed), FilmSettings(encoder_threads=2))
        with av.open(io.BytesIO(data)) as container:
            stream = container.streams.video[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            made.append(stream.codec_context.extradata)
        assert packets[0].is_keyframe
        stamps = [1000 * (20 * n + n % 3) / 600 for n in range(70)]
        assert [packet.pts for packet in packets] == [pytest.approx(stamp, abs=0.51) for stamp in stamps]
        assert [packet.dts for packet in packets] == [packet.pts for packet in packets]
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("codec", "times"), [("h264", 20), ("h265", 8), ("av1", 8), ("ffv1", 4), ("prores", 4)]
)
def test_the_same_frames_make_the_same_segment(codec: str, times: int) -> None:
    of = of_codec(codec, (128, 96))
    lumas = panned(30, (128, 96), of.depth)
    made = set()
    for n in range(times):
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
