"""A live picture into a film."""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING

from device.errors import ConfigurationError, Interrupted, SpaceError, TintcastError, from_os_error
from device.media.containers import container_for
from device.media.segments import WorkFolder
from device.sinks import ClosedOrAborted
from device.sinks.recording import Recording, Shape, finish_left_behind, left_behind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import FilmSettings
    from device.frames import TintedFrame

#: The finished film is a copy of its segments, made beside them: so much room must be left for it.
_MARGIN = 1.05
_SPARE = 64 << 20
#: How often the room on the disk is looked at, in seconds.
_LOOK_S = 2.0


class RecordSink(ClosedOrAborted):
    """Writes every frame into the film ``out``, time stamps as captured, in segments that survive a crash.

    A film that stands under that name is never overwritten: the next number is taken. Frames of another size
    or depth begin a film of their own. ``network``: asked for its name; ``say``: a line for people. What an
    earlier run left unfinished in the same folder is finished meanwhile.

    Raises ConfigurationError for a kind of file that is not written, a folder that is not there, and a codec
    that can't be.
    """

    def __init__(
        self,
        out: Path,
        settings: FilmSettings,
        *,
        network: Callable[[], str],
        say: Callable[[str], None],
    ) -> None:
        container_for(out, settings.codec)
        if not out.parent.is_dir():
            raise ConfigurationError("its folder does not exist", where=out)
        self._out = out
        self._settings = settings
        self._network = network
        self._say = say
        self._recording: Recording | None = None
        self._look_at = 0.0
        self._giving_up = threading.Event()
        self._finishing: list[threading.Thread] = []
        for left in list(left_behind(out.parent)):
            self._in_the_background(lambda left=left: self._finish_left(left))  # type: ignore[misc]

    def write(self, tinted: TintedFrame) -> None:
        """Encode one frame. Raises SpaceError when the disk is nearly full, once the film is finished."""
        frame = tinted.frame
        shape = Shape.of(frame, self._settings.codec)
        recording = self._recording
        if recording is None or recording.shape != shape:
            recording = self._begin(shape)
        captured = frame.captured_ns if frame.captured_ns is not None else time.monotonic_ns()
        recording.write(tinted, captured, self._network())
        self._check_room(recording)

    def close(self) -> None:
        """Make a film of what was recorded, verify it, and give it its name."""
        recording, self._recording = self._recording, None
        if recording is not None:
            self._finish(recording)
        for thread in self._finishing:
            thread.join()

    def abort(self) -> None:
        """Stop; what is on the disk is made a film when the next recording into its folder begins."""
        self._giving_up.set()
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.leave()
            if recording.bytes:
                self._say(f"{recording.out}: not finished; the next recording into its folder finishes it")
        for thread in self._finishing:
            thread.join()

    def _begin(self, shape: Shape) -> Recording:
        before = self._recording
        out = free_name(self._out)
        if before is not None:
            self._say(f"recording goes on in {out}: the picture is another one now")
            self._recording = None
            self._in_the_background(lambda: self._finish(before))
        elif out != self._out:
            self._say(f"recording to {out}: {self._out.name} is there already")
        self._recording = Recording(out, shape, self._settings)
        return self._recording

    def _check_room(self, recording: Recording) -> None:
        """Stop while there is still room for the finished film."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_S
        folder = self._out.parent
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise from_os_error(error, where=folder, doing="its room can't be told") from None
        if free > recording.bytes * _MARGIN + _SPARE:
            return
        self._recording = None
        self._finish(recording)
        raise SpaceError("recording stopped: the disk is nearly full", where=recording.out)

    def _finish(self, recording: Recording) -> None:
        lasts = recording.finish(self._tick)
        self._say(f"recorded {recording.out}: {recording.frames} frames, {lasts:.1f} s")

    def _finish_left(self, out: Path) -> None:
        try:
            lasts = finish_left_behind(out, self._tick)
        except ConfigurationError:
            return  # another run is still recording it
        if lasts:
            self._say(f"finished {out}, which was cut off: {lasts:.1f} s")

    def _tick(self) -> None:
        if self._giving_up.is_set():
            raise Interrupted

    def _in_the_background(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except Interrupted:
                pass
            except TintcastError as error:
                self._say(str(error))

        thread = threading.Thread(target=run, name="finishing", daemon=True)
        self._finishing.append(thread)
        thread.start()


def free_name(out: Path) -> Path:
    """``out``, or with the first number behind it that no film and no recording has."""
    name, number = out, 1
    while name.exists() or WorkFolder.path_for(name).exists():
        number += 1
        name = out.with_name(f"{out.stem}-{number}{out.suffix}")
    return name
