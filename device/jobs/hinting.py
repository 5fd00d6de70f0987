"""What is said of every frame's colours: hints of the configuration, and those that were placed and stay."""

from __future__ import annotations

import json
import secrets
import threading
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Protocol

from device.colour.hint_text import parse_hint, place_hints
from device.colour.hints import PATCH, Hint, Hints, palette_of
from device.colour.placed import PlacedHint
from device.colour.upright import upright_place, upright_size, upright_window
from device.errors import ConfigurationError
from device.media.durable import write_bytes
from device.media.side_by_side import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from device.colour.hint_text import PixelHint
    from device.colour.hints import Palette
    from device.config import HintSettings
    from device.frames import Window
    from device.network import Network

#: So many hints stay at most.
MOST_PLACED: Final = 100
_WIDEST_AB: Final = 128.0
_FORMAT: Final = 1
_LONGEST_ID: Final = 32
_LARGEST_FILE: Final = 1 << 20  # bytes


class Hinting(Protocol):
    """What is said of frames' colours, asked for each of them."""

    @property
    def version(self) -> int:
        """Another number whenever something else is said: colour so far is then out of date."""
        ...

    def hints(self, window: Window | None, rotation: int, size: tuple[int, int]) -> Hints:
        """What is said of the picture that the network sees.

        That is ``window`` of a frame of ``size`` (rows, columns), both as stored, turned upright by
        ``rotation`` (degrees clockwise).
        """
        ...


