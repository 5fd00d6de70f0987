"""Where frames come from. A source knows nothing of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from device.frames import Frame


class Source(Protocol):
    """What every source is: frames, one after the other, and an end."""

    def frames(self) -> Iterator[Frame]:
        """Yield the frames, in order. Raises what went wrong with the source, where it went wrong."""
        ...

    def close(self) -> None:
        """Let go of what is open; from any thread, more than once. ``frames`` ends soon after."""
        ...

    def __enter__(self) -> Self:
        """Return the source itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        ...


class LiveSource(Source, Protocol):
    """A source whose frames come at their own time: a camera, a stream, or what plays like one.

    Each frame has ``captured_ns``; ``index`` has gaps where frames were lost. ``frames`` raises SourceLost
    soon after the source is gone, at the latest when ``stall_seconds`` have passed without a frame, and
    CameraWedged where only a new process helps. It is called once.
    """

    @property
    def name(self) -> str:
        """What it is, for people: ``imx219, 1280x720 YUV420, 30/s``; never with a password in it."""
        ...

    @property
    def dropped(self) -> int:
        """Frames lost so far: those that the source could not hand over, or that nobody took in time."""
        ...

    @property
    def corrupt(self) -> int:
        """Frames so far that came damaged and were not passed on."""
        ...

    def rest(self, *, resting: bool) -> None:
        """Hear whether nobody looks; from any thread. Then there may be as few as two frames a second.

        Whoever looks again has all of them at once. What is left out meanwhile counts as nothing lost.
        """
        ...
