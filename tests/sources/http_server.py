"""A web server for tests: streams as cameras send them, whole, cut short, silent, or nonsense."""

from __future__ import annotations

import base64
import contextlib
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Behaviour = Callable[["Handler"], None]


def jpeg(number: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """A grey JPEG whose luma is 5 * ``number`` everywhere, in 4:2:2 with neutral chroma."""
    width, height = size
    luma = np.full((height, width), 5 * number % 250, np.uint8)
    chroma = np.full((height, width // 2), 128, np.uint8)
    encoded: bytes = simplejpeg.encode_jpeg_yuv_planes(luma, chroma, chroma, quality=95)
    return encoded


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.requests.append(self.path)
        server.logins.append(self.headers.get("Authorization"))
        if server.login is not None and self.headers.get("Authorization") != server.login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return
        server.behaviours[self.path.partition("?")[0]](self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def part(self, content: bytes) -> None:
        """One picture of a multipart stream."""
        head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
        self.wfile.write(head.encode() + content + b"\r\n")
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """Serves ``behaviours`` by path; ``login``: USER:PASSWORD that it wants by basic authentication."""

    daemon_threads = True
    scheme = "http"

    def __init__(self, behaviours: dict[str, Behaviour], login: str | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behaviours = behaviours
        self.login = login and "Basic " + base64.b64encode(login.encode()).decode()
        self.requests: list[str] = []
        self.logins: list[str | None] = []

    def address(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_: object) -> None:
        """A client that leaves is no error."""


@contextlib.contextmanager
def serving(
    login: str | None = None, tls: tuple[Path, Path] | None = None, **behaviours: Behaviour
) -> Iterator[Server]:
    """A server whose paths are the names of its behaviours; ``tls``: its certificate and key, for https."""
    with Server({f"/{name}": do for name, do in behaviours.items()}, login) as server:
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            server.scheme = "https"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def mjpeg(
    count: int = 10_000, rate: float = 25, *, then: Behaviour | None = None, size: tuple[int, int] = (64, 48)
) -> Behaviour:
    """Send so many pictures at this rate, and ``then`` do something; else close."""

    def send(handler: Handler) -> None:
        handler.begin("multipart/x-mixed-replace; boundary=frame")
        for number in range(count):
            handler.part(jpeg(number, size))
            time.sleep(1 / rate)
        if then is not None:
            then(handler)

    return send


def silence(handler: Handler) -> None:
    """Send nothing more, and stay."""
    handler.wfile.flush()
    time.sleep(30)


def content(kind: str, data: bytes) -> Behaviour:
    """Send a file."""

    def send(handler: Handler) -> None:
        handler.begin(kind)
        handler.wfile.write(data)

    return send
