"""Hints that stay: placed, listed, taken back, remembered; and whatever a page or a broken disk may bring."""

from __future__ import annotations

import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.colour.hint_text import parse_hint
from device.colour.hints import PATCH, Palette
from device.config import HintSettings
from device.errors import ConfigurationError, InputError, MissingInput, UnreadablePicture
from device.frames import Window
from device.jobs.hinting import MOST_PLACED, HintBoard, board_of

if TYPE_CHECKING:
    from pathlib import Path

FRAME = (480, 640)


def ab_of(board: HintBoard, *, window: Window | None = None, rotation: int = 0) -> list[tuple[float, ...]]:
    """What is said of a frame: x, y, a, b, rounded."""
    points = board.hints(window, rotation, FRAME).points
    return [tuple(round(value, 4) for value in (each.x, each.y, each.a, each.b)) for each in points]


def test_a_hint_is_placed_listed_said_and_taken_back() -> None:
    board = HintBoard()
    assert board.empty
    first = board.add(0.25, 0.5, 40, -20)
    second = board.add(0.75, 0.5, -10, 30)
    assert board.all() == (first, second)
    assert ab_of(board) == [(0.25, 0.5, 40, -20), (0.75, 0.5, -10, 30)]
    assert board.remove(first.id)
    assert not board.remove(first.id)
    assert board.all() == (second,)
    board.clear()
    assert ab_of(board) == []
    assert board.empty


def test_whatever_changes_what_is_said_changes_the_version() -> None:
    board = HintBoard()
    versions = [board.version]
    placed = board.add(0.5, 0.5, 1, 2)
    versions.append(board.version)
    board.add(0.5, 0.5, 3, 4)
    versions.append(board.version)
    board.remove(board.all()[0].id)
    versions.append(board.version)
    assert len(set(versions)) == 4
    board.remove(placed.id)
    board.clear()
    assert board.version == versions[-1]  # nothing was there to take back


def test_another_colour_at_the_same_place_takes_its_place() -> None:
    board = HintBoard()
    board.add(0.5, 0.5, 40, 0)
    newer = board.add(0.5 + PATCH / 4, 0.5, 0, 40)
    beside = board.add(0.5 + 2 * PATCH, 0.5, 0, -40)
    assert board.all() == (newer, beside)


@pytest.mark.parametrize(
    ("rotation", "x", "y"), [(0, 0.1, 0.2), (90, 0.1, 0.2), (180, 0.1, 0.2), (270, 0.1, 0.2)]
)
def test_a_hint_is_of_the_upright_picture_however_frames_are_stored(
    rotation: int, x: float, y: float
) -> None:
    board = HintBoard()
    board.add(x, y, 1, 2)
    assert ab_of(board, rotation=rotation) == [(x, y, 1, 2)]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@given(row=st.integers(0, 479), column=st.integers(0, 639))
