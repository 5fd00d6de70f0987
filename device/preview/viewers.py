"""Everybody who looks at the stream: how many may, what each gets, and that nobody waits for anybody."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from device.preview.sending import STALL_S, Sender
from device.sinks.views import View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from device.config import PreviewSettings
    from device.preview.desk import Desk
    from device.sinks.views import Shown, Watch

_log = logging.getLogger(__name__)

#: Widths that are made; what is asked for becomes the next larger, beyond the last: as the picture is.
WIDTHS: Final = (320, 480, 640, 960, 1280, 1920, 2560, 3840)
_SLOWEST: Final = 0.1  # frames a second
#: Who waits for a picture looks this often whether another width, quality or rate is wanted (seconds).
_GLANCE_S: Final = 1.0
_BOUNDARY: Final = b"tintcast-frame"


@dataclass(slots=True, eq=False)
class Viewer:
    """One stream under way: ``sent`` frames to ``remote``, which calls itself ``name``."""

    name: str
    remote: str
    task: asyncio.Task[object] | None
    sent: int = 0


def wanted(query: Mapping[str, str], settings: PreviewSettings, desk: Desk) -> tuple[View, float]:
    """What a viewer gets: its view, and frames a second (0: all). Raises HTTPBadRequest for nonsense.

    Width and quality come in few steps, so that viewers share encodings and nobody can ask for a thousand.
    """
    values = desk.switches.values()
    asked = _number(query, "width")
    width = 0 if asked <= 0 else next((each for each in WIDTHS if each >= asked), 0)
    if settings.width:
        width = min(width or settings.width, settings.width)
    fps = _number(query, "fps")
    rates = [max(fps, _SLOWEST) if fps > 0 else 0.0, settings.rate, float(values.get("rate") or 0)]
    quality = int(values.get("quality") or settings.quality)
    return View(width, quality), min((rate for rate in rates if rate), default=0.0)


def _number(query: Mapping[str, str], name: str) -> float:
    text = query.get(name, "") or "0"
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise web.HTTPBadRequest(text=f"{name} is a number")
    return number


class Viewers:
    """All streams of a server. Lives on its event loop."""

    def __init__(self, desk: Desk, settings: PreviewSettings, stall_s: float = STALL_S) -> None:
        self._desk = desk
        self._stall_s = stall_s
        self._settings = settings
        self._present: dict[Viewer, None] = {}
        self._closing = False

    def __len__(self) -> int:
        return len(self._present)

    def named(self, name: str) -> Viewer | None:
        """The newest stream of a page that calls itself so."""
        return next((each for each in reversed(self._present) if name and each.name == name), None)

    def end(self) -> None:
        """End every stream, and admit no more."""
        self._closing = True
        for viewer in self._present:
            if viewer.task is not None:
                viewer.task.cancel()

    @contextlib.contextmanager
    def _admit(self, request: web.Request) -> Iterator[Viewer]:
        if self._closing or len(self._present) >= self._settings.viewers:
            raise web.HTTPServiceUnavailable(
                text=f"{len(self._present)} look already, which is as many as may (preview.viewers)",
                headers={"Retry-After": "5"},
            )
        viewer = Viewer(request.query.get("viewer", "")[:32], request.remote or "?", asyncio.current_task())
        self._present[viewer] = None
        try:
            yield viewer
        finally:
            del self._present[viewer]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """GET /stream.mjpg: JPEGs as multipart/x-mixed-replace, the newest whenever this viewer is ready."""
        wanted(request.query, self._settings, self._desk)
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY.decode()}"
        if request.method == "HEAD":
            return web.Response(headers={"Content-Type": kind})
        with self._admit(request) as viewer:
            sender = await Sender.open(request, kind, self._stall_s)
            with self._desk.interest.hold("viewer"):
                try:
                    await self._feed(request, viewer, sender)
                except TimeoutError:
                    _log.info("viewer %s takes nothing more, and is dropped", viewer.remote)
            return sender.response

    async def _feed(self, request: web.Request, viewer: Viewer, sender: Sender) -> None:
        came = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_new() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(came.set)

        # A browser shows a part when the boundary behind it is there: so it goes out with the part before.
        await sender.send(b"--" + _BOUNDARY + b"\r\n")
        ended = False
        while not ended:
            now = wanted(request.query, self._settings, self._desk)
            with self._desk.views.watch(*now, on_new) as watch:
                while now == wanted(request.query, self._settings, self._desk) and not watch.ended:
                    if (shown := await _next(watch, came)) is not None:
                        await sender.send(_part(shown))
                        viewer.sent += 1
                ended = watch.ended


async def _next(watch: Watch, came: asyncio.Event) -> Shown | None:
    """The newest picture, as soon as there is one; None after a glance without."""
    came.clear()
    if (shown := watch.take(0)) is not None:
        return shown
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GLANCE_S):
            await came.wait()
    return watch.take(0)


def _part(shown: Shown) -> bytes:
    return b"".join(
        (
            b"Content-Type: image/jpeg\r\nContent-Length: ",
            str(len(shown.jpeg)).encode(),
            b"\r\n\r\n",
            shown.jpeg,
            b"\r\n--",
            _BOUNDARY,
            b"\r\n",
        )
    )
