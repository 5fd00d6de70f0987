from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from brokers import make_head, make_jpegs
from pictures import add_facts

from device.errors import InputError
from device.media.facts import read_facts
from device.mqtt.inbox import Message, Up
from device.mqtt.messages import Ack, Beside, make_part, read_ack
from device.mqtt.reception import Reception, subscriptions
from device.mqtt.store import JobStore
from device.mqtt.topics import Role, parse

if TYPE_CHECKING:
    from pathlib import Path


class Line:
    """Stands where the session is: what is held is written down."""

    def __init__(self, base: str) -> None:
        self.role = Role(base, "cellar", "receive")
        self.held: dict[str, bytes] = {}

    def hold(self, topic: str, payload: bytes) -> None:
        self.held[topic] = payload


@pytest.fixture
def line(base: str) -> Line:
    return Line(base)


@pytest.fixture
def reception(line: Line, tmp_path: Path, said: list[str]) -> Reception:
    return new_reception(line, tmp_path, said)


def new_reception(line: Line, tmp_path: Path, said: list[str]) -> Reception:
    return Reception(line, tmp_path / "out", "cellar", largest=100_000, keep=3, say=said.append)  # type: ignore[arg-type]


def send(reception: Reception, topic: str, payload: bytes) -> None:
    reception.hear(Message(topic, payload, retained=False))


def ack_of(line: Line, sender: Role) -> Ack:
    return read_ack(line.held[sender.job("film").ack("cellar")])


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_frames_in_any_order_and_twice_are_written_once(
    reception: Reception, line: Line, sender: Role, tmp_path: Path
) -> None:
    film = sender.job("film")
    frames = make_jpegs("film", 6)
    send(reception, film.frame, frames[0])
    assert reception.commit() == []
    assert line.held == {}  # no head, no film
    send(reception, film.head, make_head().to_bytes())
    for number in (0, 1, 4, 1, 5, 4, 0):
        send(reception, film.frame, frames[number])
    assert reception.commit() == []
    progress = ack_of(line, sender).frames
    assert (progress.through, progress.missing) == (2, (2, 3))
    send(reception, film.frame, frames[3])
    send(reception, film.frame, frames[2])
    (store,) = reception.commit()
    assert store.complete
    assert ack_of(line, sender).complete
    assert (reception.frames, reception.duplicates, reception.refused) == (6, 3, 0)
    assert [store.frames.path(n).read_bytes() for n in range(6)] == frames
    assert all(path.startswith("film-") for path in files_below(tmp_path / "out"))


def test_a_new_receiver_goes_on_from_the_folder(
    reception: Reception, line: Line, sender: Role, tmp_path: Path, said: list[str]
) -> None:
    film = sender.job("film")
    frames = make_jpegs("film", 4)
    send(reception, film.head, make_head().to_bytes())
    for number in (0, 1, 3):
        send(reception, film.frame, frames[number])
    reception.commit()
    (folder,) = (tmp_path / "out").iterdir()
    (folder / "frame-000002.jpg.unfinished").write_bytes(b"half")
    first = ack_of(line, sender).connection
    again = new_reception(line, tmp_path, said)
    send(again, film.head, make_head(frames=4).to_bytes())
    again.commit()
    ack = ack_of(line, sender)
    assert (ack.frames.through, ack.frames.missing, ack.complete) == (2, (2,), False)
    assert ack.connection != first
    assert said[-1] == "film: a film from board, 2 frames are here already"
    send(again, film.frame, frames[2])
    assert len(again.commit()) == 1
    assert not list(folder.glob("*.unfinished"))
    resumed = JobStore.resume(folder)
    assert resumed is not None
    assert resumed.complete
    assert resumed.head == make_head(frames=4)


def test_each_connection_has_a_name_of_its_own(reception: Reception, line: Line, sender: Role) -> None:
    send(reception, sender.job("film").head, make_head().to_bytes())
    reception.commit()
    before = ack_of(line, sender).connection
    reception.hear(Up(mqtt5=True))
    reception.commit()
    assert ack_of(line, sender).connection != before


