"""Which picture goes where: names that never meet, trees that never mix, links that deceive nobody."""

from __future__ import annotations

import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import ConfigurationError, InputError, MissingInput
from device.jobs.photo_plan import name_all
from device.jobs.photo_plan import plan as plan_photos

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.jobs.photo_plan import Plan

NAMES = {".pgm": ".ppm", ".gif": ".png"}
SUFFIXES = (".png", ".jpg", ".pgm", ".ppm", ".gif", ".compare.jpg")


def namer(name: str) -> str:
    path = PurePath(name)
    return str(path.with_suffix(NAMES.get(path.suffix, path.suffix)))


def plan(source: Path, out: Path | str) -> Plan:
    return plan_photos(source, str(out), is_picture=lambda name: name.endswith(SUFFIXES), namer=namer)


def tree(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())


def results(found: Plan, out: Path) -> list[str]:
    return [place.result.relative_to(out).as_posix() for place in found.places]


stems = st.sampled_from(["a", "b", "a.pgm", "a.png-2", "a.compare"])
pictures = st.lists(
    st.builds(lambda folder, stem, suffix: PurePath(folder, stem + suffix),
              st.sampled_from(["", "x", "x/y"]), stems, st.sampled_from(SUFFIXES)),
    unique=True,
)  # fmt: skip


@given(pictures)
def test_no_two_pictures_share_a_name(found: list[PurePath]) -> None:
    named = name_all(found, namer)
    names = [name for result, kept, compare in named for name in {result, kept, compare}]
    assert len(set(names)) == len(names)
    for source, (result, kept, compare) in zip(found, named, strict=True):
        assert kept == source
        assert result.parent == compare.parent == source.parent
        assert result.suffix == namer(source.name)[-4:]
        assert compare.name.endswith(".compare.jpg")
        assert (result == source) == (source.suffix not in NAMES)


@given(pictures)
def test_names_do_not_depend_on_what_lies_in_other_folders(found: list[PurePath]) -> None:
    named = dict(zip(found, name_all(found, namer), strict=True))
    inside = [path for path in found if path.parent == PurePath("x")]
    assert [named[path] for path in inside] == name_all(inside, namer)


def test_short_names_where_they_are_free() -> None:
    named = name_all([PurePath("a.pgm"), PurePath("b.pgm"), PurePath("b.ppm")], namer)
    assert [str(result) for result, _, _ in named] == ["a.ppm", "b.pgm.ppm", "b.ppm"]
    assert [str(compare) for _, _, compare in named] == [
        "a.compare.jpg",
        "b.compare.jpg",
        "b.ppm.compare.jpg",
    ]


def test_a_folder_comes_out_as_the_same_tree(tmp_path: Path) -> None:
    tree(tmp_path / "in", "10.png", "2.png", "x/1.pgm", "x/notes.txt", ".hidden/a.png", ".b.png", "film.mp4")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "in" / "x")
    (tmp_path / "in" / "gone.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "in" / "pipe.png")
    found = plan(tmp_path / "in", tmp_path / "out")
    assert results(found, tmp_path / "out") == ["2.png", "10.png", "gone.png", "x/1.ppm"]
    assert (found.others, found.links) == (3, 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("there", [True, False])
def test_results_in_the_folder_that_is_read_are_not_read_again(tmp_path: Path, *, there: bool) -> None:
    tree(tmp_path, "a.png", "x/b.png")
    if there:
        tree(tmp_path, "colour/a.png", "colour/x/b.png")
    assert results(plan(tmp_path, tmp_path / "colour"), tmp_path / "colour") == ["a.png", "x/b.png"]


def test_out_that_is_in_is_refused_by_whatever_name(tmp_path: Path) -> None:
    tree(tmp_path / "in", "a.png", "x/b.png")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for out in (tmp_path / "in", tmp_path / "link", tmp_path / "in" / "x" / ".."):
        with pytest.raises(ConfigurationError, match="is the folder that is read"):
            plan(tmp_path / "in", out)


def test_results_never_land_among_the_pictures(tmp_path: Path) -> None:
    tree(tmp_path / "album", "in/a.png", "in/in/b.png")
    with pytest.raises(ConfigurationError, match="among the pictures that are read"):
        plan(tmp_path / "album" / "in", tmp_path / "album")
    tree(tmp_path / "other", "a.png", "x/b.png")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").symlink_to(tmp_path / "other" / "x")
    with pytest.raises(ConfigurationError, match="among the pictures that are read"):
        plan(tmp_path / "other", tmp_path / "out")


def test_a_folder_above_the_pictures_is_as_good_as_another(tmp_path: Path) -> None:
    tree(tmp_path / "in", "a.png", "x/b.png")
    assert results(plan(tmp_path / "in", tmp_path), tmp_path) == ["a.png", "x/b.png"]


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_result_that_is_its_picture_by_another_name_is_refused(
    tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    tree(tmp_path / "in", "a.png")
    (tmp_path / "out").mkdir()
    link(tmp_path / "in" / "a.png", tmp_path / "out" / "a.png")
    with pytest.raises(ConfigurationError, match="by another name"):
        plan(tmp_path / "in", tmp_path / "out")
    with pytest.raises(ConfigurationError, match="is the picture that is read"):
        plan(tmp_path / "in" / "a.png", tmp_path / "out" / "a.png")


def test_one_picture_goes_to_a_file_or_into_a_folder(tmp_path: Path) -> None:
    tree(tmp_path, "a.pgm")
    (tmp_path / "out").mkdir()
    for out, expected in (("b.jpg", "b.jpg"), ("out", "out/a.ppm"), ("new/", "new/a.ppm")):
        (place,) = plan(tmp_path / "a.pgm", f"{tmp_path}/{out}").places
        assert place.result == tmp_path / expected
        assert place.compare.suffixes == [".compare", ".jpg"]


@pytest.mark.parametrize(
    ("source", "out", "kind", "said"),
    [
        ("none.png", "out.png", MissingInput, "no such file or folder"),
        ("a.png", "a.png", ConfigurationError, "is the picture that is read"),
        ("a.png", "nowhere/b.png", ConfigurationError, "its folder does not exist"),
        ("in", "a.png", ConfigurationError, "is a file"),
        ("empty", "out", InputError, "no pictures in this folder"),
        ("pipe", "out.png", InputError, "neither a picture nor a folder"),
        ("a.png", "taken", ConfigurationError, "is a folder"),
    ],
)
def test_what_can_not_be_is_one_line(
    tmp_path: Path, source: str, out: str, kind: type[Exception], said: str
) -> None:
    tree(tmp_path, "a.png", "in/a.png")
    (tmp_path / "taken" / "a.png").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(kind, match=said):
        plan(tmp_path / source, tmp_path / out)
