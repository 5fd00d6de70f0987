from __future__ import annotations

import builtins
import os
import queue
import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from xvfb import screenshot, virtual_screen

from device.colour.tint import jpeg_planes
from device.errors import ConfigurationError
from device.frames import JPEG_COLOUR, ColourSpace, Frame, Matrix, TintedFrame
from device.sinks.screen import _library
from device.sinks.window import WindowSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

LONG = 20.0
sdl2 = _library()
SIZE = (800, 600)
GRASS, SKY = (-30.0, 30.0), (0.0, -30.0)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with virtual_screen(SIZE) as name:
        yield name


@pytest.fixture
def on_screen(display: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    # Tests of the converter have brought TensorFlow into this process, in whose LLVM Mesa's OpenGL crashes.
    # SDL as it comes draws in the tests of the command line, in processes of their own.
    monkeypatch.setenv("SDL_RENDER_DRIVER", "software")
    monkeypatch.setenv("SDL_FRAMEBUFFER_ACCELERATION", "0")
    return display


def tinted(
    size: tuple[int, int] = (320, 240),
    *,
    space: ColourSpace = JPEG_COLOUR,
    rotation: int = 0,
    aspect: Fraction = Fraction(1),
    ab: tuple[tuple[float, float], tuple[float, float]] = (SKY, GRASS),
) -> TintedFrame:
    """Sky over grass, of one lightness."""
    luma = np.full(size[::-1], 126 if not space.full_range else 128, np.uint8)
    frame = Frame(luma, space, 0, 0, Fraction(1, 30), rotation=rotation, pixel_aspect=aspect)
    small = np.zeros((16, 16, 2), np.float32)
    small[:8], small[8:] = ab
    return TintedFrame(frame, luma[::5, ::5], small)


def colour_at(frame: TintedFrame, row: int) -> NDArray[np.float64]:
    """R'G'B' in the middle of a row, by what JFIF has to say on its planes."""
    y, cb, cr = (float(plane[row * plane.shape[0] // 240, 40]) for plane in jpeg_planes(frame))
    cb, cr = cb - 128, cr - 128
    return np.array([y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb])


def seen(display: str, good: Callable[[NDArray[np.uint8]], bool]) -> NDArray[np.uint8]:
    """What is on the screen, as soon as it is ``good``; the last of it otherwise."""
    deadline = time.monotonic() + LONG
    while True:
        picture = screenshot(display)
        if good(picture) or time.monotonic() > deadline:
            return picture
        time.sleep(0.05)


def box(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """(width, height) of what is not black."""
    rows, columns = np.nonzero(picture.max(axis=2) > 20)
    return (int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1) if len(rows) else (0, 0)


def has(size: tuple[int, int]) -> Callable[[NDArray[np.uint8]], bool]:
    return lambda picture: all(abs(a - b) <= 2 for a, b in zip(box(picture), size, strict=True))


def press(key: int) -> None:
    """As if somebody had pressed it: SDL takes events from any thread."""
    event = sdl2.SDL_Event()
    event.type = sdl2.SDL_KEYDOWN
    event.key.keysym.sym = key
    assert sdl2.SDL_PushEvent(event) == 1


def until_full(*, wanted: bool) -> bool:
    """Whether the window comes to ask for the whole screen, or not to; a window manager would grant it."""
    (number,) = [number for number in range(100) if sdl2.SDL_GetWindowFromID(number)]
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        flags = sdl2.SDL_GetWindowFlags(sdl2.SDL_GetWindowFromID(number))
        if bool(flags & sdl2.SDL_WINDOW_FULLSCREEN) == wanted:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "space",
    [JPEG_COLOUR, ColourSpace(), ColourSpace(Matrix.BT709)],
    ids=["full", "limited", "BT.709"],
)
def test_the_colours_on_the_screen_are_the_frames(on_screen: str, space: ColourSpace) -> None:
    frame = tinted(space=space)
    with WindowSink() as window:
        window.write(frame)
        picture = seen(on_screen, has((320, 240))).astype(float)
    left, top = (800 - 320) // 2, (600 - 240) // 2
    for row in (60, 180):
        shown, wanted = picture[top + row, left + 80], colour_at(frame, row)
        assert np.abs(shown - wanted).max() <= 4, (shown, wanted)
        assert np.ptp(wanted) > 50


@pytest.mark.parametrize(
    ("frame", "wanted"),
    [
        (tinted((321, 241)), (321, 241)),
        (tinted((320, 240), rotation=90), (240, 320)),
        (tinted((320, 240), aspect=Fraction(3, 2)), (480, 240)),
        (tinted((320, 240), aspect=Fraction(3, 2), rotation=270), (240, 480)),
        (tinted((1600, 800)), (720, 360)),
        (tinted((900, 1800)), (270, 540)),
    ],
    ids=["odd", "turned", "wide samples", "turned with wide samples", "too wide", "too high"],
)
def test_pictures_keep_their_proportions_and_fit(
    on_screen: str, frame: TintedFrame, wanted: tuple[int, int]
) -> None:
    with WindowSink() as window:
        window.write(frame)
        assert has(wanted)(seen(on_screen, has(wanted))), wanted


def test_another_size_is_shown_in_the_same_window(on_screen: str) -> None:
    with WindowSink() as window:
        window.write(tinted((320, 240)))
        seen(on_screen, has((320, 240)))
        window.write(tinted((160, 240)))
        assert has((160, 240))(seen(on_screen, has((160, 240))))


def test_keys(on_screen: str) -> None:
    closed, snapshots, frame = threading.Event(), queue.SimpleQueue[TintedFrame](), tinted()
    with WindowSink(on_closed=closed.set, on_snapshot=snapshots.put) as window:
        window.write(frame)
        seen(on_screen, has((320, 240)))

        press(sdl2.SDLK_f)
        assert until_full(wanted=True)
        press(sdl2.SDLK_ESCAPE)
        assert until_full(wanted=False), "Esc leaves the full screen first"

        def is_grey(picture: NDArray[np.uint8]) -> bool:
            return bool(np.ptp(picture[360, 400].astype(int)) <= 2)

        press(sdl2.SDLK_b)
        assert is_grey(seen(on_screen, is_grey)), "as it came"
        press(sdl2.SDLK_SPACE)
        assert not is_grey(seen(on_screen, lambda picture: not is_grey(picture)))

        press(sdl2.SDLK_s)
        assert snapshots.get(timeout=LONG) is frame
        assert not closed.is_set()
        press(sdl2.SDLK_q)
        assert closed.wait(LONG)
        window.write(tinted())
    assert box(seen(on_screen, has((0, 0)))) == (0, 0)


@pytest.mark.usefixtures("on_screen")
def test_the_close_button() -> None:
    closed = threading.Event()
    with WindowSink(on_closed=closed.set):
        event = sdl2.SDL_Event()
        event.type = sdl2.SDL_QUIT
        sdl2.SDL_PushEvent(event)
        assert closed.wait(LONG)


def test_an_end_from_our_side_is_nobodys_wish(on_screen: str) -> None:
    closed = threading.Event()
    with WindowSink(on_closed=closed.set) as window:
        window.write(tinted())
        seen(on_screen, has((320, 240)))
    assert not closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "window"]


def test_no_screen_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    with pytest.raises(ConfigurationError, match="no screen to open a window on") as told:
        WindowSink()
    assert "desktop or console" in str(told.value)


def test_a_picture_that_nobody_would_see_is_no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="no screen to open a window on"):
        WindowSink()


def test_without_sdl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_sdl(name: str, *args: Any, **others: Any) -> Any:
        if name.startswith("sdl2"):
            raise ImportError(f"No module named {name!r}")
        return real(name, *args, **others)

    monkeypatch.setattr(builtins, "__import__", without_sdl)
    with pytest.raises(ConfigurationError, match=r"pip install 'tintcast\[window\]'"):
        WindowSink()


def test_a_lost_screen_is_told_by_the_next_write(on_screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with WindowSink() as window:
        window.write(tinted())
        seen(on_screen, has((320, 240)))
        monkeypatch.setattr(sdl2, "SDL_RenderCopy", lambda *_: -1)
        deadline = time.monotonic() + LONG

        def write_on() -> None:
            while time.monotonic() < deadline:
                window.write(tinted())
                time.sleep(0.02)

        with pytest.raises(Exception, match="can't be drawn on"):
            write_on()
    assert os.environ["DISPLAY"] == on_screen
