"""Where results go: the same tree, no two under one name, and a name once given stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from nights import record

from device.config import FilmSettings
from device.jobs.batch.places import Places, lies_among_sources
from device.jobs.batch.records import Begun, Outcome, Record
from device.jobs.batch.scan import Item, State, kind_of

H264 = FilmSettings()


def item(relative: str) -> Item:
    return Item(Path("in") / relative, relative, kind_of(Path(relative)), State(0, 0, 0))


def outs(
    *names: str, film: FilmSettings = H264, records: tuple[Record, ...] = (), begun: tuple[Begun, ...] = ()
) -> dict[str, tuple[str, ...]]:
    items = [item(name) for name in names]
    places = Places(Path("in/family"), film, items, records, begun)
    return {each.relative: places.outs(each) for each in items}


def test_a_result_has_its_sources_name_and_an_ending_that_can_hold_it() -> None:
    assert outs("a.mp4", "sub/b.AVI", "c.jpg", "d.gif") == {
        "a.mp4": ("a.mp4",),
        "sub/b.AVI": ("sub/b.mp4",),
        "c.jpg": ("c.jpg",),
        "d.gif": ("d.png", "d.gif"),
    }


def test_the_codec_may_ask_for_another_ending() -> None:
    assert outs("a.mp4", film=FilmSettings(codec="ffv1")) == {"a.mp4": ("a.mkv",)}


def test_two_that_would_meet_in_one_name_each_get_their_own() -> None:
    named = outs("a.avi", "a.mp4", "a.mpg", "x.gif", "x.png")
    assert named["a.mp4"] == ("a.mp4",)
    assert named["a.avi"] == ("a.avi.mp4",)
    assert named["a.mpg"] == ("a.mpg.mp4",)
    assert named["x.gif"] == ("x.gif.png", "x.gif")


def test_names_that_some_disk_takes_for_one_are_two() -> None:
    results = [names[0] for names in outs("Tea.mp4", "tea.mp4", "caf\u00e9.mkv", "cafe\u0301.mkv").values()]
    assert len({result.casefold() for result in results}) == 4


def test_a_folder_keeps_its_name() -> None:
    assert outs("a.avi", "a.mp4/b.mp4")["a.avi"] == ("a.avi.mp4",)


def test_a_name_once_given_stays_whatever_comes_later() -> None:
    before = record("a.avi", out="a.mp4")
    named = outs("a.avi", "a.mp4", records=(before,))
    assert named == {"a.avi": ("a.mp4",), "a.mp4": ("a.mp4.mp4",)}
    begun = Begun("a.avi", ("a-2.mp4",), {})
    assert outs("a.avi", begun=(begun,))["a.avi"] == ("a-2.mp4",)
    failed = record("a.avi", Outcome.FAILED)
    assert outs("a.avi", records=(failed,))["a.avi"] == ("a.mp4",)


def test_a_name_is_given_anew_where_the_codec_changed() -> None:
    named = outs("a.avi", film=FilmSettings(codec="ffv1"), records=(record("a.avi", out="a.mp4"),))
    assert named["a.avi"] == ("a.mkv",)


def test_a_sequence_is_called_like_its_folder() -> None:
    assert outs("reel.one", "sub/reel 2", ".") == {
        "reel.one": ("reel.one.mp4",),
        "sub/reel 2": ("sub/reel 2.mp4",),
        ".": ("family.mp4",),
    }


@pytest.mark.parametrize(
    ("out", "target", "among"),
    [
        ("out", "out/a.mp4", False),
        ("in/out", "in/out/a.mp4", False),  # the results' folder among the sources is passed over
        ("", "a.mp4", False),  # the sources among the results
        ("", "in/a.mp4", True),
        ("out", "out/link/a.mp4", True),
    ],
)
def test_no_result_lies_among_the_sources(tmp_path: Path, out: str, target: str, *, among: bool) -> None:
    (tmp_path / "in/out").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/link").symlink_to(tmp_path / "in")
    assert lies_among_sources(tmp_path / target, tmp_path / "in", tmp_path / out) is among


@pytest.mark.parametrize("name", ["x" * 250 + ".mp4", "映" * 83 + ".mp4", "映" * 82 + ".gif"])
def test_a_name_that_leaves_no_room_for_others_made_of_it_is_shortened(name: str) -> None:
    (result, *_) = outs(name)[name]
    assert len(result.encode()) <= 235
    assert result[:60] == name[:60]
    assert max(len(each.encode()) for each in outs(name)[name]) <= 235  # of a picture that passes, too
    assert outs(name) == outs(name)
    assert outs(name)[name] != outs(f"y{name[1:]}")[f"y{name[1:]}"]