def test_a_hint_lies_where_the_network_sees_it(rotation: int, row: int, column: int) -> None:
    """A sample is marked in a frame as stored; the network sees its window, turned upright."""
    window = Window(40, 60, 500, 300)
    stored = np.zeros(FRAME, np.int64)
    stored[row, column] = 1
    upright = np.rot90(stored, -rotation // 90)
    ((down, across),) = np.argwhere(upright)
    board = HintBoard()
    board.add((across + 0.5) / upright.shape[1], (down + 0.5) / upright.shape[0], 1, 2)
    seen = np.rot90(stored[window.slices], -rotation // 90)
    places = [((x + 0.5) / seen.shape[1], (y + 0.5) / seen.shape[0]) for y, x in np.argwhere(seen)]
    said = [(each.x, each.y) for each in board.hints(window, rotation, FRAME).points]
    assert len(said) == len(places)
    assert np.allclose(said, places)


def test_a_hint_in_the_bars_goes_unheard() -> None:
    board = HintBoard()
    board.add(0.5, 0.05, 1, 2)
    assert ab_of(board, window=Window(0, 60, 640, 360)) == []
    assert ab_of(board) == [(0.5, 0.05, 1, 2)]


@pytest.mark.parametrize(
    "values",
    [
        (math.nan, 0.5, 0, 0),
        (0.5, math.inf, 0, 0),
        (0.5, 0.5, math.nan, 0),
        (0.5, 0.5, 0, -math.inf),
        (-0.01, 0.5, 0, 0),
        (0.5, 1.01, 0, 0),
        (0.5, 0.5, 129, 0),
        (10**400, 0.5, 0, 0),
        (0.5, 0.5, 10**400, 0),
        ("0.5", 0.5, 0, 0),
        (None, 0.5, 0, 0),
    ],
)
def test_values_that_cannot_be_are_refused_with_a_line(values: Any) -> None:
    board = HintBoard()
    with pytest.raises(ConfigurationError):
        board.add(*values)
    assert board.all() == ()
    assert board.version == 0


def test_a_thousand_hints_are_too_many(tmp_path: Path) -> None:
    board = HintBoard(tmp_path / "hints.json")
    places = [(n % 32 / 32, n // 32 / 32) for n in range(1000)]
    for x, y in places[:MOST_PLACED]:
        board.add(x, y, 1, 2)
    for x, y in places[MOST_PLACED:]:
        with pytest.raises(ConfigurationError, match="take some back"):
            board.add(x, y, 1, 2)
    assert len(board.all()) == MOST_PLACED
    board.add(*places[3], 5, 6)  # another colour at a place that is hinted is not one more
    assert HintBoard(tmp_path / "hints.json").all() == board.all()


def test_threads_that_place_and_take_back_lose_nothing(tmp_path: Path) -> None:
    board = HintBoard(tmp_path / "hints.json")
    stop = threading.Event()

    def watch() -> int:
        seen = 0
        while not stop.is_set():
            seen = max(seen, len(board.hints(None, 0, FRAME).points))
        return seen

    def place(row: int) -> None:
        for column in range(5):
            kept = board.add(column / 8, row / 8, row, column)
            gone = board.add(column / 8 + 0.06, row / 8, 0, 0)
            assert board.remove(gone.id)
            assert kept in board.all()

    with ThreadPoolExecutor(9) as pool:
        watching = pool.submit(watch)
        for done in [pool.submit(place, row) for row in range(8)]:
            done.result()
        stop.set()
        assert watching.result() <= 48
    assert {(each.a, each.b) for each in board.all()} == {
        (row, column) for row in range(8) for column in range(5)
    }
    assert board.version == 8 * 5 * 3
    assert set(HintBoard(tmp_path / "hints.json").all()) == set(board.all())


def test_hints_survive_a_restart(tmp_path: Path) -> None:
    memory = tmp_path / "hints.json"
    before = HintBoard(memory)
    gone = before.add(0.1, 0.1, 5, 6)
    kept = before.add(0.123456789, 0.9, -7.5, 8)
    before.remove(gone.id)
    after = HintBoard(memory)
    assert after.all() == (kept,)
    assert ab_of(after) == ab_of(before)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\x00\xff\xfe",
        b"[]",
        b"{}",
        b'{"format": 2, "hints": []}',
        b'{"format": 1, "hints": 3}',
        b'{"format": 1, "hints": "abc"}',
        b'{"format": 1, "hints": [{"id": "a", "x": NaN, "y": 0.5, "a": 1, "b": 2}]}',
        b'{"format": 1, "hints": [{"id": "a", "x": 1e999, "y": 0.5, "a": 1, "b": 2}]}',
        b'{"format": 1, "hints": [{"id": "a", "x": "0.5", "y": 0.5, "a": 1, "b": 2}]}',
        b'{"format": 1, "hints": [{"id": "a", "x": 0.5, "y": 0.5, "a": 1}]}',
        b'{"format": 1, "hints": [' + b",".join([b'{"id":"a","x":0,"y":0,"a":0,"b":0}'] * 2) + b"]}",
        b'{"format": 1, "hints": ['
        + b",".join(b'{"id":"%d","x":0,"y":0,"a":0,"b":0}' % n for n in range(1000))
        + b"]}",
        b"[" * 100_000,
        b" " * ((1 << 20) + 1),
    ],
    ids=range(16),
)
def test_a_damaged_memory_is_set_aside_with_a_word(content: bytes, tmp_path: Path) -> None:
    memory, said = tmp_path / "hints.json", list[str]()
    memory.write_bytes(content)
    board = HintBoard(memory, say=said.append)
    assert board.all() == ()
    assert len(said) == 1
    assert "hints.json.broken" in said[0]
    assert (tmp_path / "hints.json.broken").read_bytes() == content
    placed = board.add(0.5, 0.5, 1, 2)
    assert HintBoard(memory, say=said.append).all() == (placed,)
    assert len(said) == 1


def test_a_memory_that_cannot_be_read_is_no_end(tmp_path: Path) -> None:
    memory, said = tmp_path / "hints.json", list[str]()
    memory.mkdir()
    board = HintBoard(memory, say=said.append)
    assert board.all() == ()
    assert len(said) == 1
    with pytest.raises(InputError):
        board.add(0.5, 0.5, 1, 2)
    assert board.all() == ()  # what can't be kept is not there at all


def test_a_long_name_in_the_memory_stays_short(tmp_path: Path) -> None:
    memory = tmp_path / "hints.json"
    hint = {"id": "x" * 5000, "x": 0.5, "y": 0.5, "a": 1, "b": 2}
    memory.write_text(json.dumps({"format": 1, "hints": [hint]}))
    (placed,) = HintBoard(memory).all()
    assert len(placed.id) == 32


def test_configured_points_are_pixels_of_the_upright_picture() -> None:
    board = board_of(HintSettings(points=("320,120,10,-5", "0,0,#ff0000")))
    (first, second) = ab_of(board)
    assert first == (round(320.5 / 640, 4), round(120.5 / 480, 4), 10, -5)
    assert second[2] == pytest.approx(80.09, abs=0.1)
    assert ab_of(board, rotation=90)[0][:2] == (round(320.5 / 480, 4), round(120.5 / 640, 4))
    assert board.all() == ()  # nobody placed them: they can't be taken back


def test_configured_points_outside_the_picture_are_told_once() -> None:
    said: list[str] = []
    board = HintBoard(points=[parse_hint("600,100,1,2"), parse_hint("10,10,3,4")], say=said.append)
    for _ in range(3):
        assert len(board.hints(None, 0, (240, 320)).points) == 1
    assert len(board.hints(None, 0, FRAME).points) == 2
    assert said == ["1 of hints.points lie outside the picture of 320x240 pixels, and go unheard"]


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "1,2,#ff", "-1,2,3,4", "1,2,3,400"])
def test_points_of_another_form_name_the_key(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"hints\.points"):
        board_of(HintSettings(points=(text,)))


def test_a_reference_is_a_palette_for_every_frame(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((40, 60, 3), (20, 20, 200), np.uint8))
    palette = board_of(HintSettings(reference=path)).hints(None, 0, FRAME).palette
    assert isinstance(palette, Palette)
    assert palette.chroma is not None
    assert palette.chroma > 60
    with pytest.raises(MissingInput):
        board_of(HintSettings(reference=tmp_path / "none.png"))
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UnreadablePicture):
        board_of(HintSettings(reference=tmp_path / "text.png"))
