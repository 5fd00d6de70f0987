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
