"""The web server of a live picture: one event loop on one thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Final, Self

from aiohttp import web

from device.errors import Stuck
from device.preview.access import Access
from device.preview.actions import Actions
from device.preview.events import Events
from device.preview.files import Files
from device.preview.guard import Guard
from device.preview.listen import Door, listen
from device.preview.log import AccessLogger, Redacting, access_log, server_log
from device.preview.sending import STALL_S
from device.preview.token import keep_served, keep_token, page_address
from device.preview.viewers import Viewers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from device.config import PreviewSettings
    from device.preview.desk import Desk

_LARGEST_BODY: Final = 16 << 10
_DEADLINE_S: Final = 10.0
_GRACE_S: Final = 1.0
_KEEP_ALIVE_S: Final = 30.0
_BEAT_S: Final = 1.0


class PreviewServer:
    """Serves the page for ``desk``, from ``start`` to ``close``.

    ``folder``: where token and port are kept. ``stall_s``: who takes nothing for so long is dropped.
    """

    def __init__(
        self, desk: Desk, settings: PreviewSettings, folder: Path, *, stall_s: float = STALL_S
    ) -> None:
        self._desk = desk
        self._settings = settings
        self._folder = folder
        self._stall_s = stall_s
        self._token: str | None = None
        self._port = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._viewers: Viewers | None = None
        self._error: BaseException | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def viewers(self) -> int:
        """How many streams there are."""
        return 0 if self._viewers is None else len(self._viewers)

    @property
    def address(self) -> str:
        """The whole address; on the network it holds the token, and is for its owner's eyes only."""
        return page_address(self._port, self._token)

    def line(self, *, secret: bool) -> str:
        """What to print: where the page is. ``secret``: only its owner reads it (a terminal, no log)."""
        if self._token is None:
            return f"{self.address} (for this machine; --lan serves it to the network)"
        if secret:
            return self.address
        name = "" if self._folder.name == "live" else f" --name {self._folder.name}"
        bare = page_address(self._port, "").partition("?")[0]
        return f"{bare} (tintcast live{name} --address shows it whole)"

    def start(
        self,
        beat: Callable[[], None] = lambda: None,
        fail: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        """Listen, and serve from a thread that calls ``beat`` every second, or ``fail`` where it can't go on.

        Raises ConfigurationError where the port can't be had, what ``keep_token`` does, and whatever else
        keeps it from serving at all: of that ``fail`` hears nothing.
        """
        if self._settings.lan:
            self._token = keep_token(self._folder)
        sockets = listen(self._settings.port, everywhere=self._settings.lan)
        self._port = sockets[0].getsockname()[1]
        try:
            keep_served(self._folder, self._port, lan=self._settings.lan)
        except BaseException:
            _close(sockets)
            raise
        self._error = None
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=[sockets, ready, beat, fail], name="preview", daemon=True
        )
        self._thread.start()
        if not ready.wait(_DEADLINE_S):
            raise Stuck("the preview page's server does not start")
        if self._error is not None:
            self._thread.join(_DEADLINE_S)
            self._thread = None
            raise self._error

    def close(self) -> None:
        """End every stream and stop serving. Raises Stuck where that does not come to an end."""
        loop, ending = self._loop, self._ending
        if self._thread is None:
            return
        if loop is not None and ending is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                loop.call_soon_threadsafe(ending.set)
        self._thread.join(_DEADLINE_S)
        if self._thread.is_alive():
            raise Stuck("the preview page's server does not end")
        self._thread = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _run(
        self,
        sockets: list[socket.socket],
        ready: threading.Event,
        beat: Callable[[], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        try:
            asyncio.run(self._serve(sockets, ready, beat))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the run ends with it
            if ready.is_set():
                fail(error)
            else:  # it is for who waits in ``start``
                self._error = error
        finally:
            _close(sockets)
            ready.set()

    async def _serve(
        self, sockets: list[socket.socket], ready: threading.Event, beat: Callable[[], None]
    ) -> None:
        self._loop, self._ending = loop, ending = asyncio.get_running_loop(), asyncio.Event()
        self._viewers = viewers = Viewers(self._desk, self._settings, self._stall_s)
        events = Events(self._desk, viewers, self._settings.viewers, self._stall_s)
        runner = web.AppRunner(
            self._app(viewers, events),
            access_log=access_log,
            access_log_class=AccessLogger,
            logger=Redacting(server_log),
            handler_cancellation=True,
            keepalive_timeout=_KEEP_ALIVE_S,
            shutdown_timeout=_GRACE_S,
        )
        await runner.setup()
        telling = asyncio.create_task(events.run())
        servers: list[asyncio.Server] = []
        try:
            if runner.server is None:
                raise Stuck("the preview page's server is not set up")
            door = partial(Door, runner.server, self._settings.viewers)
            servers.extend([await loop.create_server(door, sock=each) for each in sockets])
            ready.set()
            while not ending.is_set():
                beat()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_BEAT_S):
                        await ending.wait()
        finally:
            for server in servers:
                server.close()
            viewers.end()
            events.end()
            telling.cancel()
            await runner.cleanup()

    def _app(self, viewers: Viewers, events: Events) -> web.Application:
        files = Files()
        guard = Guard(Access(self._token, self._port), files)
        actions = Actions(self._desk, self._settings, events.look_again)
        app = web.Application(middlewares=[guard.middleware()], client_max_size=_LARGEST_BODY)
        app.on_response_prepare.append(guard.add_headers)
        app.add_routes(
            [
                *files.routes(),
                web.post("/unlock", guard.unlock),
                web.get("/stream.mjpg", viewers.stream),
                web.get("/snapshot.jpg", actions.snapshot),
                web.get("/events", events.stream, allow_head=False),
                web.post("/set/{thing}", actions.set),
                web.get("/hints", actions.hints),
                web.post("/hints", actions.add_hint),
                web.delete("/hints/{hint}", actions.remove_hint),
                web.get("/likely", actions.likely),
            ]
        )
        return app


def _close(sockets: list[socket.socket]) -> None:
    for each in sockets:
        each.close()
