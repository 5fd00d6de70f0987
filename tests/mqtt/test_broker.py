from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device.errors import BrokerError
from device.mqtt.broker import EmbeddedBroker


def listening(port: int) -> set[str]:
    """Local addresses, in the kernel's hexadecimal, of the sockets that listen on ``port``."""
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path("/proc/net", table).read_text().splitlines()
    ]
    places = [fields[1].split(":") for fields in lines if fields[3] == "0A"]
    return {address for address, number in places if int(number, 16) == port}


def test_it_listens_on_loopback_alone_while_it_lasts() -> None:
    began = time.monotonic()
    with EmbeddedBroker() as broker:
        assert time.monotonic() - began < 5
        assert broker.address.host == "127.0.0.1"
        socket.create_connection((broker.address.host, broker.address.port), 1).close()
        assert listening(broker.address.port) == {"0100007F"}
        port = broker.address.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


def test_it_stops_with_clients_still_there() -> None:
    broker = EmbeddedBroker().start()
    with socket.create_connection((broker.address.host, broker.address.port), 1):
        began = time.monotonic()
        broker.close()
        assert time.monotonic() - began < 8
    broker.close()
    assert not broker._thread.is_alive()


def test_it_has_no_address_before_it_starts() -> None:
    broker = EmbeddedBroker()
    with pytest.raises(BrokerError, match="has not been started"):
        _ = broker.address
    broker.close()


def test_it_is_silent() -> None:
    code = """
import logging, socket
logging.basicConfig(level=logging.DEBUG)
from device.mqtt.broker import EmbeddedBroker
from device.mqtt.session import Session
from device.mqtt.topics import Role
for quiet in ("asyncio", "device"):
    logging.getLogger(quiet).setLevel(logging.INFO)
with EmbeddedBroker() as broker:
    session = Session(broker.address, Role("a", "b", "c"), say=print).start()
    stranger = socket.create_connection((broker.address.host, broker.address.port))
    stranger.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
    stranger.close()
    session.close()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
