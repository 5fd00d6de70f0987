"""What a page or another program asks for once: a snapshot, a setting, a hint."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiohttp import web

from device.errors import TintcastError
from device.preview.body import json_object
from device.preview.colours import ab_of, described
from device.preview.viewers import wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.config import PreviewSettings
    from device.preview.desk import Desk
    from device.sinks.views import Shown, View

T = TypeVar("T")

_SNAPSHOT_S: Final = 5.0
#: So many things are asked of the desk at once; whoever asks more waits so long for a turn (seconds).
_TURNS: Final = 4
_TURN_S: Final = 10.0


class Actions:
    """The handlers of one server. ``changed``: called on the loop after a change."""

    def __init__(self, desk: Desk, settings: PreviewSettings, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._settings = settings
        self._changed = changed
        self._turns = asyncio.Semaphore(_TURNS)
        self._snapshots: dict[View, asyncio.Task[Shown | None]] = {}

    async def snapshot(self, request: web.Request) -> web.Response:
        """GET /snapshot.jpg: one picture of now, as wide as it is or as ``width`` says."""
        view, _ = wanted({"width": request.query.get("width", "")}, self._settings, self._desk)
        task = self._snapshots.get(view)
        if task is None:  # who asks meanwhile gets the same
            task = asyncio.create_task(self._take_one(view))
            self._snapshots[view] = task
            task.add_done_callback(lambda _: self._snapshots.pop(view, None))
        shown = await asyncio.shield(task)
        if shown is None:
            reason = str((await self._ask(self._desk.figures)).get("state", "nothing comes"))
            raise web.HTTPServiceUnavailable(text=f"no picture now: {reason}", headers={"Retry-After": "5"})
        headers = {"Cache-Control": "no-store"}
        if "download" in request.query:
            name = time.strftime("tintcast-%Y%m%d-%H%M%S.jpg")
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return web.Response(body=shown.jpeg, content_type="image/jpeg", headers=headers)

    async def set(self, request: web.Request) -> web.Response:
        """POST /set/<thing> with ``{"value": ...}``: what MQTT's set/<thing> does."""
        value = (await json_object(request)).get("value")
        name, by = request.match_info["thing"], f"page ({request.remote})"
        now = await self._ask(lambda: self._desk.switches.set(name, value, by=by))
        self._changed()
        return web.json_response({"value": now})

    async def hints(self, _request: web.Request) -> web.Response:
        """GET /hints: those that are placed."""
        return web.json_response([described(hint) for hint in await self._ask(self._desk.hints)])

    async def add_hint(self, request: web.Request) -> web.Response:
        """POST /hints with x, y, and a, b or ``colour`` as #rrggbb."""
        given = await json_object(request)
        x, y = (_number(given, name, 0, 1) for name in ("x", "y"))
        if "colour" in given:
            try:
                a, b = ab_of(given["colour"])
            except ValueError:
                raise web.HTTPBadRequest(text="colour is #rrggbb") from None
        else:
            a, b = (_number(given, name, -128, 128) for name in ("a", "b"))
        hint = await self._ask(lambda: self._desk.add_hint(x, y, a, b))
        self._changed()
        return web.json_response(described(hint), status=201)

    async def remove_hint(self, request: web.Request) -> web.Response:
        """DELETE /hints/<id>."""
        name = request.match_info["hint"]
        there = await self._ask(lambda: self._desk.remove_hint(name))
        self._changed()
        if not there:
            raise web.HTTPNotFound(text="there is no such hint, or no longer")
        return web.Response(status=204)

    async def likely(self, request: web.Request) -> web.Response:
        """GET /likely?x=&y=: colours that the place may well have."""
        x, y = (_number(request.query, name, 0, 1) for name in ("x", "y"))
        return web.json_response([asdict(each) for each in await self._ask(lambda: self._desk.likely(x, y))])

    async def _take_one(self, view: View) -> Shown | None:
        """The next picture, made for this where everything rests; None where none comes."""
        came = asyncio.Event()
        loop = asyncio.get_running_loop()

        def on_new() -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(came.set)

        with self._desk.views.watch(view, 0, on_new) as watch:
            await self._ask(self._desk.glimpse)
            if (shown := watch.take(0)) is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SNAPSHOT_S):
                        await came.wait()
                shown = watch.take(0)
            return shown

    async def _ask(self, question: Callable[[], T]) -> T:
        """The desk's answer, got in a thread. Its refusals become HTTPConflict with its line."""
        try:
            async with asyncio.timeout(_TURN_S):
                await self._turns.acquire()
        except TimeoutError:
            raise web.HTTPServiceUnavailable(text="too much is asked at once") from None
        try:
            return await asyncio.to_thread(question)
        except TintcastError as error:
            raise web.HTTPConflict(text=str(error)) from None
        finally:
            self._turns.release()


def _number(given: Any, name: str, least: float, most: float) -> float:
    try:
        number = float(given.get(name))
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not least <= number <= most:
        raise web.HTTPBadRequest(text=f"{name} is a number between {least} and {most}")
    return number
