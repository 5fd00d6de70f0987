"""Where the page listens: on this machine, or on the network; and how many may come at once."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from typing import TYPE_CHECKING, Final

from device.errors import ConfigurationError, from_os_error

if TYPE_CHECKING:
    from aiohttp import web

    from device.errors import TintcastError

_BACKLOG: Final = 128


def listen(port: int, *, everywhere: bool) -> list[socket.socket]:
    """Sockets that listen: on this machine's own IPv4, or on all of IPv4 and IPv6 with the same port.

    Raises ConfigurationError where the port can't be had. Without IPv6, IPv4 has to do.
    """
    try:
        if not everywhere:
            return [_open(socket.AF_INET, "127.0.0.1", port)]
        first = _open(socket.AF_INET, "0.0.0.0", port)  # noqa: S104 - what --lan asks for
        try:
            return [first, _open(socket.AF_INET6, "::", first.getsockname()[1])]
        except OSError as error:
            if error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}:
                return [first]
            first.close()
            raise
    except OSError as error:
        raise _refused(error, port) from None


def _open(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
        opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _refused(error: OSError, port: int) -> TintcastError:
    hint = "choose another one, or 0 for any that is free"
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(f"port {port} is taken by another program", where="preview.port", hint=hint)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ConfigurationError(f"port {port} is not for this user", where="preview.port", hint=hint)
    return from_os_error(error, where="preview.port", doing=f"can't listen on port {port}")


def most_connections(viewers: int) -> int:
    """So many that no page is turned away, so few that idle ones don't use up the process's files."""
    return 64 + 4 * viewers


def most_from_one(viewers: int) -> int:
    """So many from one address that a household behind it has all its pages: each is a stream and its events.

    So few that others still come in: below half of all.
    """
    return 16 + 2 * viewers


class Door(asyncio.Protocol):
    """Lets a new connection in to ``server``, or closes it where as many as may are there already.

    Who comes from this machine itself, as through a proxy on it, is counted among all, not by address.
    """

    def __init__(self, server: web.Server, viewers: int) -> None:
        self._server = server
        self._most = most_connections(viewers)
        self._most_from_one = most_from_one(viewers)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand it over."""
        if not isinstance(transport, asyncio.Transport) or self._full(_peer(transport)):
            transport.close()
            return
        handler = self._server()
        transport.set_protocol(handler)
        handler.connection_made(transport)

    def _full(self, peer: str) -> bool:
        there = [_peer(each.transport) for each in self._server.connections]
        if len(there) >= self._most:
            return True
        return not _is_here(peer) and there.count(peer) >= self._most_from_one


def _peer(transport: asyncio.BaseTransport | None) -> str:
    """The address at the other end; empty where it has gone."""
    name = None if transport is None else transport.get_extra_info("peername")
    return str(name[0]) if name else ""


def _is_here(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
