"""What comes in the body of a request: read within a deadline, and nothing but what is taken here."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

#: A body is small; who has not sent it within so many seconds keeps others from coming in.
DEADLINE_S: Final = 10.0


async def form(request: web.Request) -> Mapping[str, object]:
    """The fields of a form. Raises HTTPUnsupportedMediaType, HTTPBadRequest, HTTPRequestTimeout."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="a form is taken here, urlencoded")
    async with _reading():
        try:
            return await request.post()
        except (ValueError, LookupError):  # no text, or in a charset that is none
            raise web.HTTPBadRequest(text="the body is not a form") from None


async def json_object(request: web.Request) -> dict[str, Any]:
    """The object in the body. A form can't send it, so no other site can without asking first.

    Raises HTTPUnsupportedMediaType, HTTPBadRequest, HTTPRequestTimeout.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="JSON is taken here")
    async with _reading():
        try:
            given = await request.json()
        except (ValueError, LookupError, RecursionError):
            given = None
    if not isinstance(given, dict):
        raise web.HTTPBadRequest(text="the body is not a JSON object")
    return given


@asynccontextmanager
async def _reading() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=f"the body did not come within {DEADLINE_S:g} s") from None
