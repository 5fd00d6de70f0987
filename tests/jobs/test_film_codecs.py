"""``tintcast film --codec``: each codec as a user asks for it, what is refused, and runs that go on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import av
import pytest
from bars import colour_bars, encoded, pixel_format_of, write_film
from films import make_film
from said import complaints

from device.config import Config
from device.engine import Stop
from device.errors import Interrupted
from device.frames import ColourSpace, Matrix
from device.jobs.film import Progress, colorize_film
from device.media.codecs import CODECS
from device.media.probe import probe
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "device.cli", "film", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(video=0) if packet.size]


@pytest.mark.parametrize(
    ("codec", "name"), [("h265", "in.mov"), ("av1", "in.mp4"), ("ffv1", "in.mkv"), ("prores", "in.mov")]
)
def test_into_a_folder_a_film_gets_a_suffix_that_holds_the_codec(
    tmp_path: Path, codec: str, name: str
) -> None:
    source, out = tmp_path / "in.mov", tmp_path / "out"
    make_film(source, size=(96, 64), codec="libx264", count=20, sound="aac")
    out.mkdir()
    done = run(source, out, "--codec", codec)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{out / name}: 20 frames")
    assert {path.name for path in out.iterdir()} == {name, f".{name}.shots"}
    with av.open(str(out / name)) as film:
        assert film.streams.video[0].codec_context.codec.canonical_name in {codec, "hevc"}
        assert len(film.streams.audio) == 1


@pytest.mark.parametrize(
    ("codec", "name", "said"),
    [
        ("av1", "out.mov", "a .mov can't hold AV1 (use one of .mp4, .m4v, .mkv, or another codec)"),
        ("ffv1", "out.mp4", "a .mp4 can't hold FFV1 (use one of .mkv, or another codec)"),
        ("vp9", "out.mkv", "film.codec = 'vp9' is not allowed: input should be 'h264', 'h265', 'av1',"),
        (
            "prores",
            "out.mov",
            "its luma is of full range, which ProRes has no word for (use one of the codecs",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, codec: str, name: str, said: str) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / name
    make_film(source, size=(96, 64), count=5, tags=(2, 1, 1, 1))
    done = run(source, out, "--codec", codec)
    assert done.returncode == 2
    (line,) = complaints(done.stderr).splitlines()
    assert said in line
    assert [path.name for path in tmp_path.iterdir()] == ["in.mkv"]


@pytest.mark.parametrize("option", [("--codec", "ffv1"), ("--crf", 18)])
def test_pictures_have_no_codec(tmp_path: Path, option: tuple[str, object]) -> None:
    done = run(tmp_path, tmp_path / "out", *option)
    assert done.returncode == 2
    assert "is a folder of pictures, which stay pictures (a film is made of them by --fps" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("codec", ["h265", "av1"])
def test_a_film_that_was_interrupted_is_the_same_byte_for_byte(tmp_path: Path, codec: str) -> None:
    source = tmp_path / "in.mkv"
    make_film(source, size=(160, 96), count=150, scenes=5)
    whole, broken = tmp_path / "whole.mp4", tmp_path / "broken.mp4"
    config = Config.model_validate({"film": {"segment_frames": 10, "codec": codec}})
    colorize_film(source, whole, config)
    stop = Stop()

    def interrupt(_: Progress) -> None:
        if list(tmp_path.glob(".broken.mp4.tintcast/0*.json")):
            stop.request()

    with pytest.raises(Interrupted):
        colorize_film(source, broken, config, progress=interrupt, stop=stop)
    assert not broken.exists()
    assert colorize_film(source, broken, config).resumed > 0
    assert packets(broken) == packets(whole)
    assert broken.read_bytes() == whole.read_bytes()


def test_a_deep_film_keeps_its_bits_and_its_colour_where_the_codec_has_them(tmp_path: Path) -> None:
    source = tmp_path / "in.mkv"
    space = ColourSpace(Matrix.BT709)
    planes = encoded(colour_bars(), space, 12, "422")
    write_film(source, planes, pixel_format_of("422", 12), (1, 1, 1, 1), count=20)
    for codec, depth in (("h264", 10), ("h265", 12), ("ffv1", 12)):
        out = tmp_path / f"{codec}.mkv"
        done = run(source, out, "--codec", codec, "--crf", 0, "--colour", "never")
        assert done.returncode == 0, done.stderr
        assert probe(out).layout.depth == depth
        note = "its 12 bits were rounded to 10, the most that h264 has (more: h265, ffv1)"
        assert (note in done.stderr + done.stdout) == (codec == "h264")
        with FilmSource(out) as film:
            frame = next(film.frames())
        if depth == 12:
            for plane, own in zip((frame.luma, frame.cb, frame.cr), planes, strict=True):
                assert (plane == own).all()


def test_every_codec_is_in_the_help() -> None:
    shown = run("--help").stdout
    assert all(name in shown for name in CODECS)
