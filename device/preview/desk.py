"""What the page needs of the job behind it; the job implements it, the page knows no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from device.sinks.desk import LivePicture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.colour.placed import Likely, PlacedHint


class Desk(LivePicture, Protocol):
    """A live picture as the page sees it. Everything here is called from threads of the page's own.

    What blocks ends by itself within seconds. What can't be done is a TintcastError, whose line people read.
    """

    def hints(self) -> Sequence[PlacedHint]:
        """The colours that people placed, oldest first."""
        ...

    def add_hint(self, x: float, y: float, a: float, b: float) -> PlacedHint:
        """Place one: ``x``, ``y`` as shares 0..1 of the upright frame, ``a``, ``b`` in Lab units."""
        ...

    def remove_hint(self, hint_id: str) -> bool:
        """Take back the one of this id; whether there was one."""
        ...

    def likely(self, x: float, y: float) -> Sequence[Likely]:
        """Colours that are likely there, the likeliest first; none where the network can't tell. Blocks."""
        ...
