"""Requests as other programs make them, one connection each."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from device.preview import PreviewServer


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    port: int,
    path: str,
    *,
    method: str = "GET",
    body: object = None,
    form: str | None = None,
    host: str = "127.0.0.1",
    **headers: str,
) -> Answer:
    """One request; ``headers`` with _ for -. A ``body`` is sent as JSON, a ``form`` as it is."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = form if body is None else json.dumps(body)
    if sent is not None:
        kind = "application/json" if form is None else "application/x-www-form-urlencoded"
        named.setdefault("Content-Type", kind)
    connection = http.client.HTTPConnection(host, port, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, sent, named)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())


def token_of(server: PreviewServer) -> str:
    return server.address.partition("token=")[2]


def enter(server: PreviewServer) -> str:
    """The cookie that the whole address is swapped for."""
    return ask(server.port, f"/?token={token_of(server)}").headers["set-cookie"].partition(";")[0]


class Stream:
    """A multipart stream, read part by part over a socket whose buffer is small."""

    def __init__(self, port: int, path: str = "/stream.mjpg", *, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(20)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = dict(self._headers())
        boundary = self.headers.get("content-type", "").partition("boundary=")[2]
        self.boundary = f"--{boundary}\r\n".encode()

    def parts(self) -> Iterator[bytes]:
        """JPEG after JPEG, for as long as they come."""
        assert "transfer-encoding" not in self.headers
        assert self.file.readline() == self.boundary
        while True:
            headers = dict(self._headers())
            if not headers:
                return
            assert headers["content-type"] == "image/jpeg"
            yield self.file.read(int(headers["content-length"]))
            assert self.file.readline() == b"\r\n"
            assert self.file.readline() == self.boundary

    def close(self) -> None:
        self.file.close()
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _headers(self) -> Iterator[tuple[str, str]]:
        while (line := self.file.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            yield name.lower(), value.strip()
