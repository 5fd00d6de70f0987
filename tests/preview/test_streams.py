from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING
from unittest.mock import Mock

import numpy as np
import pytest
from aiohttp.test_utils import make_mocked_request
from previewed import KnownDesk
from web import Stream, ask

from device.config import PreviewSettings
from device.media.facts import read_facts
from device.preview import PreviewServer
from device.preview.access import Access
from device.preview.files import Files
from device.preview.guard import Guard
from device.preview.listen import Door, most_connections, most_from_one
from device.preview.viewers import WIDTHS, wanted
from device.sinks.views import View

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import web


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_a_stream_is_jpegs_with_their_facts_in_order(server: PreviewServer) -> None:
    with Stream(server.port) as stream:
        assert stream.status == 200
        facts = [read_facts(jpeg) for jpeg in islice(stream.parts(), 5)]
    numbers = [each.sequence for each in facts]
    assert numbers == sorted(set(numbers))
    assert {(each.width, each.height, each.device) for each in facts} == {(640, 360, "testing")}


def test_width_and_rate_are_as_asked(server: PreviewServer) -> None:
    with Stream(server.port, "/stream.mjpg?width=300&fps=5") as stream:
        began = time.monotonic()
        facts = [read_facts(jpeg) for jpeg in islice(stream.parts(), 5)]
        assert time.monotonic() - began > 0.5  # 20 a second would be there in 0.25
    assert {(each.width, each.height) for each in facts} == {(320, 180)}


def test_equal_viewers_get_the_very_same_bytes(server: PreviewServer) -> None:
    with (
        Stream(server.port, "/stream.mjpg?width=301") as one,
        Stream(server.port, "/stream.mjpg?width=319") as other,
    ):
        seen = [
            {read_facts(jpeg).sequence: jpeg for jpeg in islice(stream.parts(), 12)}
            for stream in (one, other)
        ]
    both = seen[0].keys() & seen[1].keys()
    assert both
    assert all(seen[0][number] == seen[1][number] for number in both)


def test_hostile_widths_come_down_to_a_few(desk: KnownDesk) -> None:
    settings = PreviewSettings()
    views = {wanted({"width": str(width), "fps": "1e9"}, settings, desk)[0] for width in range(-5, 9000, 7)}
    assert {view.width for view in views} == {0, *WIDTHS}
    assert wanted({"width": "5000"}, PreviewSettings(width=800), desk)[0] == View(800, 85)
    assert wanted({"width": "100"}, PreviewSettings(width=800), desk)[0] == View(320, 85)


def test_the_slowest_of_all_rates_wins(desk: KnownDesk) -> None:
    assert wanted({}, PreviewSettings(), desk)[1] == 0
    assert wanted({"fps": "12"}, PreviewSettings(rate=20), desk)[1] == 12
    desk.switches.set("rate", 5, by="test")
    assert wanted({"fps": "12"}, PreviewSettings(rate=20), desk)[1] == 5
    assert wanted({"fps": "1e-9"}, PreviewSettings(), desk)[1] == pytest.approx(0.1)


@pytest.mark.parametrize("query", ["width=x", "fps=nan", "width=1e999", "fps=--"])
def test_nonsense_is_refused_in_a_line(server: PreviewServer, query: str) -> None:
    answer = ask(server.port, f"/stream.mjpg?{query}")
    assert answer.status == 400
    assert answer.text.count("\n") == 1
    assert "is a number" in answer.text


def test_quality_changes_while_one_looks(server: PreviewServer, desk: KnownDesk) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    desk.rgb = noise
    with Stream(server.port) as stream:
        parts = stream.parts()
        assert until(lambda: len(next(parts)) > 150_000)
        desk.switches.set("quality", 10, by="test")
        assert until(lambda: len(next(parts)) < 75_000)


def test_ten_look_at_once_and_one_more_than_may_is_told(desk: KnownDesk, tmp_path: Path) -> None:
    settings = PreviewSettings(port=0, viewers=10)
    with PreviewServer(desk, settings, tmp_path) as server, ExitStack() as streams:
        views = [
            streams.enter_context(Stream(server.port, f"/stream.mjpg?width={320 * (n % 3)}"))
            for n in range(10)
        ]
        for view in views:
            assert len(list(islice(view.parts(), 3))) == 3
        refused = ask(server.port, "/stream.mjpg")
        assert refused.status == 503
        assert refused.text == "10 look already, which is as many as may (preview.viewers)\n"
        assert server.viewers == 10
        views[0].close()
        assert until(lambda: server.viewers == 9)
        with Stream(server.port) as late:
            assert len(next(late.parts())) > 1000


