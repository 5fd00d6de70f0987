"""Every kind of film goes in; what comes out has its frames, and its sound byte for byte at its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from films import make_film, sound_packets
from interlaced import make_interlaced

from device.config import Config
from device.engine import Gate, Stop
from device.jobs.film import FilmResult, FilmTask, out_file
from device.jobs.film_child import colorize
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = {"film": {"preset": "ultrafast", "crf": 0, "keep_shots": False}, "colour": {"when": "always"}}
PIXELS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le", "libx265": "yuv420p10le"}


def made(source: Path, out: Path, **film: object) -> tuple[FilmResult, Path]:
    config = Config.model_validate({**SETTINGS, "film": {**SETTINGS["film"], **film}})
    target, stop = out_file(source, out, config.film), Stop()
    return colorize(FilmTask(source, target, config), lambda _: None, stop, gate=Gate(stop)), target


def begins(path: Path) -> tuple[float, float]:
    """Seconds at which the picture begins, and how much later the sound does."""
    first: dict[str, float] = {}
    with av.open(str(path)) as film:
        for packet in film.demux():
            if packet.size and packet.pts is not None and packet.time_base is not None:
                at = float(packet.pts * packet.time_base)
                first[packet.stream.type] = min(at, first.get(packet.stream.type, at))
    return first["video"], first["audio"] - first["video"]


@pytest.mark.parametrize(
    ("name", "codec", "sound", "suffix"),
    [
        ("in.mp4", "libx264", "aac", ".mp4"),
        ("in.mov", "prores_ks", "pcm_s24le", ".mov"),
        ("in.mkv", "libx264", "flac", ".mkv"),
        ("in.mkv", "libx265", "libopus", ".mkv"),
        ("in.webm", "libvpx-vp9", "libopus", ".mkv"),
        ("in.avi", "mpeg4", "libmp3lame", ".mp4"),
        ("in.avi", "mjpeg", "pcm_s16le", ".mp4"),
        ("in.mpg", "mpeg2video", "mp2", ".mp4"),
        ("in.ts", "libx264", "mp2", ".mkv"),
        ("in.flv", "flv", "libmp3lame", ".mkv"),
        ("in.nut", "ffv1", "ac3", ".mkv"),
    ],
)
def test_a_film_of_any_kind_keeps_its_frames_and_its_sound(
    tmp_path: Path, name: str, codec: str, sound: str, suffix: str
) -> None:
    source = tmp_path / name
    (tmp_path / "out").mkdir()
    rate = 44100 if name.endswith(".flv") else 48000
    make_film(
        source,
        codec=codec,
        count=20,
        sound=sound,
        sound_rate=rate,
        pixel_format=PIXELS.get(codec, "yuv420p"),
        options={},
    )
    result, out = made(source, tmp_path / "out")
    assert out.suffix == suffix
    assert (result.frames, result.notes) == (20, ())
    assert [b"".join(track) for track in sound_packets(out)] == [
        b"".join(track) for track in sound_packets(source)
    ]
    with FilmSource(source) as before, FilmSource(out) as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            np.testing.assert_array_equal(one.luma, other.luma)
    assert begins(out)[1] == pytest.approx(begins(source)[1], abs=0.002)


def test_sound_that_cant_be_copied_is_encoded_again_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make_film(tmp_path / "in.wmv", codec="wmv2", count=20, sound="wmav2", options={})
    result, out = made(tmp_path / "in.wmv", tmp_path / "out")
    assert result.notes == ("sound in wmav2 can't be copied into matroska: it was encoded again, as AAC",)
    with av.open(str(out)) as film:
        assert film.streams.audio[0].codec_context.name == "aac"


def test_what_is_interlaced_comes_out_whole_and_that_is_said(tmp_path: Path) -> None:
    make_interlaced(tmp_path / "in.mkv", [True] * 20)
    (tmp_path / "out").mkdir()
    result, out = made(tmp_path / "in.mkv", tmp_path / "out")
    assert result.notes == ("it is interlaced: 20 of its frames were made whole pictures (bwdif)",)
    with FilmSource(tmp_path / "in.mkv") as before, FilmSource(out) as after:
        assert not after.facts.interlaced
        for one, other in zip(before.frames(), after.frames(), strict=True):
            np.testing.assert_array_equal(one.luma, other.luma)


def test_what_is_interlaced_may_stay_so(tmp_path: Path) -> None:
    make_interlaced(tmp_path / "in.mkv", [True] * 8)
    (tmp_path / "out").mkdir()
    result, out = made(tmp_path / "in.mkv", tmp_path / "out", deinterlace="never")
    assert result.notes == (
        "it is interlaced: its fields were coloured as they lie, woven into whole frames",
    )
    with FilmSource(tmp_path / "in.mkv", deinterlace=False) as before, FilmSource(out) as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            np.testing.assert_array_equal(one.luma, other.luma)


@pytest.mark.parametrize(
    ("codec", "depth", "pixel_format"),
    [
        ("ffv1", 10, "yuv420p10le"),
        ("prores", 0, "yuv422p10le"),
        ("h264", 10, "yuv420p10le"),
        ("h265", 12, "yuv420p12le"),
    ],
)
def test_a_deeper_master_of_an_8_bit_film_has_finer_colour(
    tmp_path: Path, codec: str, depth: int, pixel_format: str
) -> None:
    make_film(tmp_path / "in.mkv", codec="ffv1", count=6, size=(320, 240))
    (tmp_path / "out").mkdir()
    _, out = made(tmp_path / "in.mkv", tmp_path / "out", codec=codec, depth=depth)
    with FilmSource(tmp_path / "in.mkv") as before, FilmSource(out) as after:
        assert after.facts.layout.pixel_format == pixel_format
        bits = after.facts.layout.depth - 8
        for one, other in zip(before.frames(), after.frames(), strict=True):
            assert other.cb is not None
            if codec != "prores":  # which is not lossless
                np.testing.assert_array_equal(one.luma.astype(np.uint16) << bits, other.luma)
                assert (other.cb & ((1 << bits) - 1)).any()


def test_fewer_bits_are_said(tmp_path: Path) -> None:
    make_film(tmp_path / "in.mkv", codec="ffv1", count=4, pixel_format="yuv420p10le")
    (tmp_path / "out").mkdir()
    result, out = made(tmp_path / "in.mkv", tmp_path / "out", depth=8)
    assert result.notes == ("its 10 bits were rounded to 8, as asked for",)
    with FilmSource(out) as film:
        assert film.facts.layout.depth == 8
