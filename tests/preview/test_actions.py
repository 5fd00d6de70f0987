from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from previewed import LIKELY, KnownDesk
from web import ask

from device.colour.placed import PlacedHint
from device.config import PreviewSettings
from device.media.facts import read_facts
from device.preview import PreviewServer
from device.preview.colours import ab_of, described

if TYPE_CHECKING:
    from pathlib import Path


def test_a_snapshot_is_one_jpeg_of_now(server: PreviewServer) -> None:
    answer = ask(server.port, "/snapshot.jpg")
    assert answer.headers["content-type"] == "image/jpeg"
    assert read_facts(answer.body).width == 640
    assert read_facts(ask(server.port, "/snapshot.jpg?width=320").body).width == 320
    saved = ask(server.port, "/snapshot.jpg?download").headers["content-disposition"]
    assert saved.startswith('attachment; filename="tintcast-')


def test_a_snapshot_is_made_although_everything_rests(server: PreviewServer, desk: KnownDesk) -> None:
    desk.paused.set()
    assert read_facts(ask(server.port, "/snapshot.jpg").body).width == 640


def test_many_snapshots_at_once_are_one(server: PreviewServer, desk: KnownDesk) -> None:
    desk.paused.set()
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(ask(server.port, "/snapshot.jpg").body))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 12
    assert all(read_facts(each).width == 640 for each in found)


def test_no_picture_has_its_reason(server: PreviewServer, desk: KnownDesk) -> None:
    desk.switches.set("live", "off", by="test")
    desk.told = {"state": "waiting for camera: unplugged"}
    answer = ask(server.port, "/snapshot.jpg")
    assert (answer.status, answer.text) == (503, "no picture now: waiting for camera: unplugged\n")


def test_things_are_set(server: PreviewServer, desk: KnownDesk) -> None:
    heard: list[tuple[str, object]] = []
    desk.switches.on_change(lambda name, value: heard.append((name, value)))
    for name, value, now in (
        ("colour", "never", "never"),
        ("saturation", 1.5, 1.5),
        ("rate", "12", 12),
        ("live", False, False),
        ("snapshot", None, None),
    ):
        answer = ask(server.port, f"/set/{name}", method="POST", body={"value": value})
        assert (answer.status, answer.json) == (200, {"value": now})
    assert heard == [
        ("colour", "never"),
        ("saturation", 1.5),
        ("rate", 12),
        ("live", False),
        ("snapshot", None),
    ]


@pytest.mark.parametrize(
    ("thing", "body", "status"),
    [
        ("colour", {"value": "purple"}, 409),
        ("quality", {"value": 101}, 409),
        ("quality", {}, 409),
        ("nothing", {"value": 1}, 409),
        ("colour", [1], 400),
        ("colour", "never", 400),
        ("colour", {"value": "x" * 20_000}, 413),
    ],
)
def test_what_is_not_allowed_is_told_in_a_line(
    server: PreviewServer, thing: str, body: object, status: int
) -> None:
    answer = ask(server.port, f"/set/{thing}", method="POST", body=body)
    assert answer.status == status
    assert answer.text.count("\n") == 1
    assert len(answer.text) < 300


def test_hints_are_placed_listed_taken_back_and_kept(desk: KnownDesk, tmp_path: Path) -> None:
    settings = PreviewSettings(port=0)
    with PreviewServer(desk, settings, tmp_path) as server:
        one = ask(server.port, "/hints", method="POST", body={"x": 0.25, "y": 0.5, "a": 40, "b": 20})
        other = ask(server.port, "/hints", method="POST", body={"x": 0.75, "y": 0.5, "colour": "#3050c0"})
        assert (one.status, other.status) == (201, 201)
        listed = ask(server.port, "/hints").json
        assert [hint["id"] for hint in listed] == [one.json["id"], other.json["id"]]
        assert listed[0] | {"colour": ""} == {
            "id": one.json["id"],
            "x": 0.25,
            "y": 0.5,
            "a": 40,
            "b": 20,
            "colour": "",
        }
        assert listed[1]["b"] < -30
        gone = f"/hints/{one.json['id']}"
        assert [ask(server.port, gone, method="DELETE").status for _ in range(2)] == [204, 404]
    with KnownDesk(tmp_path / "hints.json") as later, PreviewServer(later, settings, tmp_path) as server:
        assert [hint["id"] for hint in ask(server.port, "/hints").json] == [other.json["id"]]


@pytest.mark.parametrize(
    "body",
    [
        {"x": 2, "y": 0, "a": 0, "b": 0},
        {"x": 0.5, "y": 0.5},
        {"x": 0.5, "y": 0.5, "a": 1000, "b": 0},
        {"x": "nan", "y": 0.5, "a": 0, "b": 0},
        {"x": 10**400, "y": 0.5, "a": 0, "b": 0},
        {"x": 0.5, "y": 0.5, "colour": "red"},
        {"x": 0.5, "y": 0.5, "colour": 7},
        {"x": None, "y": [], "colour": "#000000"},
    ],
)
def test_hints_that_can_not_be_are_refused(server: PreviewServer, desk: KnownDesk, body: object) -> None:
    assert ask(server.port, "/hints", method="POST", body=body).status == 400
    assert desk.hints() == ()


def test_a_charset_that_is_none_is_refused(server: PreviewServer) -> None:
    kind = "application/json; charset=none-such"
    assert ask(server.port, "/set/colour", method="POST", body={}, Content_Type=kind).status == 400


def test_likely_colours_are_of_the_place(server: PreviewServer, desk: KnownDesk) -> None:
    answer = ask(server.port, "/likely?x=0.25&y=0.75")
    assert desk.asked == [(0.25, 0.75)]
    assert [each["colour"] for each in answer.json] == [each.colour for each in LIKELY]
    for query in ("", "?x=1", "?x=1&y=1.1", "?x=nan&y=0", "?x=a&y=b"):
        assert ask(server.port, f"/likely{query}").status == 400


def test_colours_go_to_lab_and_back() -> None:
    assert ab_of("#808080") == pytest.approx((0, 0), abs=0.1)
    a, b = ab_of("#c02020")
    assert a > 50
    assert b > 30
    for bad in ("#12345", "red", "#12345g", None, "#1234567"):
        with pytest.raises(ValueError, match="not a colour"):
            ab_of(bad)
    assert described(PlacedHint("1", 0, 0, 0, 0))["colour"] == "#919191"


def test_a_mistake_of_ours_is_one_line_and_the_server_lives(server: PreviewServer, desk: KnownDesk) -> None:
    desk.likely = lambda _x, _y: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    answer = ask(server.port, "/likely?x=0&y=0")
    assert (answer.status, answer.text) == (500, "something went wrong here; the log says what\n")
    assert ask(server.port, "/hints").status == 200


def test_unknown_paths_and_methods_are_a_line(server: PreviewServer) -> None:
    for path, method, status in (("/nothing", "GET", 404), ("/../etc/passwd", "GET", 404), ("/", "PUT", 405)):
        answer = ask(server.port, path, method=method)
        assert (answer.status, answer.text.count("\n")) == (status, 1)


def test_files_are_asked_for_again_only_when_they_change(server: PreviewServer) -> None:
    first = ask(server.port, "/page.css")
    assert ask(server.port, "/page.css", If_None_Match=first.headers["etag"]).status == 304
    assert ask(server.port, "/page.css", If_None_Match='"other"').status == 200
    assert ask(server.port, "/locked.html").status == 404
