"""A window of SDL2 that shows planes of luma and chroma; on a board without a desktop, the whole screen.

SDL turns YCbCr into what the screen wants, on the graphics chip where there is one. All here is for one
thread, the one that made the ``Screen``.
"""

from __future__ import annotations

import ctypes
import os
import warnings
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from device.errors import ConfigurationError, TintcastError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from types import ModuleType

    from device.media.jpeg import Plane, Planes

_BYTES = ctypes.POINTER(ctypes.c_uint8)
#: A window that opens covers at most this share of the screen.
_SHARE = 0.9
#: Where SDL finds no screen, it draws where nobody sees it.
_UNSEEN = (b"offscreen", b"dummy", b"evdev")


class Wish(Enum):
    """What somebody at the screen asks for."""

    CLOSE = "close"
    SNAPSHOT = "snapshot"
    BEFORE_AFTER = "before, after"


class Screen:
    """The window. It appears with the first picture. F or a double click: full screen and back.

    Raises ConfigurationError where SDL2 is not installed, or there is no screen that we may use.
    """

    def __init__(self, title: str) -> None:
        self._sdl = _library()
        # The signals are the program's own, and a camera's picture is looked at without touching a key.
        self._sdl.SDL_SetHint(self._sdl.SDL_HINT_NO_SIGNAL_HANDLERS, b"1")
        self._sdl.SDL_SetHint(self._sdl.SDL_HINT_RENDER_SCALE_QUALITY, b"linear")
        if self._sdl.SDL_InitSubSystem(self._sdl.SDL_INIT_VIDEO):
            raise _no_screen(self._reason())
        if self._sdl.SDL_GetCurrentVideoDriver() in _UNSEEN and "SDL_VIDEODRIVER" not in os.environ:
            self._sdl.SDL_QuitSubSystem(self._sdl.SDL_INIT_VIDEO)
            raise _no_screen("there is neither a desktop nor a console")
        self._texture: Any = None
        self._renderer: Any = None
        self._window: Any = None
        self._size = (0, 0)
        self._full = False
        try:
            self._open(title)
        except BaseException:
            self.close()
            raise

    def show(self, planes: Planes, pixel_aspect: Fraction) -> None:
        """Draw full-range BT.601 planes, 4:2:0, as large as the window lets them be, in their proportions.

        ``pixel_aspect``: width of a sample over its height. Raises TintcastError where the screen is lost.
        """
        sdl, (rows, columns) = self._sdl, planes[0].shape
        if (columns, rows) != self._size:
            self._fit(columns, rows, pixel_aspect)
        y, cb, cr = (np.ascontiguousarray(plane) for plane in planes)
        self._check(sdl.SDL_UpdateYUVTexture(self._texture, None, *_row(y), *_row(cb), *_row(cr)))
        self._draw()

    def wishes(self) -> Iterator[Wish]:
        """What was asked for since the last call; what concerns the window alone is done."""
        sdl, event = self._sdl, self._sdl.SDL_Event()
        while sdl.SDL_PollEvent(event):
            if event.type == sdl.SDL_QUIT:
                yield Wish.CLOSE
            elif event.type == sdl.SDL_WINDOWEVENT and event.window.event == sdl.SDL_WINDOWEVENT_EXPOSED:
                self._draw()
            elif event.type == sdl.SDL_MOUSEBUTTONDOWN and event.button.clicks == 2:
                self._toggle_full()
            elif event.type == sdl.SDL_KEYDOWN and not event.key.repeat:
                yield from self._key(event.key.keysym.sym)

    def close(self) -> None:
        """Give the screen back."""
        sdl = self._sdl
        for thing, destroy in (
            (self._texture, sdl.SDL_DestroyTexture),
            (self._renderer, sdl.SDL_DestroyRenderer),
            (self._window, sdl.SDL_DestroyWindow),
        ):
            if thing:
                destroy(thing)
        self._texture = self._renderer = self._window = None
        sdl.SDL_QuitSubSystem(sdl.SDL_INIT_VIDEO)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, title: str) -> None:
        sdl, centred = self._sdl, self._sdl.SDL_WINDOWPOS_CENTERED
        flags = sdl.SDL_WINDOW_HIDDEN | sdl.SDL_WINDOW_RESIZABLE | sdl.SDL_WINDOW_ALLOW_HIGHDPI
        self._window = self._made(sdl.SDL_CreateWindow(title.encode(), centred, centred, 640, 360, flags))
        self._renderer = self._made(sdl.SDL_CreateRenderer(self._window, -1, sdl.SDL_RENDERER_PRESENTVSYNC))

    def _fit(self, columns: int, rows: int, pixel_aspect: Fraction) -> None:
        """Make ready for pictures of this size; the first one says how large the window is."""
        sdl = self._sdl
        if self._texture:
            sdl.SDL_DestroyTexture(self._texture)
        sdl.surface.SDL_SetYUVConversionMode(sdl.surface.SDL_YUV_CONVERSION_JPEG)
        kind, access = sdl.SDL_PIXELFORMAT_IYUV, sdl.SDL_TEXTUREACCESS_STREAMING
        self._texture = self._made(sdl.SDL_CreateTexture(self._renderer, kind, access, columns, rows))
        aspect = float(pixel_aspect)
        width, height = round(columns * max(aspect, 1.0)), round(rows / min(aspect, 1.0))
        self._check(sdl.SDL_RenderSetLogicalSize(self._renderer, width, height))
        if self._size == (0, 0):
            room = sdl.SDL_Rect()
            self._check(sdl.SDL_GetDisplayUsableBounds(0, room))
            share = min(1.0, _SHARE * room.w / width, _SHARE * room.h / height)
            sdl.SDL_SetWindowSize(self._window, max(int(width * share), 1), max(int(height * share), 1))
            centred = sdl.SDL_WINDOWPOS_CENTERED
            sdl.SDL_SetWindowPosition(self._window, centred, centred)
            sdl.SDL_ShowWindow(self._window)
        self._size = columns, rows

    def _draw(self) -> None:
        sdl = self._sdl
        if self._texture:
            self._check(sdl.SDL_RenderClear(self._renderer))
            self._check(sdl.SDL_RenderCopy(self._renderer, self._texture, None, None))
            sdl.SDL_RenderPresent(self._renderer)

    def _key(self, key: int) -> Iterator[Wish]:
        sdl = self._sdl
        if key == sdl.SDLK_f or (key == sdl.SDLK_ESCAPE and self._full):
            self._toggle_full()
        elif key in {sdl.SDLK_q, sdl.SDLK_ESCAPE}:
            yield Wish.CLOSE
        elif key == sdl.SDLK_s:
            yield Wish.SNAPSHOT
        elif key in {sdl.SDLK_b, sdl.SDLK_SPACE}:
            yield Wish.BEFORE_AFTER

    def _toggle_full(self) -> None:
        sdl = self._sdl
        self._full = not self._full
        flags = sdl.SDL_WINDOW_FULLSCREEN_DESKTOP if self._full else 0
        self._check(sdl.SDL_SetWindowFullscreen(self._window, flags))
        sdl.SDL_ShowCursor(sdl.SDL_DISABLE if self._full else sdl.SDL_ENABLE)
        self._draw()

    def _made(self, thing: Any) -> Any:
        if not thing:
            raise ConfigurationError(f"can't be opened: {self._reason()}", where="window")
        return thing

    def _check(self, code: int) -> None:
        if code:
            raise TintcastError(f"the screen can't be drawn on: {self._reason()}", where="window")

    def _reason(self) -> str:
        return str(self._sdl.SDL_GetError().decode(errors="replace")) or "SDL does not say why"


def _no_screen(reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"no screen to open a window on: {reason}",
        where="window",
        hint="run it on the board's desktop or console, by a user of the groups video and render",
    )


def _library() -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of where it found its library
            import sdl2  # noqa: PLC0415 - an extra: only where there is a window
    except ImportError as error:
        raise ConfigurationError(
            f"SDL2 is not installed: {error}", where="window", hint="pip install 'tintcast[window]'"
        ) from None
    return sdl2  # type: ignore[no-any-return]


def _row(plane: Plane) -> tuple[Any, int]:
    """Where a plane begins, and how long its rows are."""
    return plane.ctypes.data_as(_BYTES), plane.strides[0]
