"""Who may come in: credentials, hosts and origins, and the price of a wrong token."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
import time
from collections import OrderedDict
from enum import Enum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, StreamResponse

_YEAR_S: Final = 365 * 24 * 3600
_ADDRESSES: Final = 256
_WAITING: Final = 16
_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 8.0
_FORGIVEN_S: Final = 60.0
_READING: Final = frozenset({"GET", "HEAD"})


class Shown(Enum):
    """What a request shows for itself."""

    NOTHING = "nothing"
    WRONG = "wrong"
    COOKIE = "cookie"
    PASSWORD = "password"  # noqa: S105 - the token, by Basic: a browser that knows it shows it unasked
    TOKEN = "token"  # noqa: S105 - in the query or as Bearer


class Access:
    """The rules of one page. ``token``: None where only this machine is served, to whoever is on it."""

    def __init__(self, token: str | None, port: int) -> None:
        self._token = token
        self._cookie_name = f"tintcast-{port}"
        self._slow = _Slowness()

    @property
    def locked(self) -> bool:
        """Whether a token is asked for at all."""
        return self._token is not None

    def shown(self, request: BaseRequest) -> Shown:
        """What ``request`` shows. A token in its query, as Bearer or as Basic's password comes first."""
        claims = [(Shown.TOKEN, each) for each in request.query.getall("token", [])] + _authorization(request)
        if claims:
            kind, claim = claims[0]
            return kind if self.is_token(claim) else Shown.WRONG
        cookie = request.cookies.get(self._cookie_name)
        if cookie is not None and self._token is not None and _same(cookie, _cookie(self._token)):
            return Shown.COOKIE
        return Shown.NOTHING

    def is_token(self, claim: str) -> bool:
        """Whether ``claim`` is the token; takes as long whatever it is."""
        return self._token is not None and _same(claim, self._token)

    def give_cookie(self, response: StreamResponse) -> None:
        """Let the browser that gets ``response`` in from now on. The cookie does not tell the token."""
        if self._token is not None:
            response.set_cookie(
                self._cookie_name,
                _cookie(self._token),
                max_age=_YEAR_S,
                httponly=True,
                samesite="Strict",
                path="/",
            )

    async def punish(self, request: BaseRequest) -> None:
        """Make who showed a wrong token wait; raises HTTPTooManyRequests where too many do."""
        await self._slow.wait(request.remote or "")

    def check_place(self, request: BaseRequest, shown: Shown) -> None:
        """Refuse what another web page made a browser ask for. Raises HTTPForbidden.

        Without a token the page has to be asked for by this machine's own names, else a site that gives our
        address its name could read it. Whatever changes something has to come from the page itself, where a
        browser says where from; and only who shows the token itself may show our pictures on other sites.
        """
        if not self.locked and not _is_this_machine(request.host):
            raise web.HTTPForbidden(
                text="this page answers to localhost only (--lan serves it to the network)"
            )
        site = request.headers.get("Sec-Fetch-Site", "none")
        origin = request.headers.get("Origin")
        if request.method not in _READING:
            foreign = site not in {"same-origin", "none"}
            if origin is not None:
                foreign = not _is_ours(origin, request)
            if foreign:
                raise web.HTTPForbidden(text="another web site may not change anything here")
        elif shown is not Shown.TOKEN and _is_shown_elsewhere(request):
            raise web.HTTPForbidden(text="another web site may not show this without the token")


def is_visit(request: BaseRequest) -> bool:
    """Whether a browser goes to this address, rather than loads it into another page."""
    return request.headers.get("Sec-Fetch-Mode") == "navigate" and (
        request.headers.get("Sec-Fetch-Dest", "document") == "document"
    )


def comes_from_page(request: BaseRequest) -> bool:
    """Whether a page of ours made a browser ask, by what the browser says of that."""
    return _is_ours(request.headers.get("Referer", ""), request)


def _is_shown_elsewhere(request: BaseRequest) -> bool:
    """Whether another site's page loads this. Browsers tell only some addresses so; others learn where from.

    Without that a link to the page itself looks like anything else, and the page shows nothing elsewhere.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"cross-site", "same-site"} and not is_visit(request)
    return request.path != "/" and "Referer" in request.headers and not comes_from_page(request)


def _is_ours(address: str, request: BaseRequest) -> bool:
    """Whether ``address`` has the host that ``request`` was sent to; what is no address has not."""
    try:
        return urlsplit(address).netloc.lower() == request.host.lower()
    except ValueError:
        return False


def _authorization(request: BaseRequest) -> list[tuple[Shown, str]]:
    """The claims of the Authorization header: a Bearer's, or the password of a Basic one, of any user."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return [(Shown.TOKEN, value.strip())]
    if kind.lower() == "basic":
        try:
            text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            text = ""
        return [(Shown.PASSWORD, text.partition(":")[2])]
    return []


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(
        hashlib.sha256(one.encode(errors="replace")).digest(), hashlib.sha256(other.encode()).digest()
    )


def _cookie(token: str) -> str:
    return hmac.new(token.encode(), b"tintcast preview cookie", hashlib.sha256).hexdigest()


def _is_this_machine(host: str) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class _Slowness:
    """Doubles the wait with each wrong token from an address; a quiet minute forgives all.

    A right one never waits.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._waiting = 0

    async def wait(self, address: str) -> None:
        now = time.monotonic()
        failures, last = self._failures.pop(address, (0, now))
        if now - last > _FORGIVEN_S:
            failures = 0
        self._failures[address] = failures + 1, now
        if len(self._failures) > _ADDRESSES:
            self._failures.popitem(last=False)
        seconds = min(_FIRST_WAIT_S * 2.0 ** min(failures, 16), _LONGEST_WAIT_S)
        if self._waiting >= _WAITING:
            raise web.HTTPTooManyRequests(
                text="too many wrong tokens", headers={"Retry-After": str(round(_LONGEST_WAIT_S))}
            )
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1
