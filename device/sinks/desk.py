"""What the ways out of a live picture, its page and its MQTT side, need of the job behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.engine import Interest, Switches
    from device.sinks.views import Views


class LivePicture(Protocol):
    """A live picture as its ways out see it. Everything here is called from threads of theirs.

    Its switches are ``live``, ``quality`` and ``snapshot`` (a button) at least.
    """

    @property
    def views(self) -> Views:
        """The picture, as JPEGs."""
        ...

    @property
    def switches(self) -> Switches:
        """What can be changed."""
        ...

    @property
    def interest(self) -> Interest:
        """Held while somebody looks, or is subscribed."""
        ...

    def figures(self) -> Mapping[str, object]:
        """How it goes now, by name: what ``telemetry`` tells of it. Asked for every second."""
        ...

    def glimpse(self) -> None:
        """Have one frame made and shown to the views although everything rests: the network runs once.

        Returns at once. Where nothing rests, or nothing can be made (off, no camera), nothing happens.
        """
        ...
