"""What a night finds under a folder, and which of it is still being written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from device.jobs.batch.arriving import Settling
from device.jobs.batch.scan import Found, Item, State, scan

OUT = Path("nowhere")


def lay(folder: Path, *names: str, content: bytes = b"\x00data") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def found(folder: Path, *, sequences: bool = False) -> dict[str, str]:
    return {item.relative: item.kind for item in scan(folder, OUT, sequences=sequences).items}


def test_films_and_pictures_are_found_in_natural_order_and_the_rest_is_counted(tmp_path: Path) -> None:
    lay(tmp_path, "10.avi", "2.MOV", "a/b/c.webm", "scan.tif", "letter.txt", "Makefile")
    look = scan(tmp_path, OUT, sequences=False)
    assert [(item.relative, item.kind) for item in look.items] == [
        ("2.MOV", "film"),
        ("10.avi", "film"),
        ("a/b/c.webm", "film"),
        ("scan.tif", "picture"),
    ]
    assert (look.others, look.links, look.unread) == (2, 0, [])


def test_hidden_files_and_folders_are_not_looked_at(tmp_path: Path) -> None:
    lay(tmp_path, ".hidden/a.mp4", ".DS_Store", "._a.txt", "b.mp4")
    assert found(tmp_path) == {"b.mp4": "film"}


def test_a_program_is_no_film_although_its_name_ends_like_one(tmp_path: Path) -> None:
    lay(tmp_path, "index.ts", content=b"export const answer: number = 42;\n")
    lay(tmp_path, "tape.ts", content=b"\x47\x40\x00\x10\x00\x00\xb0\x0d")
    look = scan(tmp_path, OUT, sequences=False)
    assert [item.relative for item in look.items] == ["tape.ts"]
    assert look.others == 1


def test_linked_files_are_taken_linked_folders_are_not(tmp_path: Path) -> None:
    lay(tmp_path, "real/a.mp4", "in/b.mp4")
    (tmp_path / "in/linked.mp4").symlink_to(tmp_path / "real/a.mp4")
    (tmp_path / "in/folder").symlink_to(tmp_path / "real")
    (tmp_path / "in/lost.mp4").symlink_to(tmp_path / "not-there.mp4")
    os.mkfifo(tmp_path / "in/pipe.mp4")
    look = scan(tmp_path / "in", OUT, sequences=False)
    assert [item.relative for item in look.items] == ["b.mp4", "linked.mp4"]
    assert (look.links, look.others) == (1, 1)
    assert ["lost.mp4" in str(error) for error in look.unread] == [True]


def test_a_folder_that_is_away_is_said(tmp_path: Path) -> None:
    look = scan(tmp_path / "unplugged", OUT, sequences=False)
    assert not look.items
    assert ["unplugged" in str(error) for error in look.unread] == [True]


def test_the_folder_of_results_is_never_taken_for_sources(tmp_path: Path) -> None:
    lay(tmp_path, "a.mp4", "colour/a.mp4", "colour/.tintcast/jobs/a.mp4.json")
    assert [item.relative for item in scan(tmp_path, tmp_path / "colour", sequences=False).items] == ["a.mp4"]


def test_names_that_are_no_text_are_found(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    lay(tmp_path, name, "キネマ.mp4")
    assert found(tmp_path) == {name: "film", "キネマ.mp4": "film"}


def test_numbered_pictures_alone_in_their_folder_are_a_sequence_where_that_is_wanted(tmp_path: Path) -> None:
    lay(tmp_path, *(f"seq/shot-{number:04d}.png" for number in (*range(5), *range(9, 14))))
    lay(
        tmp_path,
        *(f"mixed/{number}.png" for number in range(9)),
        "mixed/holiday.jpg",
        *("few/1.png", "few/2.png"),
    )
    assert set(found(tmp_path).values()) == {"picture"}
    kinds = found(tmp_path, sequences=True)
    assert kinds.pop("seq") == "sequence"
    assert set(kinds.values()) == {"picture"}
    (sequence,) = (item for item in scan(tmp_path, OUT, sequences=True).items if item.kind == "sequence")
    assert [path.name for path in sequence.pictures][4:6] == ["shot-0004.png", "shot-0009.png"]


def test_a_folder_may_be_a_sequence_itself(tmp_path: Path) -> None:
    lay(tmp_path, *(f"{number}.jpg" for number in range(8)))
    assert found(tmp_path, sequences=True) == {".": "sequence"}


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def item(name: str, state: State, *, partial: bool = False) -> Item:
    return Item(Path(name), name, "film", state, partial=partial)


def settled(settling: Settling, *items: Item) -> list[str]:
    return [each.relative for each in settling.look(Found(list(items)))[0]]


def fresh(size: int = 5) -> State:
    return State(size, int(1e12), int(1e12))


def test_a_file_is_taken_once_size_and_times_stood_still() -> None:
    clock = Clock()
    settling = Settling(60, clock, now=lambda: 1000.0)
    for size in (5, 6, 7):  # it grows for as long as it likes
        assert settled(settling, item("a", fresh(size))) == []
        clock.now += 59
    assert settled(settling, item("a", fresh(7))) == []
    clock.now += 2
    assert settled(settling, item("a", fresh(7))) == ["a"]
    assert settled(settling, item("a", State(7, int(1e12), int(1e12) + 1))) == []


def test_a_file_that_was_written_long_ago_is_taken_at_once() -> None:
    old = State(5, int(900e9), int(900e9))
    assert settled(Settling(60, Clock(), now=lambda: 1000.0), item("a", old)) == ["a"]


@pytest.mark.parametrize("state", [State(5, int(900e9), int(999e9)), State(5, int(9e12), int(9e12))])
def test_old_times_that_a_copy_brought_along_and_times_to_come_are_not_believed(state: State) -> None:
    clock = Clock()
    settling = Settling(60, clock, now=lambda: 1000.0)
    assert settled(settling, item("a", state)) == []
    clock.now += 61
    assert settled(settling, item("a", state)) == ["a"]


@pytest.mark.parametrize(
    "name", ["a.mp4.part", "a.mkv.crdownload", ".a.mp4.x7Yk2q", ".scan.tif", "b.MOV.FILEPART"]
)
def test_a_partial_file_arrives_and_is_left_out_once_nobody_goes_on(tmp_path: Path, name: str) -> None:
    lay(tmp_path, name)
    clock = Clock()
    settling = Settling(60, clock, now=lambda: 0.0)
    look = scan(tmp_path, OUT, sequences=False)
    assert not look.items
    assert settling.look(look) == ([], [name], [])
    clock.now += 61
    assert settling.look(look) == ([], [], [name])


@pytest.mark.parametrize("name", ["._film.mp4", "._film.mp4.part", "._scan.tif"])
def test_what_a_macintosh_keeps_beside_a_file_is_nothing(tmp_path: Path, name: str) -> None:
    lay(tmp_path, name)
    look = scan(tmp_path, OUT, sequences=False)
    assert (look.items, look.partial, look.others) == ([], {}, 0)


def test_a_file_with_a_partial_one_beside_it_is_not_whole(tmp_path: Path) -> None:
    lay(tmp_path, "a.mp4", "a.mp4.aria2", "b.mp4")
    os.utime(tmp_path / "b.mp4", (0, 0))
    clock = Clock()
    settling = Settling(60, clock, now=lambda: 4e9)
    still, arriving, unfinished = settling.look(scan(tmp_path, OUT, sequences=False))
    assert [each.relative for each in still] == ["b.mp4"]
    assert (arriving, unfinished) == ([], ["a.mp4", "a.mp4.aria2"])


def test_a_sequence_stands_still_once_no_picture_comes_any_more(tmp_path: Path) -> None:
    clock = Clock()
    settling = Settling(60, clock, now=lambda: 0.0)
    for count in range(8, 12):
        lay(tmp_path, *(f"s/{number}.png" for number in range(count)))
        assert settling.look(scan(tmp_path, OUT, sequences=True))[:2] == ([], ["s"])
        clock.now += 50
    clock.now += 11
    (sequence,) = settling.look(scan(tmp_path, OUT, sequences=True))[0]
    assert len(sequence.pictures) == 11
