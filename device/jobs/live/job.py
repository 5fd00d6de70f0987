"""A live picture: camera, network and every way out, each on threads of its own, from start to stop."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Final

from device.engine import POLL_S, Interest, Leases, Slot, Stop, Workers, fail_if_expired
from device.errors import CameraWedged, Stuck
from device.jobs.hinting import board_of
from device.jobs.likely import LikelyColours
from device.jobs.live.camera import Camera
from device.jobs.live.colouring import PATIENCE_S, Colouring
from device.jobs.live.desk import LiveDesk
from device.jobs.live.figures import Meter
from device.jobs.live.outgoing import Outgoing
from device.jobs.live.outlets import Outlet
from device.jobs.live.things import live_switches
from device.jobs.predicting import taste_of
from device.network import Network, default_threads
from device.sinks.views import Views

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.engine.switches import Value
    from device.errors import TintcastError
    from device.frames import Frame, TintedFrame
    from device.sinks import Sink
    from device.sources import LiveSource

#: How long the threads have to end, in seconds; and a way out that still writes down what it has.
_GRACE_S: Final = 4.0
_FINISHING_S: Final = 600.0
#: How it goes is told so often, in seconds.
_TICK_S: Final = 1.0


class LiveJob:
    """One live picture; ``run`` it once. ``desk`` is what page and MQTT see of it.

    ``opener`` opens the source, each time anew; ``load`` a network by its name. ``folder``: where what
    survives a restart is kept; None: nothing does. ``say``: a line for people.
    Raises NetworkFileError, ConfigurationError for what is configured but can't be, and, for the picture of
    a palette, every error of ``read_photograph``.
    """

    def __init__(
        self,
        config: Config,
        opener: Callable[[], LiveSource],
        folder: Path | None,
        *,
        say: Callable[[str], None],
        load: Callable[[str], Network] | None = None,
    ) -> None:
        self._say = say
        #: Ends its threads, those of its ways out included; set at the end.
        self.stop = Stop()
        self.leases = Leases()
        self.workers = Workers(self.stop, self.leases)
        self.meter = Meter()
        #: Whether threads did not end when they had to: they could keep the process from ending, too.
        self.left_behind = False
        self._outlets: list[Outlet] = []
        board = board_of(config.hints, None if folder is None else folder / "hints.json", say=say)
        switches = live_switches(config, None if folder is None else folder / "switches.json")
        interest = Interest(config.live.idle_seconds)
        self._colouring = Colouring(
            config.network.name,
            load or partial(_load, config),
            hinting=board,
            stop=self.stop,
            refused=self._refused,
        )
        board.check(self._colouring.network)
        views = Views(lambda: self.network_name, config.mqtt.device)
        self._frames = Slot["Frame"]()
        self._camera = Camera(opener, self._take, stop=self.stop, stall_s=config.camera.patience_s, say=say)
        self._outgoing = Outgoing(
            self._frames,
            self._colouring,
            (self.meter.sent, views.write, self._put),
            taste=taste_of(config.colour),
            steadiness=config.colour.steadiness,
            when=config.colour.when,
            looked_at=lambda: interest.active,
            rest=lambda resting: self._camera.rest(resting=resting),
            ended=self._camera.ended,
            stop=self.stop,
        )
        self.desk = LiveDesk(
            views=views,
            switches=switches,
            interest=interest,
            camera=self._camera,
            colouring=self._colouring,
            outgoing=self._outgoing,
            outlets=self._outlets,
            meter=self.meter,
            board=board,
            likely=LikelyColours(board, runtime=config.network.runtime),
        )
        self._colour = config.colour
        self._camera.switch(on=bool(switches.value("live")))
        switches.on_change(self._set)

    @property
    def network_name(self) -> str:
        """The network in use."""
        return self._colouring.network.manifest.name

    @property
    def network_ms(self) -> float:
        """Mean time of the network lately, in milliseconds."""
        return self._colouring.network_ms

    def add(self, name: str, sink: Sink) -> None:
        """Add a way out, before ``run``: it looks for as long as it works, and slows nobody."""
        self._outlets.append(Outlet(name, sink, interest=self.desk.interest, stop=self.stop, say=self._say))

    def run(self, stop: Stop, tick: Callable[[], None] = lambda: None) -> None:
        """Run until ``stop`` or the end of the source; ``tick`` is called every second.

        Raises the first error of a thread that nobody can do without; CameraWedged where only a new process
        can open the camera again.
        """
        self.workers.start("colour", self._colouring.run, lease_s=PATIENCE_S)
        self.workers.start("outgoing", self._outgoing.run)
        self.workers.start("camera", self._camera.run)
        outlets = Workers(self.stop, Leases())
        for outlet in self._outlets:
            outlets.start(outlet.name, outlet.run)
        try:
            self._watch(stop, tick)
        except BaseException as error:  # noqa: BLE001 - raised once all has ended, as a thread's would be
            self.stop.fail(error)
        self.stop.request()
        self._end(outlets, asked=stop.is_set())
        stop.raise_if_failed()

    def close(self) -> None:
        """Let everything go that ``run`` did not, having never run; a second time does nothing."""
        self.stop.request()
        self.desk.views.close()

    def _watch(self, stop: Stop, tick: Callable[[], None]) -> None:
        due = 0.0
        while not (self.stop.is_set() or stop.is_set() or self._outgoing.done.is_set()):
            fail_if_expired(self.leases, self.stop)
            if time.monotonic() >= due:
                due = time.monotonic() + _TICK_S
                tick()
            self._outgoing.done.wait(POLL_S)

    def _end(self, outlets: Workers, *, asked: bool) -> None:
        """Wait until all threads have ended, not long where somebody waits: one that hangs is left behind."""
        self.desk.views.close()
        try:
            self.workers.join(_GRACE_S if asked else PATIENCE_S)
        except (CameraWedged, Stuck) as error:
            if not asked:
                raise
            self._leave_behind(str(error))
        finally:
            self._end_outlets(outlets)

    def _end_outlets(self, outlets: Workers) -> None:
        began, said = time.monotonic(), False
        while alive := outlets.alive():
            waited = time.monotonic() - began
            busy = [each.name for each in self._outlets if each.name in alive and each.closing]
            if waited > (_FINISHING_S if busy else _GRACE_S):
                self._leave_behind(f"{', '.join(alive)} did not end within {waited:.0f} s")
                return
            if busy and waited > _TICK_S and not said:
                said = True
                self._say(f"{', '.join(busy)}: finishing what is there")
            time.sleep(POLL_S / 4)

    def _leave_behind(self, what: str) -> None:
        self.left_behind = True
        self._say(f"left behind: {what}")

    def _take(self, frame: Frame) -> None:
        if self._frames.put(frame) and not self._outgoing.resting:
            self.meter.overtook()

    def _put(self, tinted: TintedFrame) -> None:
        for outlet in self._outlets:
            outlet.put(tinted)

    def _set(self, name: str, value: Value) -> None:
        """A switch was set."""
        if name == "live":
            self._camera.switch(on=bool(value))
        elif name == "colour":
            self._outgoing.decide(str(value))
        elif name == "network":
            self._colouring.use(str(value))
        elif name == "rate":
            self._outgoing.rate = float(value or 0)
        elif name == "saturation":
            self._outgoing.taste = taste_of(self._colour.model_copy(update={"saturation": value}))

    def _refused(self, name: str, error: TintcastError) -> None:
        """Another network can't be had: this one stays."""
        self._say(f"{error}; {name} stays")
        self.desk.switches.set("network", name, by="live")


def _load(config: Config, name: str) -> Network:
    """A network; where nothing else is said, one core is left to the picture, which moves on meanwhile."""
    threads = config.network.threads or max(default_threads() - 1, 1)
    return Network.load(name, threads, config.network.runtime)
