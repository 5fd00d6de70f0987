"""A server that can't begin: who starts it is told why, at once, and nothing stays open."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
from web import ask

from device.config import PreviewSettings
from device.errors import TintcastError
from device.preview import PreviewServer

if TYPE_CHECKING:
    from pathlib import Path

    from previewed import KnownDesk


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def test_what_keeps_it_from_serving_is_raised_at_once(
    desk: KnownDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = PreviewServer(desk, PreviewSettings(port=free_port()), tmp_path)
    failed: list[BaseException] = []
    began = time.monotonic()
    with monkeypatch.context() as broken:
        broken.setattr("device.preview.server.Events", _refuse)
        with pytest.raises(RuntimeError, match="nothing is told today"):
            server.start(fail=failed.append)
    assert time.monotonic() - began < 5
    assert failed == []
    assert "preview" not in {thread.name for thread in threading.enumerate()}
    server.close()
    server.start()
    assert ask(server.port, "/").status == 200
    server.close()


def test_where_nothing_can_be_kept_no_port_stays_open(desk: KnownDesk, tmp_path: Path) -> None:
    port = free_port()
    server = PreviewServer(desk, PreviewSettings(port=port), tmp_path / "missing")
    with pytest.raises(TintcastError, match="preview-served: no such") as refusal:
        server.start()
    with pytest.raises(ConnectionRefusedError):
        ask(port, "/")
    assert "missing" in str(refusal.value)  # whose traceback would keep the sockets until here


def _refuse(*_: object) -> None:
    raise RuntimeError("nothing is told today")
