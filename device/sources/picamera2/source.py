"""One camera by picamera2, as a live source."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import CancelledError
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Self

from device.errors import CameraWedged, SourceLost
from device.frames import Frame
from device.sources.mirror import mirrored
from device.sources.pace import Pace
from device.sources.picamera2.asking import LIMITS, Agreed, Controls, agree, controls_for, tuning_file
from device.sources.picamera2.gaps import Gaps
from device.sources.picamera2.library import AGAIN, CLOSE_S, OPEN_S, Library, hangs, load, refusal, within
from device.sources.v4l2.formats import PIXELS, DamagedFrameError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from device.config import CameraSettings
    from device.media.planes import Planes

#: Longest that a wait for a frame goes on before it looks whether the source was closed, in seconds.
_POLL_S: Final = 0.1
#: The first frame comes later than the others: exposure and gain are found first.
_FIRST_S: Final = 5.0
#: A time of capture older than this is none.
_OLDEST_NS: Final = 10_000_000_000
#: How often a change of controls is said. One of them is lost where it meets a request on its way back.
_TIMES: Final = 3
_NANO: Final = Fraction(1, 1_000_000_000)


class Picamera2Source:
    """Camera ``number`` of picamera2, as ``settings`` ask for it; what it can't do it is not asked for.

    Raises SourceLost where it is not there, in use, or does not start; ConfigurationError where picamera2
    can't be used, or the camera can't do what is asked; CameraWedged, also from ``close``, where the library
    hangs: only the end of the process frees the camera then, and that had better not wait for its threads.
    """

    def __init__(self, number: int, settings: CameraSettings) -> None:
        self._where = f"picamera2:{number}"
        self._pace = Pace()
        self._using = threading.Lock()  # held while the camera is asked for a frame, or closed
        self._gaps = Gaps()
        self._index = -1
        self._dropped = 0
        self._corrupt = 0
        self._captured_ns = 0
        self._sent_resting = False
        self._to_say = 0
        self._library, self._camera, self._agreed, self._controls = within(
            OPEN_S, lambda: _open(number, settings), self._where
        )
        self._name = _name(self._agreed, self._controls)
        self._stall_s = settings.patience_s
        self._wedged: CameraWedged | None = None

    @property
    def name(self) -> str:
        """What it is, for people."""
        return self._name

    @property
    def dropped(self) -> int:
        """Frames lost so far: those that nobody took in time, and those that the sensor's link lost."""
        return self._dropped

    @property
    def corrupt(self) -> int:
        """Frames so far that the camera said are damaged, or that are too short."""
        return self._corrupt

    def rest(self, *, resting: bool) -> None:
        """Have two frames a second do, and a sensor that can go slower go slower; or all of them again."""
        self._pace.rest(resting=resting)

    def frames(self) -> Iterator[Frame]:
        """Yield what the camera sees, until ``close``. Raises SourceLost where it no longer gives any."""
        patience = max(_FIRST_S, 2 * self._stall_s)
        while True:
            with self._using:
                camera = self._camera
                if camera is None or self._pace.closed:
                    return
                frame = self._next(camera, patience)
            patience = self._stall_s
            if frame is not None:
                yield frame

    def close(self) -> None:
        """Let go of the camera, from any thread, more than once.

        Raises CameraWedged where it hangs, each time: whoever hears it first may not be who can act on it.
        """
        self._pace.close()
        if not self._using.acquire(timeout=CLOSE_S):
            self._wedged = hangs(CLOSE_S, self._where)
            raise self._wedged
        try:
            if self._wedged is not None:
                raise self._wedged
            camera, self._camera = self._camera, None
            if camera is not None:
                _shut(camera, self._where)
        except CameraWedged as error:
            self._wedged = error
            raise
        finally:
            self._using.release()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _next(self, camera: Any, patience: float) -> Frame | None:
        """The next frame; None where it is not wanted, damaged, or the source was closed meanwhile."""
        try:
            self._say_pace(camera)
            request = self._request(camera, patience)
            if request is None:
                return None
            try:
                return self._frame(request)
            finally:
                request.release()
        except (RuntimeError, OSError, CancelledError) as error:
            raise SourceLost(f"the camera has stopped: {error}", where=self._where) from error

    def _request(self, camera: Any, patience: float) -> Any:
        """A completed request, or None where the source was closed. Raises SourceLost where none comes."""
        until = time.monotonic() + patience
        job = camera.capture_request(wait=False)
        while not self._pace.closed:
            left = until - time.monotonic()
            try:
                return job.get_result(timeout=max(0.0, min(_POLL_S, left)))
            except TimeoutError:
                if left > 0:
                    continue
            _cancel(camera)
            raise SourceLost(
                f"no frame for {patience:g} s", where=self._where, hint="is the camera's cable loose?"
            )
        _cancel(camera)
        return None

    def _frame(self, request: Any) -> Frame | None:
        told = request.get_metadata()
        stamp, duration = told.get("SensorTimestamp"), told.get("FrameDuration")
        now = time.monotonic_ns()
        lost = self._gaps.lost(int(request.request.sequence), stamp, duration)
        self._dropped += lost
        self._index += lost
        if not self._pace.due(now):
            return None
        self._index += 1
        try:
            planes = self._planes(request)
        except DamagedFrameError:
            self._corrupt += 1
            return None
        self._captured_ns = captured = max(self._captured_ns + 1, captured_ns(stamp, now))
        return Frame(
            luma=planes.luma,
            cb=None if self._agreed.mono else planes.cb,
            cr=None if self._agreed.mono else planes.cr,
            colour_space=self._agreed.colour_space,
            index=self._index,
            pts=captured,
            time_base=_NANO,
            captured_ns=captured,
            rotation=self._agreed.left.rotation,
        )

    def _planes(self, request: Any) -> Planes:
        """The frame's planes, copied out of the camera's buffer, and mirrored where it did not do that."""
        if any(_is_damaged(buffer) for buffer in request.request.buffers.values()):
            raise DamagedFrameError
        with self._library.mapped(request, "main", reshape=False, write=False) as mapped:
            planes = PIXELS[self._agreed.stored.name].take(mapped.array, self._agreed.stored)
        left = self._agreed.left
        return mirrored(planes, hflip=left.hflip, vflip=left.vflip)

    def _say_pace(self, camera: Any) -> None:
        """Have the sensor go slower while nobody looks, and as fast as before when somebody does."""
        resting = self._pace.resting
        if resting != self._sent_resting:
            self._sent_resting, self._to_say = resting, _TIMES
        if self._to_say:
            self._to_say -= 1
            camera.set_controls(self._controls.rest if resting else self._controls.wake)


