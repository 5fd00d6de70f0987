"""Where tinted frames go. A sink knows nothing of sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from device.frames import TintedFrame


class Sink(Protocol):
    """What every sink is: it takes frames, then is closed (all is well) or aborted (something went wrong)."""

    def write(self, tinted: TintedFrame) -> None:
        """Take one frame. Raises what went wrong with the sink."""
        ...

    def close(self) -> None:
        """Finish: what was taken is complete."""
        ...

    def abort(self) -> None:
        """Give up: nothing half-written stays under a final name, what was finished stays."""
        ...

    def __enter__(self) -> Self:
        """Return the sink itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; abort it on an exception."""
        ...


class ClosedOrAborted:
    """A context that is closed at its end, and aborted on an exception: what a sink is as one."""

    def close(self) -> None:
        """Finish."""
        raise NotImplementedError

    def abort(self) -> None:
        """Give up."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()
