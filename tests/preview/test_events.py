from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from web import Stream, ask

from device.config import PreviewSettings
from device.preview import PreviewServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from previewed import KnownDesk

    from device.colour.placed import PlacedHint


class Events(Stream):
    """Server-sent events as (kind, value)."""

    def __init__(self, port: int, path: str = "/events") -> None:
        super().__init__(port, path)

    def __enter__(self) -> Self:
        return self

    def all(self) -> Iterator[tuple[str, Any]]:
        kind = ""
        while line := self.file.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                yield kind, json.loads(value)

    def until(self, wanted: str, check: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first value of a kind that passes ``check``."""
        deadline = time.monotonic() + 15
        for kind, value in self.all():
            if kind == wanted and check(value):
                return value
            assert time.monotonic() < deadline
        raise AssertionError(f"the events end without {wanted}")


def test_a_page_is_told_everything_at_once(server: PreviewServer, desk: KnownDesk) -> None:
    desk.add_hint(0.5, 0.25, 10, 20)
    with Events(server.port) as events:
        assert events.headers["content-type"] == "text/event-stream"
        told: dict[str, Any] = {}
        for kind, value in events.all():
            told[kind] = value
            if len(told) == 4:
                break
    assert told["figures"]["network_ms"] == 11.2
    assert told["switches"]["values"]["colour"] == "auto"
    assert [thing["name"] for thing in told["switches"]["things"]] == [
        thing.name for thing in desk.switches.things
    ]
    assert told["hints"][0]["y"] == 0.25
    assert told["stream"] == {"there": False, "fps": None}


def test_changes_of_others_are_told(server: PreviewServer, desk: KnownDesk) -> None:
    with Events(server.port) as events:
        events.until("switches")
        desk.switches.set("colour", "never", by="MQTT")
        events.until("switches", lambda told: told["values"]["colour"] == "never")
        desk.add_hint(0.1, 0.1, 1, 1)
        events.until("hints", lambda told: len(told) == 1)
        desk.told = {"state": "waiting for camera: unplugged"}
        events.until("figures", lambda told: told["state"] == "waiting for camera: unplugged")


def test_what_a_page_changes_is_told_at_once(server: PreviewServer) -> None:
    with Events(server.port) as events:
        events.until("stream")
        assert ask(server.port, "/set/saturation", method="POST", body={"value": 2}).status == 200
        events.until("switches", lambda told: told["values"]["saturation"] == 2)


def test_something_is_heard_every_few_seconds(server: PreviewServer) -> None:
    with Events(server.port) as events:
        events.until("figures")
        began = time.monotonic()
        events.until("figures")
        assert time.monotonic() - began < 8


def test_a_page_is_told_of_its_own_stream(server: PreviewServer) -> None:
    with Events(server.port, "/events?viewer=abc") as events:
        events.until("stream", lambda told: not told["there"])
        with Stream(server.port, "/stream.mjpg?viewer=abc") as stream:
            next(stream.parts())
            events.until("figures", lambda told: told["viewers"] == 1)
            value = events.until("stream", lambda told: told["there"] and told["fps"] is not None)
            assert 0 <= value["fps"] < 60
        events.until("stream", lambda told: not told["there"])


def test_pages_are_limited(server: PreviewServer) -> None:
    many = [Events(server.port) for _ in range(64)]
    assert {each.status for each in many} == {200}
    assert ask(server.port, "/events").status == 503
    for each in many:
        each.close()
    deadline = time.monotonic() + 15
    status = 503
    while status == 503 and time.monotonic() < deadline:
        with Events(server.port) as events:
            status = events.status
    assert status == 200


def test_an_open_page_is_no_viewer(server: PreviewServer, desk: KnownDesk) -> None:
    with Events(server.port) as events:
        events.until("figures")
        assert desk.interest.holders() == ()


def test_a_figure_that_is_none_yet_is_not_told(server: PreviewServer, desk: KnownDesk) -> None:
    desk.told = {"network_ms": float("nan")}
    with Events(server.port) as events:
        assert "network_ms" not in events.until("figures")


def test_pages_that_come_at_once_are_limited_too(desk: KnownDesk, tmp_path: Path) -> None:
    with PreviewServer(desk, PreviewSettings(port=0, viewers=1), tmp_path) as server:
        known, gathering = desk.hints, threading.Barrier(5)

        def slowly() -> Sequence[PlacedHint]:
            gathering.wait(10)
            return known()

        desk.hints = slowly  # type: ignore[method-assign]
        with ThreadPoolExecutor(5) as pool:
            pages = list(pool.map(lambda _: Events(server.port), range(5)))
        assert sorted(page.status for page in pages) == [200, 200, 200, 200, 503]
        desk.hints = known  # type: ignore[method-assign]
        for page in pages:
            page.close()
