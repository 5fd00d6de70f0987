"""Which kind of file a film becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from films import make_film

from device.config import FilmSettings
from device.errors import ConfigurationError
from device.media.codecs import HARDWARE, codec_of
from device.media.containers import suffix_for
from device.media.encode import Picture
from device.media.probe import probe

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("settings", "suffix", "expected"),
    [
        ({}, ".mov", ".mov"),
        ({}, ".MKV", ".MKV"),
        ({}, ".avi", ".mp4"),
        ({}, ".mpg", ".mp4"),
        ({}, ".wmv", ".mkv"),
        ({}, ".webm", ".mkv"),
        ({}, ".ts", ".mkv"),
        ({}, ".mxf", ".mov"),
        ({}, "", ".mp4"),
        ({"codec": "ffv1"}, ".mp4", ".mkv"),
        ({"codec": "prores"}, ".mp4", ".mov"),
        ({"codec": "prores"}, ".mkv", ".mkv"),
        ({"codec": "av1"}, ".mxf", ".mp4"),
        ({"container": "mkv"}, ".mp4", ".mkv"),
        ({"container": "mov"}, ".mkv", ".mov"),
        ({"container": "mov", "codec": "prores"}, ".mp4", ".mov"),
    ],
)
def test_the_sources_own_kind_where_it_is_written(
    settings: dict[str, Any], suffix: str, expected: str
) -> None:
    assert suffix_for(suffix, FilmSettings.model_validate(settings)) == expected


def test_a_kind_of_file_that_cant_hold_the_codec_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"film\.container = mp4 can't hold FFV1 \(use one of \.mkv"):
        suffix_for(".avi", FilmSettings(codec="ffv1", container="mp4"))


def test_the_boards_encoder_has_one_codec() -> None:
    assert codec_of(FilmSettings(encoder="v4l2m2m")) is HARDWARE["h264"]
    with pytest.raises(ConfigurationError, match="encodes h264 alone, not h265"):
        codec_of(FilmSettings(encoder="v4l2m2m", codec="h265"))


def test_where_the_board_has_no_encoder_one_line_says_so(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", count=1)
    with pytest.raises(ConfigurationError) as refusal:
        Picture.of(probe(tmp_path / "a.mkv"), FilmSettings(encoder="v4l2m2m"))
    line = str(refusal.value)
    assert line.startswith("film.encoder = v4l2m2m: no /dev/video* of this board encodes H.264 at 64x48 (")
    assert "film.encoder = software is everywhere" in line


@pytest.mark.parametrize(
    ("width", "height", "rate", "expected"),
    [
        (1920, 1080, 30, 9_331_200),
        (720, 576, 25, 1_555_200),
        (160, 120, 25, 1_000_000),
        (3840, 2160, 60, 25_000_000),
    ],
)
def test_its_bit_rate_follows_size_and_rate(width: int, height: int, rate: int, expected: int) -> None:
    assert HARDWARE["h264"].bit_rate(width, height, rate) == expected
