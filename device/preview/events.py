"""What changes, told to every open page: figures, switches, hints, as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from device.preview.colours import described
from device.preview.sending import STALL_S, Sender

if TYPE_CHECKING:
    from device.engine.switches import Thing
    from device.preview.desk import Desk
    from device.preview.viewers import Viewers

_log = logging.getLogger(__name__)

_TICK_S: Final = 1.0
#: Figures are sent this often even when they stay: a page that hears nothing for longer knows it is cut off.
_AT_LEAST_S: Final = 3.0
_MOST_PAGES: Final = 4  # for each viewer that may be


class _Page:
    """One open page: what it has not been told yet, the newest of each kind."""

    def __init__(self, name: str, news: dict[str, str]) -> None:
        self.name = name
        self.news = news
        self.something = asyncio.Event()
        self.task = asyncio.current_task()
        self.sent_before: tuple[int, float] | None = None

    def tell(self, kind: str, data: str) -> None:
        self.news[kind] = data
        self.something.set()


class Events:
    """All open pages of a server. Lives on its event loop; the desk is asked in threads."""

    def __init__(self, desk: Desk, viewers: Viewers, most: int, stall_s: float = STALL_S) -> None:
        self._desk = desk
        self._viewers = viewers
        self._most = most * _MOST_PAGES
        self._stall_s = stall_s
        self._pages: dict[_Page, None] = {}
        self._known: dict[str, tuple[str, float]] = {}
        self._look = asyncio.Event()
        self._closing = False

    def end(self) -> None:
        """End every page's stream of events, and begin no more."""
        self._closing = True
        for page in self._pages:
            if page.task is not None:
                page.task.cancel()

    def look_again(self) -> None:
        """Something has changed: tell it now, not at the next tick. On the event loop only."""
        self._look.set()

    async def run(self) -> None:
        """Tell what changes while anybody listens; ends when it is cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TICK_S):
                    await self._look.wait()
            self._look.clear()
            if not self._pages:
                continue
            try:
                news = await asyncio.to_thread(self._gather)
            except Exception:  # noqa: BLE001 - the next second may be better
                _log.exception("the page can't be told how it goes")
                continue
            self._tell_all(news)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """GET /events: ``figures``, ``switches``, ``hints``, ``stream``, each whole whenever it changes."""
        self._check_room()  # before anything is asked of the desk
        news = await asyncio.to_thread(self._gather)
        self._check_room()  # others came meanwhile
        page = _Page(request.query.get("viewer", "")[:32], news)
        self._tell_of_stream(page)
        self._pages[page] = None
        try:
            sender = await Sender.open(request, "text/event-stream", self._stall_s)
            await self._tell(page, sender)
        finally:
            del self._pages[page]
        return sender.response

    def _check_room(self) -> None:
        if self._closing or len(self._pages) >= self._most:
            raise web.HTTPServiceUnavailable(text="too many pages are open")

    async def _tell(self, page: _Page, sender: Sender) -> None:
        """Tell a page whatever is new for it, until it takes nothing more."""
        with contextlib.suppress(TimeoutError):
            while True:
                await page.something.wait()
                page.something.clear()
                news, page.news = page.news, {}
                text = "".join(f"event: {kind}\ndata: {data}\n\n" for kind, data in news.items())
                await sender.send(text.encode())

    def _gather(self) -> dict[str, str]:
        """How things are now, as JSON by kind of event. Blocks for as long as the desk does."""
        desk = self._desk
        told = desk.figures().items()
        figures = {
            name: value for name, value in told if not (isinstance(value, float) and math.isnan(value))
        }
        switches = {
            "things": [_thing(thing) for thing in desk.switches.things],
            "values": desk.switches.values(),
        }
        facts = {
            "figures": figures | {"viewers": len(self._viewers)},
            "switches": switches,
            "hints": [described(hint) for hint in desk.hints()],
        }
        return {kind: json.dumps(fact) for kind, fact in facts.items()}

    def _tell_all(self, news: dict[str, str]) -> None:
        now = time.monotonic()
        for kind, data in news.items():
            known, told = self._known.get(kind, ("", 0.0))
            if data == known and (kind != "figures" or now - told < _AT_LEAST_S):
                continue
            self._known[kind] = data, now
            for page in self._pages:
                page.tell(kind, data)
        for page in self._pages:
            self._tell_of_stream(page)

    def _tell_of_stream(self, page: _Page) -> None:
        """Tell a page how its own stream goes: whether there is one, and frames a second sent of late."""
        viewer = self._viewers.named(page.name)
        now = time.monotonic()
        fps = None
        if viewer is not None:
            before = page.sent_before
            if before is not None and viewer.sent >= before[0] and now > before[1]:
                fps = round((viewer.sent - before[0]) / (now - before[1]), 1)
            page.sent_before = viewer.sent, now
        page.tell("stream", json.dumps({"there": viewer is not None, "fps": fps}))


def _thing(thing: Thing) -> dict[str, Any]:
    return asdict(thing) | {"kind": thing.kind.value}
