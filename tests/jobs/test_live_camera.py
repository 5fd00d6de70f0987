"""A camera that is kept alive: it dies, stalls, hangs, is switched off, and comes back."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import pytest
from brokers import wait_until
from live import FakeCamera

from device.engine import Leases, Stop, Workers
from device.errors import CameraWedged, MissingInput, SourceLost, Stuck
from device.jobs.live import camera as room
from device.jobs.live.camera import Camera
from device.sources.pattern import PatternSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.frames import Frame


class Kept:
    """A camera under supervision, and all that came of it."""

    def __init__(self, opener: Callable[[], Any], stall_s: float = 0.5) -> None:
        self.frames: list[Frame] = []
        self.said: list[str] = []
        self.stop = Stop()
        self.workers = Workers(self.stop, Leases())
        self.camera = Camera(
            opener, self.frames.append, stop=self.stop, stall_s=stall_s, say=self.said.append
        )

    def __enter__(self) -> Self:
        self.workers.start("camera", self.camera.run)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.request()
        self.workers.join(10)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(room, "_CLOSING_S", 0.6)


def lost_after(count: int) -> Callable[[int], None]:
    def script(index: int) -> None:
        if index == count:
            raise SourceLost("it was unplugged", where="test camera")

    return script


def test_frames_come_as_from_the_source() -> None:
    with Kept(lambda: PatternSource((64, 48), 100)) as kept:
        wait_until(lambda: len(kept.frames) >= 5)
        assert kept.camera.state == "live"
        assert kept.camera.name == "test pattern, 64x48, 100/s"
    indices = [frame.index for frame in kept.frames]
    assert indices == sorted(indices)
    assert kept.said == []


def test_one_that_dies_is_said_once_and_opened_until_it_is_back() -> None:
    opened: list[float] = []

    def opener() -> FakeCamera:
        opened.append(time.monotonic())
        if 2 <= len(opened) <= 4:
            raise SourceLost("no such device", where="/dev/video9")
        return FakeCamera(lost_after(3) if len(opened) == 1 else lambda _: None)

    with Kept(opener) as kept:
        wait_until(lambda: kept.said)
        assert kept.camera.state.startswith("waiting for camera: ")
        wait_until(lambda: len(opened) == 5 and kept.camera.state == "live")
        wait_until(lambda: len(kept.said) == 2)
        assert "it was unplugged" in kept.said[0]
        assert kept.said[1].startswith("test camera: back after ")
    pauses = [after - before for before, after in itertools.pairwise(opened)][1:]
    assert pauses[-1] > 2 * pauses[0]


def test_a_source_that_can_not_be_opened_is_never_spun_on() -> None:
    opened: list[None] = []

    def opener() -> FakeCamera:
        opened.append(None)
        raise SourceLost("nothing there")

    with Kept(opener) as kept:
        time.sleep(1)
        assert kept.camera.state == "waiting for camera: nothing there"
    assert 2 <= len(opened) <= 6
    assert len(kept.said) == 1


class Hanging(FakeCamera):
    """Stands still after three frames; ``stubborn``: whatever is asked of it."""

    def __init__(self, *, stubborn: bool = False) -> None:
        super().__init__()
        self._stubborn = stubborn
        self.released = threading.Event()

    def frames(self) -> Iterator[Frame]:
        for number, frame in enumerate(super().frames()):
            yield frame
            if number == 2:
                self.released.wait(20)
                return

    def close(self) -> None:
        if not self._stubborn:
            self.released.set()
        super().close()


def test_a_stall_is_noticed_in_time_and_the_source_opened_again() -> None:
    cameras = iter([Hanging(), FakeCamera()])
    with Kept(lambda: next(cameras), stall_s=0.5) as kept:
        wait_until(lambda: len(kept.frames) == 3)
        stalled = time.monotonic()
        wait_until(lambda: kept.said)
        assert 0.3 < time.monotonic() - stalled < 2
        assert "no frame for 0.5 s" in kept.said[0]
        wait_until(lambda: len(kept.frames) > 5)


@pytest.mark.parametrize("stalls", [False, True])
def test_a_loss_is_said_although_closing_takes_long(
    stalls: bool,  # noqa: FBT001 - a case
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "_CLOSING_S", 20)
    may_close = threading.Event()

    class SlowToClose(FakeCamera):
        def frames(self) -> Iterator[Frame]:
            yield from itertools.islice(super().frames(), 3)
            if stalls:
                may_close.wait(30)
            raise SourceLost("it was unplugged", where=self.name)

        def __exit__(self, *_: object) -> None:
            may_close.wait(30)

    with Kept(SlowToClose, stall_s=0.5) as kept:
        wait_until(lambda: kept.said)
        assert kept.camera.state.startswith("waiting for camera")
        assert not may_close.is_set()
        may_close.set()
        assert len([line for line in kept.said if "waiting" in line]) == 1


def test_one_that_hangs_for_good_wants_a_new_process() -> None:
    stuck = Hanging(stubborn=True)
    kept = Kept(lambda: stuck, stall_s=0.2)
    kept.workers.start("camera", kept.camera.run)
    with pytest.raises(CameraWedged, match="test camera: it hangs and can't be closed"):
        kept.workers.join(10)
    stuck.released.set()


def test_one_that_says_it_is_wedged_is_believed() -> None:
    def opener() -> FakeCamera:
        raise CameraWedged("the event thread is dead")

    kept = Kept(opener)
    kept.workers.start("camera", kept.camera.run)
    with pytest.raises(CameraWedged, match="dead"):
        kept.workers.join(10)


def test_what_no_new_try_heals_ends_it() -> None:
    def opener() -> FakeCamera:
        raise MissingInput("no such file or folder", where="film.mp4")

    kept = Kept(opener)
    kept.workers.start("camera", kept.camera.run)
    with pytest.raises(MissingInput):
        kept.workers.join(10)


def test_the_end_of_a_film_is_the_end() -> None:
    with Kept(lambda: PatternSource((64, 48), 200, count=5)) as kept:
        assert kept.camera.ended.wait(10)


def test_off_closes_it_and_on_opens_it_at_once() -> None:
    cameras: list[FakeCamera] = []

    def opener() -> FakeCamera:
        cameras.append(FakeCamera())
        return cameras[-1]

    with Kept(opener) as kept:
        wait_until(lambda: kept.frames)
        kept.camera.switch(on=False)
        assert kept.camera.state == "off"
        wait_until(lambda: kept.camera.name is None)
        assert cameras[0]._closed.is_set()
        time.sleep(0.3)
        assert len(cameras) == 1
        kept.camera.switch(on=True)
        began = time.monotonic()
        wait_until(lambda: kept.camera.state == "live")
        assert time.monotonic() - began < 3
        assert len(cameras) == 2
    assert kept.said == []


class Slow(FakeCamera):
    """Takes its time to close."""

    def frames(self) -> Iterator[Frame]:
        yield from super().frames()
        time.sleep(0.4)


def test_off_and_on_while_it_closes_is_not_the_end() -> None:
    with Kept(Slow) as kept:
        wait_until(lambda: kept.frames)
        first = kept.camera._session
        kept.camera.switch(on=False)
        wait_until(lambda: first is not None and first.closing)
        kept.camera.switch(on=True)
        wait_until(lambda: kept.camera._session is not first and kept.camera.state == "live")
        assert not kept.camera.ended.is_set()
    assert kept.said == []


def test_a_loss_while_it_is_closed_is_none() -> None:
    class Torn(FakeCamera):
        def frames(self) -> Iterator[Frame]:
            yield from super().frames()
            raise SourceLost("the descriptor is closed")

    with Kept(Torn) as kept:
        wait_until(lambda: kept.frames)
        kept.camera.switch(on=False)
        wait_until(lambda: kept.camera._session is None)
        kept.camera.switch(on=True)
        wait_until(lambda: kept.camera.state == "live")
    assert kept.said == []


def test_off_while_it_opens_waits_for_that_and_reads_nothing() -> None:
    cameras: list[FakeCamera] = []

    def opener() -> FakeCamera:
        if not cameras:
            time.sleep(1.5)
        cameras.append(FakeCamera())
        return cameras[-1]

    with Kept(opener) as kept:
        wait_until(lambda: kept.camera._session is not None)
        kept.camera.switch(on=False)
        wait_until(lambda: cameras and kept.camera._session is None)
        assert cameras[0]._closed.is_set()
        assert kept.frames == []
        assert kept.stop.error is None
        kept.camera.switch(on=True)
        wait_until(lambda: kept.camera.state == "live")
    assert kept.said == []


def test_a_stop_while_off_waits_for_one_that_opens_is_soon_through() -> None:
    opening, go = threading.Event(), threading.Event()

    def opener() -> FakeCamera:
        opening.set()
        go.wait(20)
        return FakeCamera()

    kept = Kept(opener)
    kept.workers.start("camera", kept.camera.run)
    wait_until(opening.is_set)
    kept.camera.switch(on=False)
    time.sleep(0.3)
    kept.stop.request()
    began = time.monotonic()
    with pytest.raises(Stuck, match="camera: it is still being opened"):
        kept.workers.join(10)
    assert time.monotonic() - began < 6
    go.set()


def test_off_ends_a_wait_for_a_camera_that_is_lost() -> None:
    def opener() -> FakeCamera:
        raise SourceLost("nothing there")

    with Kept(opener) as kept:
        wait_until(lambda: kept.said)
        kept.camera.switch(on=False)
        wait_until(lambda: kept.camera.state == "off")


def test_a_source_that_opens_while_all_rests_is_told() -> None:
    cameras = [FakeCamera()]
    kept = Kept(lambda: cameras[0])
    kept.camera.rest(resting=True)
    with kept:
        wait_until(lambda: kept.frames)
        assert cameras[0].rests == [True]
        kept.camera.rest(resting=False)
        assert cameras[0].rests == [True, False]


def test_losses_add_up_over_sources() -> None:
    cameras = [FakeCamera(lost_after(2)), FakeCamera()]
    cameras[0].dropped, cameras[1].dropped = 3, 4
    todo = iter(cameras)
    with Kept(lambda: next(todo)) as kept:
        wait_until(lambda: len(kept.frames) > 3)
        assert kept.camera.dropped == 7
