"""The web server of a live picture: one event loop on one thread."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import threading
from typing import TYPE_CHECKING, Any, Final, Self

from aiohttp import web

from device.errors import ConfigurationError, Stuck, from_os_error
from device.preview.access import Access
from device.preview.actions import Actions
from device.preview.events import Events
from device.preview.files import Files
from device.preview.guard import Guard
from device.preview.log import AccessLogger, Redacting, access_log, server_log
from device.preview.sending import STALL_S
from device.preview.token import keep_served, keep_token, page_address
from device.preview.viewers import Viewers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import PreviewSettings
    from device.preview.desk import Desk

_LARGEST_BODY: Final = 16 << 10
_DEADLINE_S: Final = 10.0
_GRACE_S: Final = 1.0
_BACKLOG: Final = 128
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
        return f"{page_address(self._port, '').partition('?')[0]} (tintcast live --address shows it whole)"

    def start(
        self,
        beat: Callable[[], None] = lambda: None,
        fail: Callable[[BaseException], None] = lambda _: None,
    ) -> None:
        """Listen, and serve from a thread that calls ``beat`` every second, or ``fail`` where it can't go on.

        Raises ConfigurationError where the port can't be had, and what ``keep_token`` does.
        """
        if self._settings.lan:
            self._token = keep_token(self._folder)
        sockets = _listen(self._settings.port, everywhere=self._settings.lan)
        self._port = sockets[0].getsockname()[1]
        keep_served(self._folder, self._port, lan=self._settings.lan)
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=[sockets, ready, beat, fail], name="preview", daemon=True
        )
        self._thread.start()
        if not ready.wait(_DEADLINE_S):
            raise Stuck("the preview page's server does not start")

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
            fail(error)
        finally:
            for each in sockets:
                each.close()

    async def _serve(
        self, sockets: list[socket.socket], ready: threading.Event, beat: Callable[[], None]
    ) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        self._viewers = viewers = Viewers(self._desk, self._settings, self._stall_s)
        events = Events(self._desk, viewers, self._settings.viewers, self._stall_s)
        runner = web.AppRunner(
            self._app(viewers, events),
            access_log=access_log,
            access_log_class=AccessLogger,
            logger=Redacting(server_log),
            handler_cancellation=True,
            shutdown_timeout=_GRACE_S,
        )
        await runner.setup()
        telling = asyncio.create_task(events.run())
        try:
            for each in sockets:
                await web.SockSite(runner, each, backlog=_BACKLOG).start()
            ready.set()
            while not self._ending.is_set():
                beat()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_BEAT_S):
                        await self._ending.wait()
        finally:
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


def _listen(port: int, *, everywhere: bool) -> list[socket.socket]:
    """Sockets that listen: on this machine's own IPv4, or on all of IPv4 and IPv6 with the same port."""
    sockets: list[socket.socket] = []
    wanted: list[tuple[Any, str]] = [(socket.AF_INET, "127.0.0.1")]
    if everywhere:
        wanted = [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104 - it is what --lan asks
    for family, address in wanted:
        try:
            opened = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(opened)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind((address, port))
            opened.listen(_BACKLOG)
            port = opened.getsockname()[1]
        except OSError as error:
            if family == socket.AF_INET6 and error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
                sockets.pop().close() if len(sockets) > 1 else None
                continue
            for each in sockets:
                each.close()
            raise _refused(error, port) from None
    return sockets


def _refused(error: OSError, port: int) -> Exception:
    hint = "choose another one, or 0 for any that is free"
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(f"port {port} is taken by another program", where="preview.port", hint=hint)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ConfigurationError(f"port {port} is not for this user", where="preview.port", hint=hint)
    return from_os_error(error, where="preview.port", doing=f"can't listen on port {port}")
