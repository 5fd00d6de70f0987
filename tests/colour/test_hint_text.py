from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.colour.hint_text import PixelHint, parse_hint, place_hints, read_hints
from device.errors import ConfigurationError, MissingInput
from device.frames import Window

if TYPE_CHECKING:
    from pathlib import Path


def test_a_hint_is_a_pixel_and_its_ab() -> None:
    assert parse_hint("120,80,45,-20") == PixelHint(120, 80, 45, -20)
    assert parse_hint(" 0 , 1.5, -3.25 ,0") == PixelHint(0, 1.5, -3.25, 0)


def test_a_web_colour_gives_its_ab() -> None:
    red = parse_hint("3,4,#ff0000")
    assert (red.x, red.y) == (3, 4)
    assert (red.a, red.b) == pytest.approx((80.09, 67.20), abs=0.05)
    grey = parse_hint("3,4,#7F7f7f")
    assert (grey.a, grey.b) == pytest.approx((0, 0), abs=0.01)


@pytest.mark.parametrize(
    "text",
    ["", "1,2", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,#fff", "1,2,#gggggg", "1,2,#ff00001", "-1,2,3,4",
     "nan,2,3,4", "inf,2,3,4", "1,2,3,129", "1,2,nan,0", "1,2,#ff0000,3"],
)  # fmt: skip
def test_anything_else_is_one_line(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--hint: ") as caught:
        parse_hint(text)
    assert "x,y,a,b or x,y,#rrggbb" in str(caught.value)


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    with suppress(ConfigurationError):
        hint = parse_hint(text)
        assert hint.x >= 0
        assert -128 <= hint.a <= 128


def test_a_file_holds_a_hint_a_line(tmp_path: Path) -> None:
    path = tmp_path / "hints.txt"
    path.write_text("# the wall\n\n10,20,30,40\r\n  1,2,#000000  \n")
    assert read_hints(path) == (PixelHint(10, 20, 30, 40), PixelHint(1, 2, 0, 0))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"1,2,3,4\n1,2,3\n", r"hints\.txt:2: '1,2,3' is no hint"),
        (b"\xff\xfe\x00", "is no text"),
        (b"1,2,3,4\n" * 200_000, "too long"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "hints.txt"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=says):
        read_hints(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match=r"no\.txt"):
        read_hints(tmp_path / "no.txt")


def test_pixels_become_parts_of_what_the_network_sees() -> None:
    (hint,) = place_hints([PixelHint(49.5, 9.5, 5, 6)], 200, 100)
    assert (hint.x, hint.y, hint.a, hint.b) == pytest.approx((0.25, 0.1, 5, 6))
    window = Window(x=20, y=10, width=160, height=80)
    (hint,) = place_hints([PixelHint(99.5, 49.5, 5, 6)], 200, 100, window)
    assert (hint.x, hint.y) == pytest.approx((0.5, 0.5))


def test_a_hint_in_the_bars_is_not_heard_and_one_outside_is_refused() -> None:
    window = Window(x=20, y=10, width=160, height=80)
    assert place_hints([PixelHint(5, 50, 1, 1), PixelHint(50, 95, 1, 1)], 200, 100, window) == ()
    with pytest.raises(ConfigurationError, match="200,50 lies outside the picture of 200x100"):
        place_hints([PixelHint(200, 50, 1, 1)], 200, 100)