def test_a_film_given_up_is_said(reception: Reception, line: Line, sender: Role, said: list[str]) -> None:
    film = sender.job("film")
    send(reception, film.head, make_head().to_bytes())
    send(reception, film.frame, make_jpegs("film", 2)[0])
    reception.commit()
    send(reception, film.head, b"")
    reception.commit()
    assert line.held[film.ack("cellar")] == b""
    assert said[-1].endswith("given up by its sender after 1 frames")


def test_live_pictures_are_the_newest_and_few(reception: Reception, sender: Role, tmp_path: Path) -> None:
    pictures = [_live(frame, number) for number, frame in enumerate(make_jpegs("x", 8))]
    for number, picture in enumerate(pictures):
        send(reception, sender.frame, picture)
        if number != 2:
            reception.commit()
    assert reception.live == 7
    (folder,) = (tmp_path / "out").iterdir()
    assert folder.name.startswith("live-board-publish-")
    written = [path.read_bytes() for path in sorted(folder.iterdir())]
    assert written == pictures[-3:]


def _live(jpeg: bytes, sequence: int) -> bytes:
    facts = read_facts(jpeg)
    start = jpeg.index(b"\xff\xfe")
    end = start + 2 + int.from_bytes(jpeg[start + 2 : start + 4])
    return add_facts(jpeg[:start] + jpeg[end:], replace(facts, job=None, sequence=sequence, last=False))


def test_what_does_not_belong_is_refused(reception: Reception, sender: Role, tmp_path: Path) -> None:
    film = sender.job("film")
    send(reception, film.head, make_head().to_bytes())
    frames = make_jpegs("film", 2)
    foreign = make_jpegs("other", 1)[0]
    large = make_jpegs("film", 1, width=66)[0]
    bomb = bytearray(frames[0])
    start = bomb.index(b"\xff\xc0")
    bomb[start + 5 : start + 9] = b"\xff\xff\xff\xff"
    for payload in (b"", b"\xff\xd8\xff\xd9", frames[0][:-2], foreign, large, bytes(bomb), bytes(200_000)):
        send(reception, film.frame, payload)
    assert reception.refused == 7
    send(reception, film.frame, frames[1])
    beyond = _live(frames[0], 5)
    send(reception, film.frame, beyond)
    assert reception.refused == 8
    reception.commit()
    names = {path.split("/", 1)[1] for path in files_below(tmp_path / "out")}
    assert names == {"job.json", "frame-000001.jpg"}


@pytest.mark.parametrize("leaf", ["../../escape", "a/../../b", "..", "%2e%2e", "a\\b", "con", ".hidden"])
def test_names_in_topics_are_never_names_of_files(
    leaf: str, reception: Reception, base: str, tmp_path: Path
) -> None:
    send(reception, f"{base}/board/publish/job/{leaf}/head", make_head().to_bytes())
    send(reception, f"{base}/board/{leaf}/frame", _live(make_jpegs("x", 1)[0], 0))
    reception.commit()
    inside = files_below(tmp_path)
    assert all(path.startswith("out/") for path in inside)
    assert all(not part.startswith(".") for path in inside for part in path.split("/"))


def test_links_are_not_followed(reception: Reception, sender: Role, tmp_path: Path) -> None:
    film = sender.job("film")
    send(reception, film.head, make_head().to_bytes())
    reception.commit()
    (folder,) = (tmp_path / "out").iterdir()
    precious = tmp_path / "precious"
    precious.write_bytes(b"keep")
    (folder / "frame-000000.jpg").symlink_to(precious)
    (folder / "frame-000000.jpg.unfinished").symlink_to(precious)
    send(reception, film.frame, make_jpegs("film", 1)[0])
    assert len(reception.commit()) == 1
    assert precious.read_bytes() == b"keep"
    assert not (folder / "frame-000000.jpg").is_symlink()


