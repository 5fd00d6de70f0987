"""Frames of a night's films: sent where somebody takes them, left out with a word where that costs time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from brokers import Mosquitto, ReceiverProcess, free_port
from films import make_film, stamps

from device.config import load_config
from device.engine import Stop
from device.errors import BrokerUnreachable, Interrupted
from device.jobs.film import FilmTask, run_film
from device.jobs.night_frames import NightFrames
from device.jobs.supervise import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from device.jobs.film import FilmResult
    from device.mqtt.address import Address


def colorized(tmp_path: Path, port: int, base: str, **publish: Any) -> FilmResult:
    """A film of a night with its frames sent, as far as that goes."""
    source, out = tmp_path / "film.mkv", tmp_path / "out.mkv"
    make_film(source, count=30, sound="aac")
    mqtt = {"host": "127.0.0.1", "port": port, "base": base, "device": "board"}
    config = load_config(overrides={"mqtt": mqtt, "publish": publish, "network": {"threads": 1}})
    result = run_film(
        FilmTask(source, out, config, publish=True, go_without=True),
        progress=lambda _: None,
        say=lambda _: None,
        stop=Stop(),
        terms=Terms(),
    )
    assert len(stamps(out)) == result.frames == 30
    return result


def test_a_receiver_gets_every_frame(address: Address, base: str, tmp_path: Path) -> None:
    receiver = ReceiverProcess(address.port, base, "desk", tmp_path / "received")
    receiver.start()
    result = colorized(tmp_path, address.port, base, to=["desk"])
    assert (result.delivered, result.receivers) == (30, ("desk",))
    assert result.notes == ()
    assert receiver.wait() == 0
    (folder,) = (tmp_path / "received").iterdir()
    assert len(list(folder.glob("frame-*.jpg"))) == 30


def test_without_a_receiver_the_film_is_made_all_the_same(
    address: Address, base: str, tmp_path: Path
) -> None:
    result = colorized(tmp_path, address.port, base, acknowledge_seconds=1)
    (note,) = result.notes
    assert "no receiver answered" in note
    assert "tintcast publish" in note


def test_without_a_broker_the_film_is_made_all_the_same(base: str, tmp_path: Path) -> None:
    (note,) = colorized(tmp_path, free_port(), base).notes
    assert "can't be reached" in note


def test_a_film_that_an_earlier_run_began_is_sent_no_more(tmp_path: Path, base: str) -> None:
    source, out = tmp_path / "film.mkv", tmp_path / "out.mkv"
    make_film(source, count=200, scenes=10)
    config = load_config(
        overrides={
            "film": {"segment_frames": 10},
            "mqtt": {"host": "127.0.0.1", "port": free_port(), "base": base, "connect_seconds": 1},
        }
    )
    stop = Stop()

    def soon(progress: Any) -> None:
        if progress.stage == "colour" and progress.done > 40:
            stop.request()

    task = FilmTask(source, out, config, publish=True, go_without=True)
    with pytest.raises(Interrupted):
        run_film(task, progress=soon, say=lambda _: None, stop=stop, terms=Terms())
    result = run_film(task, progress=lambda _: None, say=lambda _: None, stop=Stop(), terms=Terms())
    assert result.frames == 200
    assert result.resumed > 0
    assert "its frames were not sent over MQTT: an earlier run had begun it" in result.notes


#: Receivers are waited for no longer than this.
SOON = {"window": 8, "acknowledge_seconds": 2}


class Clock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class SlowSink:
    """Receivers that take ``each`` seconds for a frame."""

    def __init__(self, clock: Clock, tick: Callable[[], None], each: float) -> None:
        self._clock, self._tick, self._each = clock, tick, each
        self.taken = 0
        self.closed = self.aborted = False

    def write(self, _tinted: object) -> None:
        until = self._clock.now + self._each
        while self._clock.now < until:
            self._clock.now += 0.2
            self._tick()
        self.taken += 1

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True


def slow(each: float) -> tuple[NightFrames, list[SlowSink], Clock]:
    clock = Clock()
    made: list[SlowSink] = []

    @contextmanager
    def opened(tick: Callable[[], None]) -> Iterator[Any]:
        made.append(SlowSink(clock, tick, each))
        yield made[0]

    return NightFrames(opened, clock=clock), made, clock


def test_receivers_that_are_much_slower_than_the_film_are_left_behind() -> None:
    frames, made, clock = slow(2.0)
    with frames:
        for _ in range(1000):
            clock.now += 0.1
            frames.write(None)  # type: ignore[arg-type]  # nobody looks at it
    assert 5 < made[0].taken < 20
    assert made[0].aborted
    assert clock.now < 1000 * 0.1 + 30
    assert frames.note is not None
    assert "held up" in frames.note


def test_receivers_that_are_a_little_slow_get_everything() -> None:
    frames, made, clock = slow(0.2)
    with frames:
        for _ in range(200):
            clock.now += 1.0
            frames.write(None)  # type: ignore[arg-type]  # nobody looks at it
    assert (made[0].taken, made[0].closed, made[0].aborted, frames.note) == (200, True, False, None)


def test_a_run_that_is_interrupted_is_no_trouble_with_the_broker() -> None:
    def opened(_tick: Callable[[], None]) -> Any:
        raise Interrupted

    with pytest.raises(Interrupted):
        NightFrames(opened).write(None)  # type: ignore[arg-type]


def test_a_broker_is_not_asked_again_by_every_frame() -> None:
    asked = []

    def opened(_tick: Callable[[], None]) -> Any:
        asked.append(1)
        raise BrokerUnreachable("away")

    with NightFrames(opened) as frames:
        for _ in range(5):
            frames.write(None)  # type: ignore[arg-type]
    assert asked == [1]
    assert frames.sink is None


def test_a_broker_that_goes_away_takes_no_film_with_it(base: str, tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder)
    broker.start()
    receiver = ReceiverProcess(broker.port, base, "desk", tmp_path / "received")
    receiver.start()
    source, out = tmp_path / "film.mkv", tmp_path / "out.mkv"
    make_film(source, count=300)
    mqtt = {"host": "127.0.0.1", "port": broker.port, "base": base, "device": "board"}
    config = load_config(overrides={"mqtt": mqtt, "network": {"threads": 1}, "publish": SOON})

    def kill(progress: Any) -> None:
        if progress.done > 20 and broker.process is not None and broker.process.poll() is None:
            broker.kill()

    try:
        result = run_film(
            FilmTask(source, out, config, publish=True, go_without=True),
            progress=kill,
            say=lambda _: None,
            stop=Stop(),
            terms=Terms(),
        )
    finally:
        receiver.kill()
        broker.stop()
    assert result.frames == len(stamps(out)) == 300
    assert any("went no further" in note for note in result.notes)
