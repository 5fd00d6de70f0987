"""The live picture as its page and its MQTT side see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.colour.hints import Hint, Hints
from device.engine import read_board
from device.jobs.looking import stored_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.colour.placed import Likely, PlacedHint
    from device.engine import Interest, Switches
    from device.jobs.hinting import HintBoard
    from device.jobs.likely import LikelyColours
    from device.jobs.live.camera import Camera
    from device.jobs.live.colouring import Colouring
    from device.jobs.live.figures import Meter
    from device.jobs.live.outgoing import Outgoing
    from device.jobs.live.outlets import Outlet
    from device.sinks.views import Views

    Figure = str | float | bool | None | Sequence[str]


class LiveDesk:
    """What ``device.preview`` and ``device.sinks.mqtt`` ask of a live picture. Safe from any thread."""

    def __init__(
        self,
        *,
        views: Views,
        switches: Switches,
        interest: Interest,
        camera: Camera,
        colouring: Colouring,
        outgoing: Outgoing,
        outlets: Sequence[Outlet],
        meter: Meter,
        board: HintBoard,
        likely: LikelyColours,
    ) -> None:
        self._views, self._switches, self._interest = views, switches, interest
        self._camera, self._colouring, self._outgoing = camera, colouring, outgoing
        self._outlets, self._meter, self._board, self._likely = outlets, meter, board, likely

    @property
    def views(self) -> Views:
        """The picture, as JPEGs."""
        return self._views

    @property
    def switches(self) -> Switches:
        """What can be changed."""
        return self._switches

    @property
    def interest(self) -> Interest:
        """Held while somebody looks, records or is subscribed."""
        return self._interest

    @property
    def state(self) -> str:
        """``live``, ``resting``, ``off``, ``opening``, or ``waiting for camera: `` and why."""
        state = self._camera.state
        return "resting" if state == "live" and self._outgoing.resting else state

    @property
    def troubles(self) -> tuple[str, ...]:
        """Ways out that fail, and why."""
        return tuple(trouble for each in self._outlets if (trouble := each.trouble))

    def figures(self) -> dict[str, Figure]:
        """How it goes now.

        ``state``; ``source``: its name; ``own_colour``: whether it passes as it is; ``fps``,
        ``chroma_age_ms`` and ``chroma_age_p95_ms`` of the last seconds; ``network`` and its ``network_ms``;
        ``drops``: frames that the source lost or newer ones overtook; ``corrupt``; ``board``,
        ``temperature_c``, ``throttled`` (None: it is not told); ``holders``: who looks; ``troubles``: ways
        out that fail, and why.
        """
        pace, board = self._meter.pace(), read_board()
        return {
            "state": self.state,
            "source": self._camera.name,
            "own_colour": pace.own_colour,
            "fps": pace.fps,
            "chroma_age_ms": pace.chroma_age_ms,
            "chroma_age_p95_ms": pace.chroma_age_p95_ms,
            "network": self._colouring.network.manifest.name,
            "network_ms": self._colouring.network_ms,
            "drops": self._camera.dropped + self._meter.overtaken,
            "corrupt": self._camera.corrupt,
            "board": board.cpu,
            "temperature_c": board.temperature_c,
            "throttled": board.throttled,
            "holders": self._interest.holders(),
            "troubles": self.troubles,
        }

    def glimpse(self) -> None:
        """Have one frame made although everything rests; returns at once."""
        self._outgoing.glimpse()

    def hints(self) -> Sequence[PlacedHint]:
        """The colours that people placed, oldest first."""
        return self._board.all()

    def add_hint(self, x: float, y: float, a: float, b: float) -> PlacedHint:
        """Place one. Raises as ``HintBoard.add``, and ConfigurationError where the network takes none."""
        self._colouring.network.check_hints(Hints((Hint(0.5, 0.5, 0, 0),)))
        return self._board.add(x, y, a, b)

    def remove_hint(self, hint_id: str) -> bool:
        """Take one back; whether there was one."""
        return self._board.remove(hint_id)

    def likely(self, x: float, y: float) -> Sequence[Likely]:
        """Colours that are likely at a place of the frame that was coloured last. Blocks."""
        seen = self._colouring.last
        network = self._colouring.network
        if seen is None or seen.look.small.shape != stored_size(network.size, seen.frame.rotation):
            return ()
        return self._likely.at(network, seen.frame, seen.look, x, y)
