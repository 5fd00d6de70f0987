"""Things that are set while a job runs: what they take, who hears of it, what survives a restart."""

from __future__ import annotations

import contextlib
import json
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.engine import Kind, Switches, Thing
from device.errors import SettingRefused

if TYPE_CHECKING:
    from pathlib import Path

THINGS = (
    Thing("live", Kind.SWITCH, "Camera", kept=True),
    Thing("colour", Kind.CHOICE, "Colour", choices=("auto", "always", "never")),
    Thing("quality", Kind.NUMBER, "Quality", least=1, most=100, step=1),
    Thing("saturation", Kind.NUMBER, "Saturation", least=0, most=3, step=0.05),
    Thing("snapshot", Kind.BUTTON, "Snapshot"),
)
VALUES: dict[str, object] = {"live": True, "colour": "auto", "quality": 85, "saturation": 1.0}


def switches(memory: Path | None = None) -> Switches:
    return Switches(THINGS, VALUES, memory)


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("live", "off", False),
        ("live", " ON ", True),
        ("live", False, False),
        ("colour", "never", "never"),
        ("quality", "70", 70),
        ("quality", 70.4, 70),
        ("saturation", "1.25", 1.25),
        ("snapshot", "", None),
        ("snapshot", "PRESS", None),
    ],
)
def test_values_come_as_text_or_as_they_are(name: str, given: object, found: object) -> None:
    table = switches()
    assert table.set(name, given, by="test") == found
    assert table.value(name) == found


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("live", "perhaps", "takes on, off"),
        ("colour", "blue", "takes auto, always, never"),
        ("quality", "0", "takes 1 to 100"),
        ("quality", True, "takes 1 to 100"),
        ("saturation", "nan", "takes 0 to 3"),
        ("saturation", "inf", "takes 0 to 3"),
        ("saturation", None, "takes 0 to 3"),
        ("volume", "11", "there are live, colour, quality, saturation, snapshot"),
    ],
)
def test_what_is_not_allowed_changes_nothing(name: str, given: object, reason: str) -> None:
    table = switches()
    heard: list[object] = []
    table.on_change(lambda *change: heard.append(change))
    with pytest.raises(SettingRefused, match=reason):
        table.set(name, given, by="test")
    assert table.values() == VALUES
    assert heard == []


@given(st.text() | st.floats() | st.booleans() | st.none() | st.binary())
def test_a_number_is_within_its_bounds_or_refused(value: object) -> None:
    thing = THINGS[2]
    with contextlib.suppress(SettingRefused):
        parsed = thing.parse(value)
        assert isinstance(parsed, float | int)
        assert 1 <= parsed <= 100


def test_listeners_hear_of_changes_and_of_each_press() -> None:
    table = switches()
    heard: list[object] = []
    table.on_change(lambda *change: heard.append(change))
    table.set("quality", 70, by="test")
    table.set("quality", "70", by="test")
    table.set("snapshot", None, by="test")
    table.set("snapshot", None, by="test")
    assert heard == [("quality", 70), ("snapshot", None), ("snapshot", None)]


def test_a_listener_may_set_another_thing() -> None:
    table = switches()

    def follow(name: str, value: object) -> None:
        if name == "live":
            table.set("colour", "auto" if value else "never", by="follow")

    table.on_change(follow)
    table.set("live", "off", by="test")
    assert table.value("colour") == "never"


def test_what_is_kept_survives_a_restart_and_nothing_else_does(tmp_path: Path) -> None:
    memory = tmp_path / "switches.json"
    first = switches(memory)
    assert first.value("live") is True
    first.set("live", "off", by="test")
    first.set("quality", 50, by="test")
    second = switches(memory)
    assert second.value("live") is False
    assert second.value("quality") == 85
    assert json.loads(memory.read_text()) == {"live": False}
    second.set("live", "on", by="test")
    assert switches(memory).value("live") is True
    assert [path.name for path in tmp_path.iterdir()] == ["switches.json"]


@pytest.mark.parametrize("written", ["", "{", "[1]", '{"live": "perhaps"}', '{"volume": 11}', "\xff\xfe"])
def test_a_memory_that_makes_no_sense_is_begun_anew(tmp_path: Path, written: str) -> None:
    memory = tmp_path / "switches.json"
    memory.write_bytes(written.encode("latin-1"))
    table = switches(memory)
    assert table.values() == VALUES
    table.set("live", "off", by="test")
    assert switches(memory).value("live") is False


def test_a_memory_that_can_not_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    table = switches(tmp_path / "missing" / "switches.json")
    assert table.set("live", "off", by="test") is False
    assert table.value("live") is False


def test_many_threads_set_at_once(tmp_path: Path) -> None:
    memory = tmp_path / "switches.json"
    table = switches(memory)

    def toggle() -> None:
        for number in range(20):
            table.set("live", number % 2, by="test")

    threads = [threading.Thread(target=toggle) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert switches(memory).value("live") == table.value("live")


def test_listeners_hear_changes_in_the_order_in_which_they_are_made() -> None:
    table = switches()
    told: list[object] = []
    first_told = threading.Event()

    def slowly(_name: str, value: object) -> None:
        if value == 10:
            first_told.set()
            other.join(0.3)
        told.append(value)

    table.on_change(slowly)
    other = threading.Thread(target=lambda: first_told.wait(5) and table.set("quality", 20, by="other"))
    other.start()
    table.set("quality", 10, by="test")
    other.join(5)
    assert told == [10, 20]
    assert table.value("quality") == 20


def test_what_a_listener_sets_is_told_after_what_it_heard() -> None:
    table = switches()
    told: list[object] = []

    def correct(name: str, value: object) -> None:
        if (name, value) == ("quality", 10):
            table.set("quality", 20, by="listener")

    table.on_change(correct)
    table.on_change(lambda _name, value: told.append(value))
    table.set("quality", 10, by="test")
    assert told == [10, 20]


def test_who_reads_waits_for_no_disk_and_no_listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = switches(tmp_path / "switches.json")
    read: list[object] = []
    waited: list[bool] = []

    def look(*_: object) -> None:
        looking = threading.Thread(target=lambda: read.append((table.value("live"), table.values()["live"])))
        looking.start()
        looking.join(2)
        waited.append(looking.is_alive())

    monkeypatch.setattr("device.engine.switches.os.fsync", look)
    table.on_change(look)
    table.set("live", "off", by="test")
    assert read == [(False, False), (False, False)]
    assert waited == [False, False]