class HintBoard:
    """Hints that are placed, listed and taken back while frames go by, beside those said beforehand.

    Used by several threads at once. ``memory``: the file that they are kept in; None: they are forgotten at
    the end. One that can't be read is set aside, which ``say`` is told. ``points``: outside the picture they
    go unheard, which ``say`` is told once; ``reference``: a palette for all frames.
    """

    def __init__(
        self,
        memory: Path | None = None,
        reference: Palette | None = None,
        points: Sequence[PixelHint] = (),
        *,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._memory = memory
        self._palette = reference
        self._points = tuple(points)
        self._say = say
        self._lock = threading.Lock()
        self._version = 0
        self._sizes: set[tuple[int, int]] = set()
        self._placed = () if memory is None else _remembered(memory, say)

    @property
    def version(self) -> int:
        """See ``Hinting``."""
        return self._version

    def check(self, network: Network, size: tuple[int, int] | None = None) -> None:
        """Raise ConfigurationError where what was said beforehand can't be heard.

        That is by a network that takes no such hints, or in a picture of ``size`` (rows, columns, upright).
        """
        somewhere = tuple(Hint(0.5, 0.5, each.a, each.b) for each in self._points)
        network.check_hints(Hints(somewhere, self._palette))
        if size is not None:
            place_hints(self._points, size[1], size[0])

    @property
    def empty(self) -> bool:
        """Whether nothing at all is said."""
        return not (self._points or self._placed or self._palette)

    def all(self) -> tuple[PlacedHint, ...]:
        """Those that were placed, the oldest first."""
        return self._placed

    def add(self, x: float, y: float, a: float, b: float) -> PlacedHint:
        """Place a hint; one that was as good as there already gives way to it.

        Raises ConfigurationError for values that can't be or one too many, SpaceError and InputError where it
        can't be kept.
        """
        placed = PlacedHint(secrets.token_hex(4), *_checked(x, y, a, b))
        with self._lock:
            others = tuple(each for each in self._placed if not _same_place(each, placed))
            if len(others) >= MOST_PLACED:
                raise ConfigurationError(
                    f"there are {MOST_PLACED} hints already", where="hints", hint="take some back"
                )
            self._keep((*others, placed))
        return placed

    def remove(self, hint_id: str) -> bool:
        """Take a hint back; False where there is none of this name. Raises where that can't be kept."""
        with self._lock:
            others = tuple(each for each in self._placed if each.id != hint_id)
            if len(others) == len(self._placed):
                return False
            self._keep(others)
        return True

    def clear(self) -> None:
        """Take all back. Raises as ``add`` where that can't be kept."""
        with self._lock:
            if self._placed:
                self._keep(())

    def hints(self, window: Window | None, rotation: int, size: tuple[int, int]) -> Hints:
        """See ``Hinting``. Hints outside the window go unheard."""
        height, width = upright_size(size, rotation)
        inside = [each for each in self._points if each.x < width and each.y < height]
        if len(inside) < len(self._points) and size not in self._sizes:
            self._sizes.add(size)
            self._say(
                f"{len(self._points) - len(inside)} of hints.points lie outside the picture of "
                f"{width}x{height} pixels, and go unheard"
            )
        said = list(place_hints(inside, width, height, upright_window(window, rotation, size)))
        for each in self._placed:
            place = upright_place(each.x, each.y, window, rotation, size)
            if place is not None:
                said.append(Hint(*place, each.a, each.b))
        return Hints(tuple(said), self._palette)

    def _keep(self, placed: tuple[PlacedHint, ...]) -> None:
        if self._memory is not None:
            content = {"format": _FORMAT, "hints": [asdict(each) for each in placed]}
            write_bytes(self._memory, json.dumps(content, indent=1, allow_nan=False).encode())
        self._placed = placed
        self._version += 1


def board_of(
    settings: HintSettings, memory: Path | None = None, *, say: Callable[[str], None] = lambda _: None
) -> HintBoard:
    """The board of what is configured, and of what ``memory`` holds.

    Raises ConfigurationError for hints of another form, and every error of ``read_photograph``.
    """
    points = tuple(parse_hint(text, where="hints.points") for text in settings.points)
    return HintBoard(memory, palette_of_picture(settings.reference), points, say=say)


def palette_of_picture(reference: Path | None) -> Palette | None:
    """The palette of the picture in a file, where there is one. Raises as ``read_photograph``."""
    if reference is None:
        return None
    from device.media.photograph import read_photograph  # noqa: PLC0415 - most films have none to wait for

    return palette_of(shown(read_photograph(reference).pixels))


def _checked(x: float, y: float, a: float, b: float) -> tuple[float, float, float, float]:
    """The values, whoever they came from, or ConfigurationError."""
    if not all(isinstance(value, int | float) for value in (x, y, a, b)):
        raise ConfigurationError("x, y, a and b of a hint are numbers", where="hints")
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise ConfigurationError("x and y of a hint lie between 0 and 1", where="hints")
    if not (abs(a) <= _WIDEST_AB and abs(b) <= _WIDEST_AB):
        raise ConfigurationError("a and b of a hint lie between -128 and 128", where="hints")
    return float(x), float(y), float(a), float(b)


def _same_place(one: PlacedHint, other: PlacedHint) -> bool:
    """Whether their patches are mostly one: two colours there would only be mixed."""
    return max(abs(one.x - other.x), abs(one.y - other.y)) < PATCH / 2


def _remembered(memory: Path, say: Callable[[str], None]) -> tuple[PlacedHint, ...]:
    """What the file holds; where it can't be read, it is set aside and nothing is remembered."""
    try:
        with memory.open("rb") as file:
            return _parsed(file.read(_LARGEST_FILE + 1))
    except FileNotFoundError:
        return ()
    except OSError as error:
        say(f"{memory}: can't be read, its hints are not there: {error.strerror}")
        return ()
    except (ValueError, TypeError, KeyError, RecursionError, ConfigurationError):
        aside = memory.with_name(memory.name + ".broken")
        with suppress(OSError):
            memory.replace(aside)
        say(f"{memory}: is damaged; it is set aside as {aside.name}, and its hints are not there")
        return ()


def _parsed(content: bytes) -> tuple[PlacedHint, ...]:
    """The hints of a file. Raises ValueError, TypeError, KeyError, ConfigurationError for other content."""
    if len(content) > _LARGEST_FILE:
        raise ValueError(len(content))
    held: dict[str, Any] = json.loads(content)
    if held["format"] != _FORMAT or len(held["hints"]) > MOST_PLACED:
        raise ValueError(held["format"])
    placed = tuple(
        PlacedHint(str(each["id"])[:_LONGEST_ID], *_checked(each["x"], each["y"], each["a"], each["b"]))
        for each in held["hints"]
    )
    if len({each.id for each in placed}) < len(placed):
        raise ValueError(placed)
    return placed
