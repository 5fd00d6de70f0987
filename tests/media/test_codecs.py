"""What codecs hold, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import av
import pytest
from films import make_film

from device.config import FilmSettings
from device.errors import ConfigurationError
from device.media.codecs import CODECS, depth_of, sampling_of
from device.media.containers import CONTAINERS, container_for
from device.media.encode import Picture
from device.media.planes import layout_of
from device.media.probe import probe


def test_the_configuration_names_every_codec_and_its_quality() -> None:
    field = FilmSettings.model_fields["codec"]
    assert get_args(field.annotation) == tuple(CODECS)
    said = FilmSettings.model_fields["crf"].description or ""
    for name, codec in CODECS.items():
        assert (f"{name} {codec.crf}" in said) == (codec.crf is not None)


@pytest.mark.parametrize("name", CODECS)
def test_an_encoder_takes_every_format_that_is_said_to_fit(name: str) -> None:
    codec = CODECS[name]
    taken = {form.name for form in av.Codec(codec.encoder, "w").video_formats or ()}
    for sampling, depths in codec.depths.items():
        for depth in depths:
            pixel_format = f"yuv{sampling}p" if depth == 8 else f"yuv{sampling}p{depth}le"
            assert pixel_format in taken
            assert depth_of(pixel_format) == depth
            form = av.VideoFormat(pixel_format, 64, 64)
            assert sampling_of(pixel_format) == (64 // form.chroma_width(64), 64 // form.chroma_height(64))


@pytest.mark.parametrize(
    ("codec", "source", "written"),
    [
        ("h264", "gray", "yuv420p"),
        ("h264", "yuv422p10le", "yuv422p10le"),
        ("h264", "yuv444p12le", "yuv444p10le"),
        ("h264", "yuv411p", "yuv420p"),
        ("h265", "yuv444p12le", "yuv444p12le"),
        ("h265", "gray16le", "yuv420p12le"),
        ("av1", "yuv422p10le", "yuv420p10le"),
        ("av1", "yuv444p", "yuv420p"),
        ("ffv1", "gray16le", "yuv420p16le"),
        ("ffv1", "yuv411p", "yuv411p"),
        ("ffv1", "yuv440p12le", "yuv440p12le"),
        ("ffv1", "yuv420p14le", "yuv420p16le"),
        ("prores", "yuv420p", "yuv422p10le"),
        ("prores", "yuv444p12le", "yuv444p10le"),
        ("prores", "gray", "yuv422p10le"),
    ],
)
def test_what_goes_out_is_the_nearest_that_the_codec_has(codec: str, source: str, written: str) -> None:
    layout = layout_of(source)
    assert CODECS[codec].pixel_format(layout.subsampling, layout.depth) == written


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mov", "av1"), ("a.mp4", "ffv1"), ("a.mov", "ffv1"), ("a.mp4", "prores"), ("a.m4v", "prores")],
)
def test_a_container_that_cannot_hold_the_codec_is_refused_with_those_that_can(name: str, codec: str) -> None:
    suffix = Path(name).suffix
    with pytest.raises(ConfigurationError, match=rf"a\{suffix}: a \{suffix} can't hold") as refusal:
        container_for(Path(name), codec)
    for allowed in CODECS[codec].suffixes:
        assert allowed in str(refusal.value)
        assert container_for(Path(f"a{allowed}"), codec) == CONTAINERS[allowed]


def test_prores_has_no_word_for_full_range(tmp_path: Path) -> None:
    make_film(tmp_path / "full.mkv", pixel_format="yuv422p10le", tags=(2, 1, 1, 1), count=2)
    with pytest.raises(ConfigurationError, match="full range, which ProRes has no word for"):
        Picture.of(probe(tmp_path / "full.mkv"), FilmSettings(codec="prores"))


def test_the_quality_that_is_not_said_is_the_codecs_own() -> None:
    for name, said in (("h264", "18"), ("h265", "crf=20"), ("av1", "22")):
        options = CODECS[name].options(crf=None, preset="veryfast", threads=2, pixel_format="yuv420p")
        assert said in " ".join(options.values())
