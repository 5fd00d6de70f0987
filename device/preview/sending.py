"""Bytes to a client that may be slow, or gone: little lies under way, and no wait is for ever."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter

#: A client that takes nothing for so long is given up (seconds), and one that takes some of a piece, but not
#: all of it in so many times that.
STALL_S: Final = 5.0
_STALLS: Final = 6
_SEND_BUFFER: Final = 1 << 18
_UNSENT: Final = 1 << 17
_PROBE_S: Final = 10
_PROBES: Final = 3
_TCP_NOTSENT_LOWAT: Final = getattr(socket, "TCP_NOTSENT_LOWAT", 25)  # named since Python 3.12


class _Endless(web.StreamResponse):
    """A response that ends with its connection: not in chunks, which simple viewers can't read."""

    _length_check = False


class Sender:
    """Sends one ``response`` that goes on and on. ``stall_s``: see ``STALL_S``."""

    def __init__(
        self,
        response: web.StreamResponse,
        writer: AbstractStreamWriter,
        transport: asyncio.Transport,
        stall_s: float = STALL_S,
    ) -> None:
        self.response = response
        self._writer = writer
        self._transport = transport
        self._stall_s = stall_s

    @classmethod
    async def open(cls, request: web.Request, content_type: str, stall_s: float = STALL_S) -> Sender:
        """Answer ``request`` with the head of a response. Raises ConnectionResetError for who has gone."""
        headers = {"Content-Type": content_type, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        response = _Endless(headers=headers)
        response.force_close()
        transport = request.transport
        writer = await response.prepare(request)
        if writer is None or not isinstance(transport, asyncio.Transport):
            raise ConnectionResetError
        # What lies between us and the client is old when it is seen.
        transport.set_write_buffer_limits(high=0)
        if (connection := transport.get_extra_info("socket")) is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
                connection.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, _UNSENT)
                # One that vanished is noticed although nothing is there to be sent.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _PROBE_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_S)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)
        return cls(response, writer, transport, stall_s)

    async def send(self, data: bytes) -> None:
        """Send ``data`` and wait until the system has taken it.

        Raises ConnectionResetError where the client has gone, TimeoutError where it takes nothing; that ends
        the connection.
        """
        give_up = time.monotonic() + _STALLS * self._stall_s
        left = len(data)
        waiting = self._writer.write(data)
        while True:
            try:
                async with asyncio.timeout(self._stall_s):
                    await waiting
                    await self._writer.drain()
            except TimeoutError:
                still = self._transport.get_write_buffer_size()
                if still >= left or time.monotonic() > give_up:
                    self._transport.abort()
                    raise
                left, waiting = still, self._writer.drain()
            else:
                return
