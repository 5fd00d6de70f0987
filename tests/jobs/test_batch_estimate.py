"""What films will take: measured on themselves, told by their kind, and never stopped by a bad one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from batches import settings
from colour_films import make_colour_film
from films import make_film, panned
from PIL import Image

from device.engine import Stop
from device.errors import Interrupted, NetworkFileError
from device.jobs.batch import estimate as room
from device.jobs.batch.board import Board
from device.jobs.batch.estimate import Estimate, How, Looked, Measurement, estimate
from device.jobs.batch.one_by_one import one_by_one, terms_of
from device.jobs.batch.scan import Item, State, scan

if TYPE_CHECKING:
    from device.config import Config

CLIP: dict[str, Any] = {"size": (160, 120), "count": 40, "codec": "libx264"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two grey films, one of them with sound, one in colour, a folder of pictures, and three bad films."""
    folder = tmp_path_factory.mktemp("films")
    make_film(folder / "grey.mp4", **CLIP)
    (folder / "more").mkdir()
    make_film(folder / "more" / "sound.mkv", **CLIP, sound="aac")
    make_colour_film(folder / "colour.mkv", [(30, "colour")])
    (folder / "numbered").mkdir()
    for number, luma in enumerate(panned(20, (96, 64))):
        Image.fromarray(luma).save(folder / "numbered" / f"{number:03d}.png")
    whole = (folder / "grey.mp4").read_bytes()
    (folder / "bad-half.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "bad-empty.mp4").write_bytes(b"")
    (folder / "bad-text.avi").write_text("not a film at all\n" * 100)
    return folder


@pytest.fixture(scope="module")
def config() -> Config:
    return settings(batch={"rate": 10})


@pytest.fixture(scope="module")
def found(folder: Path, config: Config) -> dict[str, Estimate]:
    return estimate(items(folder), config, stop=Stop())


def items(folder: Path) -> list[Item]:
    return scan(folder, folder / "out", sequences=True).items


@pytest.mark.parametrize(
    ("name", "frames", "length"), [("grey.mp4", 40, 1.6), ("more/sound.mkv", 40, 1.6), ("numbered", 20, 2.0)]
)
def test_a_film_is_measured(found: dict[str, Estimate], name: str, frames: int, length: float) -> None:
    each = found[name]
    assert (each.how, each.why) == (How.MEASURED, "")
    assert each.frames == pytest.approx(frames, abs=2)
    assert each.length == pytest.approx(length, abs=0.1)
    assert each.seconds > 0
    assert each.rate == pytest.approx(each.frames / each.seconds)
    assert each.bytes > 1000


def test_sound_is_counted(found: dict[str, Estimate]) -> None:
    assert found["more/sound.mkv"].bytes > found["grey.mp4"].bytes + 5000


def test_a_film_in_colour_is_only_looked_at(found: dict[str, Estimate]) -> None:
    each = found["colour.mkv"]
    assert (each.how, each.bytes, each.frames) == (How.COLOUR, 0, 30)
    assert each.seconds > 0


def test_where_all_is_tinted_a_film_in_colour_is_measured(folder: Path) -> None:
    only = [item for item in items(folder) if item.relative == "colour.mkv"]
    every = settings(colour={"when": "always"}, film={"colour_every": 4})
    (each,) = estimate(only, every, stop=Stop()).values()
    assert each.how is How.MEASURED
    assert each.bytes > 1000


def test_bad_films_are_told_and_stop_nothing(found: dict[str, Estimate]) -> None:
    for name in ("bad-half.mp4", "bad-empty.mp4", "bad-text.avi"):
        assert found[name].how is How.UNKNOWN
        assert found[name].why
        assert (found[name].frames, found[name].seconds, found[name].bytes) == (0, 0, 0)


def test_what_is_found_stands_in_the_order_of_the_work(folder: Path, found: dict[str, Estimate]) -> None:
    assert list(found) == [item.relative for item in items(folder)]


def test_without_time_to_measure_nothing_is_made_up(folder: Path, config: Config) -> None:
    only = [item for item in items(folder) if item.relative == "grey.mp4"]
    (each,) = estimate(only, config, stop=Stop(), budget_s=0).values()
    assert (each.how, each.why) == (How.UNKNOWN, "no film like it could be measured")


def test_a_network_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(NetworkFileError):
        estimate(items(folder), settings(network={"name": "no-such-network"}), stop=Stop())


def test_a_stop_ends_it(folder: Path, config: Config) -> None:
    stop = Stop()
    stop.request()
    with pytest.raises(Interrupted):
        estimate(items(folder), config, stop=stop)


def looked(kind: str, samples: int, frames: int) -> Looked:
    return Looked((kind,), samples, frames, length=frames / 25, beside=100.0)


def test_what_is_not_measured_is_told_by_its_kind_or_by_the_next_size() -> None:
    films = {
        "a": looked("small", 1000, 100),
        "b": looked("small", 1000, 300),
        "c": looked("large", 4000, 100),
        "d": looked("huge", 8000, 100),
    }
    measured = {
        "a": Measurement(opening=1, each=0.1, bytes=50, passed=0, whole=100),
        "c": Measurement(opening=1, each=0.4, bytes=200, passed=0, whole=0),
    }
    alike = room._alike(films["b"], films, measured, 2.0)
    assert alike.how is How.ALIKE
    assert alike.seconds == pytest.approx(2 + 1 + 300 * 0.1)
    assert alike.bytes == 300 * 50 + 12 * 100
    next_size = room._alike(films["d"], films, measured, 2.0)
    assert next_size.seconds == pytest.approx(2 + 1 + 100 * 0.8)


def test_kinds_take_turns_the_longest_film_first() -> None:
    films = {
        name: looked(kind, 1000, frames)
        for name, kind, frames in [("a", "x", 10), ("b", "x", 30), ("c", "x", 20), ("d", "y", 5)]
    }
    turns = room._in_turns([item(f"{name}.mp4", name) for name in films], films)
    assert [each.relative for each in turns] == ["b", "d", "c", "a"]


def test_of_a_film_that_was_begun_the_rest_is_left() -> None:
    each = Estimate(How.MEASURED, seconds=100, frames=50)
    assert [each.left(done) for done in (0, 25, 50, 60)] == [100, 50, 0, 0]
    assert Estimate(How.UNKNOWN).left(10) == 0


def item(name: str, relative: str | None = None) -> Item:
    return Item(Path(name), relative or name, "film", State(0, 0, 0))


def do(names: list[str], config: Config) -> tuple[dict[str, str], dict[str, str]]:
    got: dict[str, str] = {}
    failed = one_by_one(
        "odd_looker",
        tuple,
        [item(name) for name in names],
        Stop(),
        began=lambda _: None,
        got=got.__setitem__,
        stall_s=8,
        terms=terms_of(config),
    )
    return got, failed


@pytest.fixture
def _children_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)


@pytest.mark.usefixtures("_children_are_found")
def test_one_that_kills_its_process_is_passed_over(config: Config) -> None:
    got, failed = do(["a.mp4", "crash.mp4", "b.mp4", "refuse.mp4", "hang.mp4", "c.mp4"], config)
    assert got == {"a.mp4": "A", "b.mp4": "B", "c.mp4": "C"}
    assert set(failed) == {"crash.mp4", "refuse.mp4", "hang.mp4"}
    assert "SIGSEGV" in failed["crash.mp4"]
    assert failed["refuse.mp4"] == "is broken"
    assert failed["hang.mp4"] == "no progress for 8 s"


@pytest.mark.usefixtures("_children_are_found")
def test_what_is_wrong_with_all_of_them_ends_it(config: Config) -> None:
    with pytest.raises(NetworkFileError, match="is gone"):
        do(["a.mp4", "network.mp4", "b.mp4"], config)


def test_a_boards_own_work_is_not_others() -> None:
    board = Board()
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    assert 0 <= board.others() < 1
