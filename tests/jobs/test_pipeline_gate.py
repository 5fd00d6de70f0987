"""A pipeline that is held takes no more frames; what was under way is done, and nothing behind it ends."""

from __future__ import annotations

import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import numpy as np
import pytest

from device.engine import Gate, Stop
from device.errors import Interrupted
from device.frames import ColourSpace, Frame, TintedFrame
from device.jobs.pipeline import Summary, run_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT, HELD_AT = 40, 10
REST_S = 1.5


class Source:
    """Holds ``gate`` at one of its frames."""

    read = 0

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def frames(self) -> Iterator[Frame]:
        luma = np.full((12, 16), 100, np.uint8)
        for index in range(COUNT):
            self.read = index
            if index == HELD_AT:
                self._gate.hold("the board is hot")
            yield Frame(
                luma=luma, colour_space=ColourSpace(), index=index, pts=index, time_base=Fraction(1, 25)
            )

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Grey:
    """A stage that gives no colour."""

    network_ms = 0.0

    def step(self, frame: Frame) -> Iterator[TintedFrame]:
        yield TintedFrame(frame, frame.luma, np.zeros((2, 2, 2), np.float32))

    def flush(self) -> Iterator[TintedFrame]:
        return iter(())


class Kept:
    """A sink that remembers what it took, and how it ended."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.ends: list[str] = []

    def write(self, tinted: TintedFrame) -> None:
        self.taken.append(tinted.frame.index)

    def close(self) -> None:
        self.ends.append("closed")

    def abort(self) -> None:
        self.ends.append("aborted")


def begin(source: Source, sink: Kept, stop: Stop, gate: Gate) -> tuple[threading.Thread, list[object]]:
    ended: list[object] = []

    def run() -> None:
        try:
            # What holds it lasts longer than its patience with a thread.
            ended.append(run_pipeline(source, Grey(), [sink], stop, gate=gate, patience_s=0.5))
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, ended


def until_held(gate: Gate, ended: list[object]) -> None:
    deadline = time.monotonic() + 20
    while gate.held is None:
        assert not ended
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_pause_longer_than_anyones_patience_costs_nothing_but_its_time() -> None:
    stop = Stop()
    gate, sink = Gate(stop), Kept()
    source = Source(gate)
    began = time.monotonic()
    thread, ended = begin(source, sink, stop, gate)
    until_held(gate, ended)
    time.sleep(REST_S)
    assert source.read == HELD_AT
    assert sink.taken == list(range(HELD_AT))
    assert sink.ends == []
    gate.release()
    thread.join(20)
    took = time.monotonic() - began
    (summary,) = ended
    assert isinstance(summary, Summary)
    assert sink.taken == list(range(COUNT))
    assert sink.ends == ["closed"]
    assert summary.seconds <= took - REST_S + 0.1


def test_a_stop_ends_it_while_it_is_held() -> None:
    stop = Stop()
    gate, sink = Gate(stop), Kept()
    thread, ended = begin(Source(gate), sink, stop, gate)
    until_held(gate, ended)
    stop.request()
    thread.join(20)
    with pytest.raises(Interrupted):
        raise next(error for error in ended if isinstance(error, BaseException))
    assert sink.ends == ["aborted"]
