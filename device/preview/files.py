"""The page's own files: a few, read once, told apart by their content."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_AGAIN: Final = """<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={page}">
<title>tintcast</title><p><a href="{page}">tintcast</a>
"""


class Files:
    """Serves ``device/preview/page``: ``/`` is index.html, everything else by its name."""

    def __init__(self) -> None:
        folder = files("device.preview") / "page"
        self._content = {
            item.name: item.read_bytes()
            for item in folder.iterdir()
            if any(item.name.endswith(suffix) for suffix in _TYPES)
        }

    def routes(self) -> list[web.RouteDef]:
        """A route for each file but those that only this class hands out."""
        names = sorted(self._content.keys() - {"index.html", "locked.html"})
        return [
            web.get("/", self._handler("index.html")),
            *(web.get(f"/{n}", self._handler(n)) for n in names),
        ]

    def locked(self, *, wrong: bool) -> web.Response:
        """The page that asks for the token; ``wrong``: the one that was shown is not it."""
        note = b"This is not the token." if wrong else b""
        body = self._content["locked.html"].replace(b"<!-- note -->", note)
        return web.Response(status=401, body=body, content_type="text/html", charset="utf-8")

    def again(self, status: int, page: str) -> web.Response:
        """A page that asks for ``page`` at once."""
        return web.Response(status=status, text=_AGAIN.format(page=page), content_type="text/html")

    def _handler(self, name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        body = self._content[name]
        tag = hashlib.sha256(body).hexdigest()[:16]
        kind = _TYPES[name[name.rindex(".") :]]
        headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache"}

        async def serve(request: web.Request) -> web.Response:
            if any(each.value in {tag, "*"} for each in request.if_none_match or ()):
                return web.Response(status=304, headers=headers)
            return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)

        return serve