def captured_ns(stamp_ns: int | None, now_ns: int) -> int:
    """The monotonic time of a sensor's time stamp; now where it has none, or one that can't be.

    libcamera says that it counts since boot, sleep included; what its drivers give does not include it. Where
    the machine has slept, only one of the two lies in the past.
    """
    if not stamp_ns:
        return now_ns
    if stamp_ns > now_ns:
        stamp_ns -= time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    return stamp_ns if 0 <= now_ns - stamp_ns < _OLDEST_NS else now_ns


def _open(number: int, settings: CameraSettings) -> tuple[Library, Any, Agreed, Controls]:
    """Find, open, configure and start a camera."""
    library = load()
    camera = library.open(number, tuning_file(library, settings))
    try:
        agreed = agree(library, camera, settings)
        controls = controls_for(settings, camera.camera_controls)
        camera.set_controls(controls.start)
        camera.start()
    except BaseException as error:
        with contextlib.suppress(Exception):
            camera.close()
        if isinstance(error, (RuntimeError, OSError)):
            raise refusal(error, f"picamera2:{number}") from error
        raise
    return library, camera, agreed, controls


def _shut(camera: Any, where: str) -> None:
    """Close a camera. Raises CameraWedged where that does not come to an end, or not to a good one."""

    def shut() -> None:
        _cancel(camera)
        # Not stop() first: that waits for the library's thread, which may be dead; close() ends the thread.
        camera.close()

    try:
        within(CLOSE_S, shut, where)
    except (RuntimeError, OSError) as error:
        raise CameraWedged(f"the camera can't be closed: {error}", where=where, hint=AGAIN) from error


def _cancel(camera: Any) -> None:
    """Take back what was asked for: a frame that comes later would be lent out for ever."""
    cancel = getattr(camera, "cancel_all_and_flush", None)  # since 0.3.20
    if cancel is not None:
        cancel()


def _is_damaged(buffer: Any) -> bool:
    status = getattr(buffer.metadata, "status", None)
    return getattr(status, "name", "Success") in {"Error", "Cancelled"}


def _name(agreed: Agreed, controls: Controls) -> str:
    stored = agreed.stored
    rate = f", {1e6 / controls.interval_us:.4g}/s" if controls.start.get(LIMITS) else ""
    return f"{agreed.model}, {stored.width}x{stored.height} {agreed.format}{rate}"
