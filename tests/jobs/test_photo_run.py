"""A run over many photographs: what ends it, what doesn't, and how much is worked on at a time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from device.engine import Stop
from device.errors import Interrupted, SpaceError, UnreadablePicture
from device.jobs.photo_develop import Developed, Outcome
from device.jobs.photo_plan import Place, Plan
from device.jobs.photo_run import Notes, PhotoRun

COUNT = 20


class Developer:
    """Stands for the real one: as much work, of as many pixels, as a test wants."""

    def __init__(self, errors: dict[int, Exception] | None = None, pixels: int = 0) -> None:
        self.errors, self.pixels = errors or {}, pixels
        self.begun: list[int] = []
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def cost(self, _place: Place, *, pair: bool) -> int:
        assert not pair
        return self.pixels

    def develop(self, place: Place, *, pair: bool) -> Developed:
        assert not pair
        number = int(place.source.stem)
        with self._lock:
            self.begun.append(number)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        threading.Event().wait(0.01)
        with self._lock:
            self.at_once -= 1
        if number in self.errors:
            raise self.errors[number]
        return Developed(Outcome.COLOURED)


def run(developer: Developer, stop: Stop, told: list[str], shown: list[int], threads: int = 4) -> PhotoRun:
    places = tuple(Place(*[Path(f"{number}.png")] * 4) for number in range(COUNT))
    made = PhotoRun(
        Plan(places),
        developer,  # type: ignore[arg-type]
        None,
        stop,
        say=told.append,
        progress=lambda now, _of: shown.append(now),
        alone=False,
    )
    made.work(threads)
    return made


def test_one_picture_takes_no_other_with_it() -> None:
    errors: dict[int, Exception] = {
        3: UnreadablePicture("broken", where="3.png"),
        5: MemoryError(),
        7: ZeroDivisionError("ours"),
    }
    told: list[str] = []
    shown: list[int] = []
    made = run(Developer(errors), Stop(), told, shown)
    assert made.counts == {Outcome.COLOURED: COUNT - 3, Outcome.FAILED: 3}
    assert sorted(told) == [
        "3.png: broken",
        "5.png: too large for this machine's memory",
        "7.png: a mistake of ours: ZeroDivisionError: ours",
    ]
    assert shown == list(range(1, COUNT + 1))


def test_a_full_disk_ends_the_run() -> None:
    developer = Developer({4: SpaceError("no space left", where="4.png")})
    with pytest.raises(SpaceError):
        run(developer, Stop(), [], [])
    assert len(developer.begun) < COUNT


def test_a_stop_lets_what_was_begun_end_and_says_how_far_it_came() -> None:
    stop, shown = Stop(), []  # type: ignore[var-annotated]

    class Stopping(Developer):
        def develop(self, place: Place, *, pair: bool) -> Developed:
            if len(self.begun) == 6:
                stop.request()
            return super().develop(place, pair=pair)

    developer = Stopping()
    with pytest.raises(Interrupted, match=f"of {COUNT} pictures are done"):
        run(developer, stop, [], shown)
    assert len(shown) == len(developer.begun) < COUNT


def test_large_pictures_are_worked_on_one_at_a_time() -> None:
    small, large = Developer(pixels=12_000_000), Developer(pixels=60_000_000)
    run(small, Stop(), [], [])
    run(large, Stop(), [], [])
    assert small.most_at_once > 1
    assert large.most_at_once == 1


def test_pictures_are_begun_in_order() -> None:
    developer = Developer()
    run(developer, Stop(), [], [], threads=1)
    assert developer.begun == list(range(COUNT))


def test_a_note_is_said_once_and_at_the_end_of_how_many_more() -> None:
    told: list[str] = []
    notes = Notes(told.append)
    for number in range(5):
        notes.take(Path(f"{number}.png"), "deep")
    notes.take(Path("x\x1b.png"), "odd")
    assert told == ["0.png: note: deep", "x .png: note: odd"]
    notes.close()
    assert told[2:] == ["4 more: note: deep"]
