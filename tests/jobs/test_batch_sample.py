"""Strips of films and their page: one still of every shot, in colour, whatever kind of film it is."""

from __future__ import annotations

import io
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from batches import settings
from colour_films import make_colour_film
from films import make_film, panned
from PIL import Image

from device.engine import Stop
from device.errors import Interrupted, NetworkFileError
from device.jobs.batch.sample import Sampled, sample, strip_paths
from device.jobs.batch.scan import Item, scan
from device.media.contact import PAPER
from device.media.sample_mark import is_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

LANDSCAPE = {"size": (160, 90), "count": 12, "codec": "libx264"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films of all kinds."""
    folder = tmp_path_factory.mktemp("films")
    make_film(folder / "shots.mp4", size=(160, 90), count=75, scenes=3, codec="libx264")
    make_colour_film(folder / "mixed.mkv", [(25, "grey"), (25, "black"), (25, "colour")], size=(160, 90))
    make_colour_film(folder / "colour.mkv", [(25, "colour")], size=(160, 90))
    make_colour_film(folder / "black.mkv", [(25, "black")], size=(160, 90))
    make_film(folder / "turned.mov", **LANDSCAPE, rotation=90)
    make_film(folder / "anamorphic.mp4", **LANDSCAPE, pixel_aspect=Fraction(2))
    make_film(folder / "deep.mkv", size=(160, 90), count=12, pixel_format="yuv420p10le")
    make_film(folder / "tiny.mkv", size=(18, 10), count=3)
    make_film(folder / "wide.mkv", size=(640, 20), count=3)
    (folder / "sub" / "numbered").mkdir(parents=True)
    for number, luma in enumerate(panned(20, (96, 54))):
        Image.fromarray(luma).save(folder / "sub" / "numbered" / f"{number:03d}.png")
    (folder / "bad.avi").write_bytes(b"no film" * 100)
    return folder


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Sampled, Path]:
    out = tmp_path_factory.mktemp("out")
    return sample(items(folder), out, settings(batch={"rate": 10}), stop=Stop()), out


def items(folder: Path) -> list[Item]:
    return scan(folder, folder / "out", sequences=True).items


def stills(done: Sampled, name: str) -> list[NDArray[np.uint8]]:
    return [np.array(Image.open(io.BytesIO(still.jpeg))) for still in done.strips[name].stills]


def halves(still: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Before and after."""
    rows = (len(still) - 3) // 2
    return still[:rows].astype(int), still[-rows:].astype(int)


def test_every_film_that_can_be_read_has_a_strip(made: tuple[Sampled, Path], folder: Path) -> None:
    done, out = made
    names = {item.relative for item in items(folder)}
    assert set(done.failed) == {"bad.avi", "black.mkv"}
    assert done.failed["black.mkv"] == "shows nothing but black"
    assert set(done.strips) == names - set(done.failed)
    assert done.strips["shots.mp4"].path == out / "shots.sample.jpg"
    assert done.strips["sub/numbered"].path == out / "sub" / "numbered.sample.jpg"
    for strip in done.strips.values():
        with Image.open(strip.path) as picture:
            picture.load()
            assert picture.width <= 2100
        assert is_sample(strip.path)
        assert 1 <= strip.count == len(strip.stills) <= 60
    assert not list(out.rglob("*.part"))


def test_each_shot_is_shown(made: tuple[Sampled, Path]) -> None:
    strip = made[0].strips["shots.mp4"]
    assert {"0:00:00", "0:00:01", "0:00:02"} <= {still.time[:7] for still in strip.stills}
    assert [still.time for still in strip.stills] == sorted(still.time for still in strip.stills)
    assert strip.own_colour == 0


def test_a_still_is_grey_above_and_in_colour_below(made: tuple[Sampled, Path]) -> None:
    for name in ("shots.mp4", "deep.mkv", "sub/numbered"):
        for still in stills(made[0], name):
            before, after = halves(still)
            assert np.ptp(before, axis=2).mean() < 2
            assert np.ptp(after, axis=2).mean() > 4
            # Luma is what it was.
            weights = np.array([0.299, 0.587, 0.114])
            assert np.abs(before @ weights - after @ weights).mean() < 4


def test_what_passes_is_shown_as_it_is_and_black_is_not_shown(made: tuple[Sampled, Path]) -> None:
    mixed = made[0].strips["mixed.mkv"]
    assert 0 < mixed.own_colour < mixed.count
    for still, picture in zip(mixed.stills, stills(made[0], "mixed.mkv"), strict=True):
        before, after = halves(picture)
        assert before.mean() > 20
        assert (np.abs(before - after).mean() < 6) == still.own_colour
    colour = made[0].strips["colour.mkv"]
    assert colour.own_colour == colour.count
    assert stills(made[0], "colour.mkv")[0].shape[:2] == colour.cell[::-1]


@pytest.mark.parametrize(
    ("name", "aspect"),
    [
        ("shots.mp4", 16 / 9),
        ("turned.mov", 9 / 16),
        ("anamorphic.mp4", 32 / 9),
        ("tiny.mkv", 18 / 10),
        ("wide.mkv", 4),
    ],
)
def test_a_still_has_the_shape_that_is_shown(made: tuple[Sampled, Path], name: str, aspect: float) -> None:
    width, height = made[0].strips[name].cell
    assert width / height == pytest.approx(aspect, rel=0.02)
    assert stills(made[0], name)[0].shape == (2 * height + 3, width, 3)


def test_the_page_needs_nothing_beside_it_and_tells_what_went_wrong(made: tuple[Sampled, Path]) -> None:
    done, out = made
    assert done.page == out / "sample.html"
    text = done.page.read_text(encoding="utf-8")
    assert is_sample(done.page)
    assert text.count("data:image/jpeg;base64,") == sum(len(strip.stills) for strip in done.strips.values())
    assert set(re.findall(r'(?:src|href)="([^"]{0,40})', text)) >= {"sub/numbered.sample.jpg"}
    assert not re.search(r'(?:src|href)="(?:https?:|//|/)', text)
    assert "black.mkv</span>: shows nothing but black" in text
    assert "In colour already: it would pass as it is." in text


def test_a_strip_is_of_all_its_stills(made: tuple[Sampled, Path]) -> None:
    strip = made[0].strips["shots.mp4"]
    with Image.open(strip.path) as picture:
        pixels = np.array(picture).astype(int)
    width, height = strip.cell
    columns = (pixels.shape[1] - 48 + 12) // (width + 12)
    assert columns == min(strip.count, 6)
    first = pixels[88 : 88 + height, 24 : 24 + width]
    assert np.abs(first - halves(stills(made[0], "shots.mp4")[0])[0]).mean() < 4
    assert np.abs(pixels[:10] - PAPER).max() < 8


def test_what_is_not_ours_is_left_alone(folder: Path, tmp_path: Path) -> None:
    only = [item for item in items(folder) if item.relative in {"tiny.mkv", "wide.mkv"}]
    (tmp_path / "tiny.sample.jpg").write_text("mine")
    (tmp_path / "sample.html").write_text("mine, too")
    said: list[str] = []
    done = sample(only, tmp_path, settings(), stop=Stop(), tell=said.append)
    assert (done.page, set(done.strips)) == (None, {"wide.mkv"})
    assert (tmp_path / "tiny.sample.jpg").read_text() == "mine"
    assert (tmp_path / "sample.html").read_text() == "mine, too"
    assert "tiny.mkv: tiny.sample.jpg is there and not ours: it is left alone" in said
    (tmp_path / "sample.html").unlink()
    (tmp_path / "tiny.sample.jpg").unlink()
    os.mkfifo(tmp_path / "tiny.sample.jpg")
    assert set(sample(only, tmp_path, settings(), stop=Stop()).failed) == {"tiny.mkv"}
    (tmp_path / "tiny.sample.jpg").unlink()
    assert set(sample(only, tmp_path, settings(), stop=Stop()).strips) == {"tiny.mkv", "wide.mkv"}
    again = sample(only, tmp_path, settings(), stop=Stop())
    assert (again.failed, again.page) == ({}, tmp_path / "sample.html")


def test_names_that_would_meet_stay_apart() -> None:
    out = Path("out")
    names = ["a/x.mp4", "a/X.avi", "b/x.mp4", "y.tar.mkv", "."]
    assert strip_paths({name: Path("reel 1") / name for name in names}, out) == {
        ".": out / "reel 1.sample.jpg",
        "a/x.mp4": out / "a" / "x.mp4.sample.jpg",
        "a/X.avi": out / "a" / "X.avi.sample.jpg",
        "b/x.mp4": out / "b" / "x.sample.jpg",
        "y.tar.mkv": out / "y.tar.sample.jpg",
    }


@pytest.mark.parametrize("name", ["\N{SNOWMAN}" * 83 + ".mkv", os.fsdecode(b"\xff\n<b>.mkv")])
def test_a_name_may_be_anything(tmp_path: Path, name: str) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    make_film(folder / "short.mkv", size=(32, 24), count=2)
    (folder / "short.mkv").rename(folder / name)
    said: list[str] = []
    done = sample(items(folder), out, settings(), stop=Stop(), tell=said.append)
    assert (set(done.strips), done.failed) == ({name}, {})
    assert done.strips[name].path.is_file()
    assert [line.isprintable() for line in said] == [True]
    assert "<b>" not in (out / "sample.html").read_text(encoding="utf-8")


def test_no_film_at_all_is_said(tmp_path: Path) -> None:
    done = sample([], tmp_path, settings(), stop=Stop())
    assert (dict(done.strips), dict(done.failed)) == ({}, {})
    assert "No film to look at" in (tmp_path / "sample.html").read_text()


def test_a_network_that_is_not_there_is_an_error_and_a_stop_ends_it(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NetworkFileError):
        sample(items(folder), tmp_path, settings(network={"name": "no-such-network"}), stop=Stop())
    stop = Stop()
    stop.request()
    with pytest.raises(Interrupted):
        sample(items(folder), tmp_path, settings(), stop=stop)
    assert not list(tmp_path.rglob("*.jpg"))