def test_one_that_stops_reading_is_dropped_while_others_go_on(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    with (
        KnownDesk(rgb=noise) as desk,
        PreviewServer(desk, PreviewSettings(port=0), tmp_path, stall_s=0.5) as server,
        Stream(server.port) as good,
        Stream(server.port, receive_buffer=4096) as stuck,
    ):
        parts = good.parts()
        assert stuck.status == 200
        assert until(lambda: server.viewers == 2)
        first = read_facts(next(parts)).sequence
        assert until(lambda: next(parts) != b"" and server.viewers == 1)
        assert read_facts(next(parts)).sequence > first
        assert len(list(islice(parts, 5))) == 5


def test_a_slow_viewer_gets_the_newest_and_no_backlog(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    with (
        KnownDesk(rgb=noise, rate=40) as desk,
        PreviewServer(desk, PreviewSettings(port=0), tmp_path) as server,
        Stream(server.port, receive_buffer=16_384) as slow,
    ):
        numbers = []
        for jpeg in islice(slow.parts(), 8):
            numbers.append(read_facts(jpeg).sequence)
            time.sleep(0.25)
        assert numbers[-1] - numbers[0] > 3 * len(numbers)


def test_interest_is_held_while_somebody_streams(server: PreviewServer, desk: KnownDesk) -> None:
    assert desk.interest.holders() == ()
    with Stream(server.port) as stream:
        next(stream.parts())
        assert desk.interest.holders() == ("viewer",)
    assert until(lambda: desk.interest.holders() == ())


def test_a_viewer_that_goes_is_noticed_though_no_frame_comes(server: PreviewServer, desk: KnownDesk) -> None:
    desk.paused.set()
    with Stream(server.port) as stream:
        assert stream.status == 200
        assert until(lambda: server.viewers == 1)
    assert until(lambda: server.viewers == 0)


def test_a_viewer_that_goes_while_it_is_written_to_is_no_error() -> None:
    async def gone(_request: web.Request) -> web.StreamResponse:
        raise ConnectionResetError("Cannot write to closing transport")

    guard = Guard(Access(None, 8730), Files()).middleware()
    request = make_mocked_request("GET", "/stream.mjpg", headers={"Host": "localhost"})
    assert asyncio.run(guard(request, gone)).status == 200


def test_closing_ends_streams_at_once(desk: KnownDesk, tmp_path: Path) -> None:
    server = PreviewServer(desk, PreviewSettings(port=0), tmp_path)
    server.start()
    with Stream(server.port) as stream, socket.create_connection(("127.0.0.1", server.port)):
        parts = stream.parts()
        next(parts)
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 8
        assert list(islice(parts, 200)) is not None  # it ends, and does not hang
    assert "preview" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ConnectionRefusedError):
        ask(server.port, "/")


def test_the_end_of_the_views_ends_the_stream(server: PreviewServer, desk: KnownDesk) -> None:
    with Stream(server.port) as stream:
        parts = stream.parts()
        next(parts)
        desk.close()
        assert len(list(parts)) < 20


def test_idle_connections_are_limited_and_the_page_stays(desk: KnownDesk, tmp_path: Path) -> None:
    with PreviewServer(desk, PreviewSettings(port=0, viewers=1), tmp_path) as server, ExitStack() as idle:
        for _ in range(most_connections(1)):
            idle.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as late:
            assert late.recv(1) == b""
        idle.close()
        assert until(lambda: _answers(server.port))


def test_one_address_has_all_its_pages_and_leaves_room_for_others() -> None:
    """A page is two connections; who comes from this machine, as a proxy does, is not counted by address."""
    viewers = 16
    household = _let_in("192.0.2.7", viewers, 1000)
    assert 2 * viewers < household == most_from_one(viewers) < most_connections(viewers) / 2
    assert _let_in("fe80::1%eth0", viewers, 1000) == household
    assert _let_in("127.0.0.1", viewers, 1000) == most_connections(viewers)


def _let_in(peer: str, viewers: int, asked: int) -> int:
    """How many of ``asked`` connections from ``peer`` are let in."""
    server = Mock(connections=[])
    for _ in range(asked):
        transport = Mock(spec=asyncio.Transport)
        transport.get_extra_info.return_value = (peer, 1)
        Door(server, viewers).connection_made(transport)
        if not transport.close.called:
            server.connections.append(Mock(transport=transport))
    return len(server.connections)


def _answers(port: int) -> bool:
    try:
        return ask(port, "/").status == 200
    except (ConnectionError, http.client.HTTPException):
        return False
