"""What every request passes: who may, in which words it is refused, and what browsers are told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from aiohttp import web

from device.preview.access import Shown, comes_from_page, is_visit
from device.preview.body import form

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

    from device.preview.access import Access
    from device.preview.files import Files

_log = logging.getLogger(__name__)

_PAGE: Final = "/"
_UNLOCK: Final = "/unlock"
#: In the query of the page: it has been asked for again.
_AGAIN: Final = "again"
#: What the page that asks for the token is made of, and nothing else, is for everybody.
_OPEN: Final = frozenset({"/page.css", "/icon.svg"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "same-origin",
    "Server": "tintcast",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Stands before all handlers of a server."""

    def __init__(self, access: Access, files: Files) -> None:
        self._access = access
        self._files = files

    def middleware(self) -> Middleware:
        """As aiohttp wants it."""

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await self._admit(request, handler)
            except web.HTTPRedirection:
                raise
            except web.HTTPException as refusal:
                return _plainly(refusal)
            except ConnectionError:
                return web.Response()  # who asked has gone, and gets nothing more
            except Exception:  # noqa: BLE001 - the last line of defence
                _log.exception("%s %s went wrong", request.method, request.rel_url.raw_path)
                return _plainly(
                    web.HTTPInternalServerError(text="something went wrong here; the log says what")
                )

        return guard

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Tell the browser what this page needs, which is only itself."""
        for name, value in _HEADERS.items():
            response.headers[name] = value
        by_token = self._access.locked and self._access.shown(request) is Shown.TOKEN
        policy = "cross-origin" if by_token else "same-origin"
        response.headers.setdefault("Cross-Origin-Resource-Policy", policy)
        response.headers.setdefault("Cache-Control", "no-store")

    async def unlock(self, request: web.Request) -> web.StreamResponse:
        """POST /unlock: the token, typed into the page that asks for it."""
        claim = (await form(request)).get("token")
        if not isinstance(claim, str) or not self._access.is_token(claim.strip()):
            await self._access.punish(request)
            return self._files.locked(wrong=True)
        return self._enter()

    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        access = self._access
        shown = access.shown(request)
        closed = access.locked and request.path not in _OPEN and request.path != _UNLOCK
        if closed and shown is Shown.WRONG:  # first of all: no other refusal may tell a wrong token sooner
            await access.punish(request)
        access.check_place(request, shown)
        if not closed:
            return await handler(request)
        if shown in {Shown.NOTHING, Shown.WRONG}:
            return self._refuse(request, shown)
        if request.path == _PAGE and "token" in request.query:
            return self._enter()
        if request.path == _PAGE and _AGAIN in request.query:
            return web.Response(status=303, headers={"Location": _PAGE})
        return await handler(request)

    def _enter(self) -> web.Response:
        """Into the page, with a cookie in the token's place, so that the address bar does not hold it.

        Not by a redirect: one that another site's link began is followed without a strict cookie.
        """
        response = self._files.again(200, _PAGE)
        self._access.give_cookie(response)
        return response

    def _refuse(self, request: web.Request, shown: Shown) -> web.Response:
        """A page that asks for the token; for everything else a line, and a question that programs know."""
        if request.path == _PAGE:
            # A strict cookie stays at home when another site's link leads here: ask again, from here.
            # Browsers don't tell addresses of a local network where from: then once, whoever it is.
            site = request.headers.get("Sec-Fetch-Site", "cross-site")
            if shown is Shown.NOTHING and site == "cross-site" and _AGAIN not in request.query:
                return self._files.again(401, f"{_PAGE}?{_AGAIN}")
            return self._files.locked(wrong=shown is Shown.WRONG)
        response = web.Response(status=401, text="the token is missing, or wrong\n")
        # A browser would ask for a password in a window of its own, over the page that asks in its way.
        if ("Sec-Fetch-Mode" not in request.headers or is_visit(request)) and not comes_from_page(request):
            response.headers["WWW-Authenticate"] = 'Basic realm="tintcast", charset="UTF-8"'
        return response


def _plainly(refusal: web.HTTPException) -> web.Response:
    """One plain line, and the headers that belong to it."""
    kept = {name: refusal.headers[name] for name in ("Allow", "Retry-After") if name in refusal.headers}
    return web.Response(status=refusal.status, text=f"{refusal.text or refusal.reason}\n", headers=kept)
