"""A web site on this machine that gives one file, and misbehaves as it is told to."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Site:
    """``content`` at any path of ``address``. ``script``: what becomes of the next requests, one for each.

    ``whole`` (also once the script has ended), ``cut N`` (after N bytes), ``hush N`` (says nothing after N
    bytes), ``drip`` (a few bytes, slowly), ``page`` (HTML), ``to ADDRESS`` (a redirection), ``wrong range``,
    ``chunked`` (no length), ``size N`` (an untrue length), or a status. ``asked``: the Range of each request.
    """

    content: bytes
    address: str = ""
    ranges: bool = True
    tag: str = '"1"'
    script: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextmanager
def site(content: bytes, *script: str) -> Iterator[Site]:
    """Serve until the block ends."""
    served = Site(content, script=list(script))

    class Handler(_Handler):
        site = served

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        site = self.site
        site.asked.append(self.headers.get("Range", ""))
        act, _, word = (site.script.pop(0) if site.script else "whole").partition(" ")
        with suppress(ConnectionError):
            if act == "to":
                self.answer(302, Location=word)
            elif act == "page":
                self.answer(200, b"<html>log in first</html>", **{"Content-Type": "text/html"})
            elif act.isdigit():
                self.answer(int(act), b"no", **({"Retry-After": word} if word else {}))
            else:
                self.give(act, word)

    def give(self, act: str, word: str) -> None:
        content, start = self.site.content, 0
        fresh = self.headers.get("If-Range", self.site.tag) == self.site.tag
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and self.site.ranges and fresh:
            start = int(asked[1])
            if start >= len(content):
                self.answer(416, **{"Content-Range": f"bytes */{len(content)}"})
                return
        more: dict[str, Any] = {"ETag": self.site.tag}
        if start:
            shown = start + 7 if act == "wrong" else start
            more["Content-Range"] = f"bytes {shown}-{len(content) - 1}/{len(content)}"
        rest = content[start:]
        if act == "chunked":
            self.protocol_version = "HTTP/1.1"
            self.answer(200, b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest), **{"Transfer-Encoding": "chunked"})
            return
        length = word if act == "size" else str(len(rest))
        self.answer(206 if start else 200, **more, **{"Content-Length": length})
        if act == "drip":
            for place in range(0, len(rest), 100):
                self.wfile.write(rest[place : place + 100])
                self.wfile.flush()
                time.sleep(0.05)
            return
        self.wfile.write(rest[: int(word)] if act in {"cut", "hush"} else rest)
        if act == "hush":
            self.wfile.flush()
            time.sleep(1.5)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
