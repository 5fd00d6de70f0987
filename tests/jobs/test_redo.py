"""Shots of a finished film coloured again: they alone change, and all else stays bit for bit."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from colour_films import make_colour_film
from films import make_film, sound_packets
from redoing import coloured, config, copied, other, packets, planes, redone, told

from device.errors import ConfigurationError
from device.jobs.film_shots import shots_folder
from device.jobs.redo import known_shots
from device.media.facts import read_facts
from device.media.probe import probe

if TYPE_CHECKING:
    from collections.abc import Mapping

PALE = {"colour": {"saturation": 0.3}}
TINY = Path(__file__).parent.parent / "network" / "data" / "tiny-int8.tflite"


def changed(before: list[Any], after: list[Any]) -> list[int]:
    assert len(before) == len(after)
    return [number for number, (one, now) in enumerate(zip(before, after, strict=True)) if one != now]


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("out.mp4", "h264"),
        ("out.mkv", "h265"),
        ("out.mp4", "av1"),
        ("out.mkv", "ffv1"),
        ("out.mov", "prores"),
    ],
)
def test_one_shot_changes_and_all_else_stays(tmp_path: Path, name: str, codec: str) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / name
    make_film(source, size=(160, 120), count=60, scenes=3, sound="flac" if name == "out.mkv" else "aac")
    coloured(source, out, config(codec=codec))
    pictures, before, said, mode = planes(out), packets(out), told(out), out.stat().st_mode
    sound, facts = packets(out, "audio"), probe(out)
    result = redone(out, [2], PALE)
    assert result.frames == 20
    after = packets(out)
    assert [packet[:3] for packet in after] == [packet[:3] for packet in before]
    assert set(changed(before, after)) <= set(range(20, 40))
    now = planes(out)
    assert changed(pictures, now) == list(range(20, 40))
    assert packets(out, "audio") == sound
    assert told(out) == said
    again = probe(out)
    assert (again.frames, again.tags, again.rate, again.duration) == (
        facts.frames, facts.tags, facts.rate, facts.duration,
    )  # fmt: skip
    assert (out.stat().st_mtime_ns, out.stat().st_mode) == (source.stat().st_mtime_ns, mode)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [shots_folder(out).name, "in.mkv", name]
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six shots, of 37, 9, 45, 8, 30 and 21 frames: in grey, in colour (the third), and with a black end."""
    path = tmp_path_factory.mktemp("source") / "in.mkv"
    shots = [(37, "grey"), (9, "grey"), (45, "colour"), (8, "grey"), (30, "grey"), (21, "grey")]
    make_colour_film(path, shots, size=(128, 96))
    return path


STARTS = (0, 37, 46, 91, 99, 129, 150)