def test_a_link_in_place_of_the_folder_is_refused(
    reception: Reception, line: Line, sender: Role, tmp_path: Path, said: list[str]
) -> None:
    send(reception, sender.job("film").head, make_head().to_bytes())
    (folder,) = (tmp_path / "out").iterdir()
    (folder / "job.json").unlink()
    folder.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    with pytest.raises(InputError, match="a link stands where"):
        send(new_reception(line, tmp_path, said), sender.job("film").head, make_head().to_bytes())
    assert list(elsewhere.iterdir()) == []


def test_parts_that_do_not_add_up_are_left_out(reception: Reception, line: Line, sender: Role) -> None:
    film = sender.job("film")
    send(reception, film.head, make_head(beside=Beside(1, 5, "0" * 64)).to_bytes())
    send(reception, film.beside, make_part(0, 1, b"sound"))
    send(reception, film.frame, make_jpegs("film", 1)[0])
    (store,) = reception.commit()
    assert store.beside is None
    assert ack_of(line, sender).parts.through == 1


def test_ten_thousand_hostile_messages(reception: Reception, sender: Role, tmp_path: Path) -> None:
    """Seeded, and made of the parts that real messages are made of."""
    chance = random.Random(7)  # noqa: S311 - the same every time
    film = sender.job("film")
    frames = make_jpegs("film", 3)
    good = [make_head().to_bytes(), Ack("a").to_bytes(), *frames, b"", b"{}"]
    send(reception, film.head, good[0])
    levels = [
        sender.base,
        "board",
        "publish",
        "job",
        "film",
        "head",
        "frame",
        "beside",
        "ack",
        "..",
        "",
        "x" * 70,
        "#",
    ]
    for _ in range(10_000):
        topic = chance.choice([film.head, film.frame, film.beside, sender.frame, film.ack("x")])
        if chance.random() < 0.3:
            topic = "/".join(chance.choices(levels, k=chance.randrange(1, 8)))
        payload = bytearray(chance.choice(good))
        for _ in range(chance.randrange(4)):
            if payload:
                payload[chance.randrange(len(payload))] = chance.randrange(256)
        if chance.random() < 0.2:
            payload = payload[: chance.randrange(len(payload) + 1)] * chance.randrange(3)
        if topic == film.head and not payload:
            continue
        send(reception, topic, bytes(payload))
        if chance.random() < 0.05:
            reception.commit()
    reception.commit()
    assert reception.refused > 3000
    for path in files_below(tmp_path):
        folder, name = path.removeprefix("out/").split("/")
        assert folder.startswith(("film-", "live-")) or parse(f"a/b/c/job/{folder}/head")
        assert name == "job.json" or read_facts((tmp_path / path).read_bytes())


def test_what_is_subscribed() -> None:
    assert subscriptions("home") == [
        "home/+/+/job/+/head",
        "home/+/+/job/+/frame",
        "home/+/+/job/+/beside",
        "home/+/+/frame",
    ]
    one = subscriptions("home", sender="attic", job="film", live=False)
    assert one == [f"home/attic/+/job/film/{leaf}" for leaf in ("head", "frame", "beside")]
    assert json.loads(make_head().to_bytes())["size"] == [64, 48]


@pytest.mark.parametrize("leaf", ["snapshot", "telemetry", "set/colour", "state/colour", "availability"])
@pytest.mark.parametrize("payload", [b"", b"on", make_jpegs("film", 1)[0]])
def test_what_else_a_live_picture_says_is_passed_over(
    reception: Reception, sender: Role, tmp_path: Path, leaf: str, payload: bytes
) -> None:
    send(reception, f"{sender.prefix}/{leaf}", payload)
    assert reception.commit() == []
    assert (reception.refused, reception.live) == (0, 0)
    assert files_below(tmp_path) == set()
