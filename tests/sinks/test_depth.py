"""Films of every depth, range and matrix, of known bars and ramps: out into films, JPEGs and PNGs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from bars import (
    colour_bars,
    encoded,
    ffmpeg_rgb,
    grey_ramp,
    inside_bars,
    pixel_format_of,
    video_frame,
    write_film,
)
from PIL import Image

from device.config import FilmSettings
from device.frames import ColourSpace, Matrix, TintedFrame
from device.media.encode import Picture
from device.media.probe import probe
from device.media.segments import WorkFolder
from device.sinks.film import FilmSink, finish
from device.sinks.pictures import PictureSink
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Kind:
    """A kind of film: what it is tagged as, what that means, and what it is written in."""

    tags: tuple[int, int, int, int]
    space: ColourSpace
    depth: int = 8
    sampling: str = "420"
    codec: str = "ffv1"
    suffix: str = ".mkv"
    out: str = "h264"

    @property
    def pixel_format(self) -> str:
        return pixel_format_of(self.sampling, self.depth)


LOSSLESS = {
    "libx264": {"qp": "0"},
    "libx265": {"x265-params": "lossless=1:log-level=error"},
    "prores_ks": {"profile": "hq"},
}
BT601, BT709 = ColourSpace(Matrix.BT601), ColourSpace(Matrix.BT709)
FULL_601, FULL_709 = (ColourSpace(matrix, full_range=True) for matrix in (Matrix.BT601, Matrix.BT709))
KINDS = {
    "limited 601": Kind((1, 6, 6, 6), BT601, codec="libx264", suffix=".mp4"),
    "limited 709": Kind((1, 1, 1, 1), BT709, codec="libx264", suffix=".mp4"),
    "limited 2020": Kind((1, 9, 14, 9), ColourSpace(Matrix.BT2020), depth=10, out="h265"),
    "full 601": Kind((2, 6, 6, 6), FULL_601),
    "full 709": Kind((2, 1, 1, 1), FULL_709, out="av1"),
    "untagged": Kind((0, 2, 2, 2), BT601, codec="libx264", suffix=".mp4"),
    "full 709, 10 bits": Kind((2, 1, 1, 1), FULL_709, depth=10),
    "H.265, 10 bits": Kind((1, 1, 1, 1), BT709, depth=10, codec="libx265", suffix=".mp4", out="h265"),
    "H.265, 12 bits": Kind((1, 1, 1, 1), BT709, 12, "422", "libx265", ".mkv", "h265"),
    "ProRes": Kind((1, 1, 1, 1), BT709, depth=10, sampling="422", codec="prores_ks", suffix=".mov"),
    "4:2:2": Kind((1, 6, 6, 6), BT601, sampling="422"),
    "4:4:4": Kind((1, 1, 1, 1), BT709, sampling="444", out="h265"),
    "4:1:1": Kind((1, 6, 6, 6), BT601, sampling="411", out="ffv1"),
}


def film_of(kind: Kind, rgb: NDArray[np.float64], path: Path) -> tuple[Path, list[NDArray[Any]]]:
    """A film that shows ``rgb``, and its planes as FFmpeg decodes them."""
    film = path / f"in{kind.suffix}"
    planes = encoded(rgb, kind.space, kind.depth, kind.sampling)
    write_film(film, planes, kind.pixel_format, kind.tags, codec=kind.codec, options=LOSSLESS.get(kind.codec))
    with FilmSource(film) as source:
        frame = next(source.frames())
        assert frame.cb is not None
        assert frame.cr is not None
        shown = [plane.copy() for plane in (frame.luma, frame.cb, frame.cr)]
    if kind.codec != "prores_ks":
        assert all((one == other).all() for one, other in zip(shown, planes, strict=True))
    return film, shown


def out_of(film: Path, kind: Kind, *, ab: tuple[float, float] | None = None) -> tuple[Path, Path, Path]:
    """What the sinks make of it: a film without loss, the last frame as JPEG and as PNG.

    ``ab``: the tint; None passes the film's own colour.
    """
    out = film.with_name("out.mkv")
    settings = FilmSettings(codec=kind.out, crf=0, preset="ultrafast")
    with FilmSource(film) as source, WorkFolder(out, {}) as work:
        sinks = [
            FilmSink(work, Picture.of(source.facts, settings), settings, lambda _: None),
            *(
                PictureSink(film.with_name(form), form, network="compact", device="pi", quality=95)  # type: ignore[arg-type]
                for form in ("jpeg", "png")
            ),
        ]
        for frame in source.frames():
            colour = np.full((2, 2, 2), ab or 0, np.float32)
            tinted = TintedFrame(frame, frame.luma[::4, ::4], colour, own_colour=ab is None)
            for sink in sinks:
                sink.write(tinted)
        for sink in sinks:
            sink.close()
        finish(
            out,
            work,
            picture=Picture.of(source.facts, settings),
            source=source.facts,
            end_pts=source.end_pts,
            metadata={},
        )
    return out, film.with_name("jpeg") / "000005.jpg", film.with_name("png") / "000005.png"


def pixels(path: Path) -> NDArray[np.int64]:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(np.int64)


@pytest.mark.parametrize("name", KINDS)
def test_colour_bars_pass_into_film_jpeg_and_png(tmp_path: Path, name: str) -> None:
    kind, rgb = KINDS[name], colour_bars()
    film, (luma, cb, cr) = film_of(kind, rgb, tmp_path)
    out, jpeg, png = out_of(film, kind)
    before, after = probe(film), probe(out)
    assert before.colour_space == after.colour_space == kind.space
    assert after.tags[1:] == before.tags[1:]
    assert after.layout.depth == kind.depth
    with FilmSource(out) as written:
        for frame in written.frames():
            assert frame.cb is not None
            assert frame.cr is not None
            assert (frame.luma == luma).all()
            assert (frame.cb == cb).all()
            assert (frame.cr == cr).all()

    theirs = ffmpeg_rgb(video_frame((luma, cb, cr), kind.pixel_format), kind.space)
    inside = inside_bars(rgb.shape)
    everywhere = np.ones_like(inside)
    assert np.abs(pixels(png) - theirs)[inside if kind.sampling == "411" else everywhere].max() <= 3
    assert np.abs(pixels(jpeg) - theirs)[inside].max() <= 3
    assert np.abs(pixels(png) - 255 * rgb)[inside].max() <= 3


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("ab", [None, (0.0, 0.0), (12.0, -20.0)])
def test_a_grey_ramp_stays_the_grey_it_is(tmp_path: Path, name: str, ab: tuple[float, float] | None) -> None:
    kind, ramp = KINDS[name], grey_ramp()
    film, (luma, _, _) = film_of(kind, np.dstack([ramp] * 3), tmp_path)
    out, jpeg, png = out_of(film, kind, ab=ab)
    with FilmSource(out) as written:
        for frame in written.frames():
            assert (frame.luma == luma).all()
    grey = np.rint(255 * ramp)
    with Image.open(jpeg) as picture:
        assert picture.mode == "RGB"
        picture.draft("YCbCr", picture.size)
        assert np.abs(np.asarray(picture)[..., 0] - grey).max() <= 1
    if not ab or ab == (0, 0):
        assert np.abs(pixels(jpeg) - grey[..., None]).max() <= 1
        assert np.abs(pixels(png) - grey[..., None]).max() <= 1


@pytest.mark.parametrize(("lines", "matrix"), [(718, Matrix.BT601), (720, Matrix.BT709)])
def test_an_untagged_film_is_read_by_its_height_and_stays_untagged(
    tmp_path: Path, lines: int, matrix: Matrix
) -> None:
    kind = Kind((0, 2, 2, 2), ColourSpace(matrix), codec="libx264", suffix=".mp4")
    film, _ = film_of(kind, colour_bars(lines), tmp_path)
    assert probe(film).colour_space == kind.space
    out, jpeg, png = out_of(film, kind)
    assert probe(out).tags == (0, 2, 2, 2)
    inside = inside_bars((lines, 384))
    for picture in (jpeg, png):
        assert np.abs(pixels(picture) - 255 * colour_bars(lines))[inside].max() <= 3