@pytest.fixture(scope="module")
def film(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In short segments: several in one shot."""
    return made(source, tmp_path_factory.mktemp("film") / "out.mkv", 6)


@pytest.fixture(scope="module", params=[6, 40], ids=["segments in shots", "shots in segments"])
def any_film(
    film: Path, source: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    """In short segments, or in long ones: several shots in one."""
    if request.param == 6:
        return film
    return made(source, tmp_path_factory.mktemp("film") / "out.mkv", request.param)


def made(source: Path, out: Path, segment: int) -> Path:
    coloured(source, out, config(segment, codec="ffv1"))
    known = known_shots(out)
    assert [(shot.first, shot.last + 1) for shot in known.shots] == list(pairwise(STARTS))
    assert [shot.own_colour for shot in known.shots] == [False, False, True, False, False, False]
    return out


@pytest.fixture(scope="module")
def pale(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[bytes, ...]]:
    """The whole film in the colours that PALE asks for."""
    out = tmp_path_factory.mktemp("pale") / "out.mkv"
    coloured(source, out, other(config(codec="ffv1"), **PALE))
    return planes(out)


@pytest.mark.parametrize("numbers", [[1], [2], [4, 6]])
def test_a_shot_is_as_in_a_film_that_was_made_so(
    any_film: Path, pale: list[tuple[bytes, ...]], tmp_path: Path, numbers: list[int]
) -> None:
    out = copied(any_film, tmp_path)
    redone(out, numbers, PALE)
    inside = {n for number in numbers for n in range(STARTS[number - 1], STARTS[number])}
    before = planes(any_film)
    assert planes(out) == [pale[n] if n in inside else before[n] for n in range(len(before))]
    assert changed(packets(any_film), packets(out)) == sorted(inside)


def test_what_was_redone_stays_when_another_is_and_can_be_undone(film: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    as_made = planes(out)
    redone(out, [2], PALE)
    once = planes(out)
    redone(out, [4], {"colour": {"saturation": 1.5}})
    assert changed(once, planes(out)) == list(range(91, 99))
    redone(out, [2], {"colour": {"shadow_chroma": 1.0}})
    assert known_shots(out).shots[1].settings == {"colour": {"saturation": 0.3, "shadow_chroma": 1.0}}
    redone(out, [2], {}, undo=True)
    redone(out, [4], {}, undo=True)
    assert planes(out) == once
    redone(out, [2], {}, undo=True)
    assert planes(out) == as_made
    assert [shot.settings for shot in known_shots(out).shots] == [{}] * 6
    with pytest.raises(ConfigurationError, match="was not redone"):
        redone(out, [2], {}, undo=True)


def test_whose_colour_a_shot_goes_out_with_can_be_said(film: Path, source: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    own = planes(source)
    redone(out, [3], {"colour": {"when": "always"}})
    assert changed(planes(film), planes(out)) == list(range(46, 91))
    assert not known_shots(out).shots[2].own_colour
    redone(out, [3], {}, undo=True)
    assert planes(out) == planes(film)
    assert planes(out)[46:91] == own[46:91]
    redone(out, [5], {"colour": {"when": "never"}})
    assert planes(out)[99:129] == own[99:129]
    assert [shot.own_colour for shot in known_shots(out).shots] == [False, False, True, False, True, False]
    with pytest.raises(ConfigurationError, match="shot 5 is that already"):
        redone(out, [5], {"colour": {"when": "never"}})


def test_a_film_tinted_whole_can_have_a_shot_looked_at(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    coloured(source, out, other(config(codec="ffv1"), colour={"when": "always"}))
    assert not any(shot.own_colour for shot in known_shots(out).shots)
    redone(out, [2, 3], {"colour": {"when": "auto"}})
    assert [shot.own_colour for shot in known_shots(out).shots] == [False, False, True, False, False, False]
    assert planes(out)[46:91] == planes(source)[46:91]


def test_another_network_and_other_ways_of_a_shot(film: Path, source: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    ways: Mapping[str, Mapping[str, Any]] = {
        "network": {"name": str(TINY)},
        "film": {"colour_every": 3, "look_ahead": True},
        "colour": {"steadiness": 0.5},
    }
    redone(out, [1], ways)
    whole = tmp_path / "whole.mkv"
    coloured(source, whole, other(config(codec="ffv1"), **ways))
    assert planes(out) == planes(whole)[:37] + planes(film)[37:]
    assert read_facts(still_of(out, 1)).network == "tiny-int8"
    assert read_facts(still_of(out, 2)).network == "compact"


def still_of(film: Path, number: int) -> bytes:
    known = known_shots(film)
    return (shots_folder(film) / str(known.shots[number - 1].still)).read_bytes()


def test_stills_and_figures_are_those_of_the_shots_as_they_are(film: Path, tmp_path: Path) -> None:
    out = copied(film, tmp_path)
    before = known_shots(out)
    redone(out, [1, 6], PALE)
    now = known_shots(out)
    for shot, was in zip(now.shots, before.shots, strict=True):
        assert (shot.number, shot.first, shot.last, shot.changes) == (
            was.number,
            was.first,
            was.last,
            was.changes,
        )
        again = shot.number in {1, 6}
        assert (shot.still != was.still) == again
        assert (shot.figures != was.figures) == again
        assert (shot.settings == PALE) == again
    assert now.shots[0].figures["colourfulness"] < before.shots[0].figures["colourfulness"]
    assert now.figures["colourfulness"] < before.figures["colourfulness"]
    names = {path.name for path in shots_folder(out).iterdir()}
    assert names == {"shots.json", *(str(shot.still) for shot in now.shots)}


@pytest.mark.parametrize(("name", "crop"), [("out.mp4", b"clap"), ("out.mkv", b"\x54\xdd")])
def test_a_film_of_one_shot(tmp_path: Path, name: str, crop: bytes) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / name
    make_film(source, size=(97, 65), count=25, sound="aac")  # of odd size: cropped by its container
    coloured(source, out, config(4))
    before = planes(out)
    assert crop in out.read_bytes()
    redone(out, [1], PALE)
    assert changed(before, planes(out)) == list(range(25))
    assert crop in out.read_bytes()
    assert sound_packets(out) == sound_packets(source)


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_all_that_a_film_says_of_itself_stays(tmp_path: Path, name: str) -> None:
    source, out = tmp_path / "in.mp4", tmp_path / name
    chapters = [
        {
            "id": n,
            "start": n * 400,
            "end": n * 400 + 400,
            "time_base": Fraction(1, 1000),
            "metadata": {"title": t},
        }
        for n, t in enumerate(("Spring", "Summer"))
    ]
    pts = [n * 512 + n % 3 * 50 + 1024 for n in range(24)]  # of variable rate, and late to begin
    make_film(
        source, codec="libx264", size=(96, 64), count=24, scenes=2, rotation=-90,
        pixel_aspect=Fraction(16, 11), tags=(2, 5, 6, 5), chapters=chapters, sound="aac",
        metadata={"title": "The Garden", "comment": "from the attic", "timecode": "01:00:00:00"},
        pts=pts, time_base=Fraction(1, 12800),
    )  # fmt: skip
    coloured(source, out, config())
    before, said, facts = packets(out), told(out), probe(out)
    redone(out, [2], PALE)
    assert [packet[:3] for packet in packets(out)] == [packet[:3] for packet in before]
    assert told(out) == said
    again = probe(out)
    assert (again.rotation, again.pixel_aspect, again.tags) == (
        facts.rotation,
        facts.pixel_aspect,
        facts.tags,
    )
    assert again.rotation == 90
    assert sound_packets(out) == sound_packets(source)
