"""A broker inside this process, for the demo: loopback only, for as long as the demo lasts. MQTT 3.1.1."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any, Self

from device.errors import BrokerError
from device.mqtt.address import Address

if TYPE_CHECKING:
    from amqtt.broker import Broker

_LOOPBACK = "127.0.0.1"
_START_S = 10.0
_STOP_S = 10.0
#: They log what ends well, too, at the level of warnings.
_LOGGERS = ("amqtt", "transitions")


class EmbeddedBroker:
    """Runs amqtt on a free loopback port, in a thread with an event loop of its own.

    Anyone on this machine may connect while it runs.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_note)
        self._connections: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker", daemon=True)
        self._broker: Broker | None = None
        self._address: Address | None = None

    @property
    def address(self) -> Address:
        """Where it listens. Raises BrokerError before ``start``."""
        if self._address is None:
            raise BrokerError("the broker has not been started")
        return self._address

    def start(self) -> Self:
        """Start it. Raises BrokerError within 10 s where that fails."""
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        self._thread.start()
        port = _free_port()
        try:
            asyncio.run_coroutine_threadsafe(self._start(port), self._loop).result(_START_S)
        except Exception as error:  # noqa: BLE001 - whatever its library raises, the demo has no broker
            self.close()
            raise BrokerError(
                f"the demo's own broker did not start: {type(error).__name__}: {error}",
                where=f"{_LOOPBACK}:{port}",
            ) from None
        self._address = Address(_LOOPBACK, port, mqtt5=False)
        return self

    def close(self) -> None:
        """Stop it, within 10 s, cleanly or not. A second time does nothing."""
        if not self._thread.is_alive():
            if not self._loop.is_closed():
                self._loop.close()
            return
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(_STOP_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_S)
        if not self._thread.is_alive():
            self._loop.close()

    def __enter__(self) -> Self:
        """Start it for a block."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.close()

    async def _start(self, port: int) -> None:
        from amqtt.broker import Broker  # noqa: PLC0415 - only the demo needs it

        connections = self._connections

        class TrackingBroker(Broker):  # type: ignore[misc]  # it has no types
            """Knows its connections, so that they can be ended."""

            async def stream_connected(
                self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
            ) -> None:
                connections.add(writer)
                try:
                    await super().stream_connected(reader, writer, listener_name)
                finally:
                    connections.discard(writer)
                    writer.transport.abort()

        self._broker = TrackingBroker(
            {
                "listeners": {"default": {"type": "tcp", "bind": f"{_LOOPBACK}:{port}"}},
                "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
            }
        )
        await self._broker.start()

    async def _stop(self) -> None:
        if self._broker is not None:
            # It waits for its connections, from Python 3.12 on; they don't end by themselves.
            shutdown = asyncio.ensure_future(self._broker.shutdown())
            while not shutdown.done():
                for writer in list(self._connections):
                    writer.transport.abort()
                await asyncio.wait([shutdown], timeout=0.05)
        if others := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
            _, late = await asyncio.wait(others, timeout=1.0)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._loop.shutdown_default_executor()


def _note(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a connection dies of is nobody's business on the terminal."""
    logging.getLogger(__name__).debug("%s", context.get("message"), exc_info=context.get("exception"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
