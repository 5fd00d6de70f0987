"""The shots of a finished film: what is known of each, and one tinted still, in a folder beside the film.

``.NAME.shots`` holds ``shots.json`` and the stills. What it says is laid down before the film that it is true
of has its name, and settled afterwards: whenever we are killed, whoever reads gets what is true of the film
that stands there. Needs neither PyAV nor OpenCV.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from device.errors import InputError
from device.jobs import plain
from device.jobs.film_identity import sampled_sha256
from device.media.durable import copy_file, move, writable, write_bytes
from device.media.hold import refuse_link
from device.media.regular import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

#: Layout of ``shots.json``; another one is not read.
FORMAT = 1
_ENDING = ".shots"
_NAME, _NEXT = "shots.json", "shots.next.json"
#: What ``still_name`` gives, or what a still is called while its film is worked on: no path leads elsewhere.
_STILL = re.compile(r"\d{4,}-[0-9a-f]{12}\.jpg|still-\d{8,}\.jpg", re.ASCII)

#: From which frame on a window (x, y, width, height; None: the whole frame) holds, and whether its own colour
#: passes.
Change = tuple[int, tuple[int, int, int, int] | None, bool]
#: By what a frame of the source is known again: its time stamp and the fingerprint of its luma.
Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shot:
    """One shot of a film.

    ``number``: from 1. ``first``, ``last``: frames, from 0; ``begins``, ``ends``: seconds. ``own_colour``:
    it passed in its own colour. ``still``: file name of a tinted still, whose luma is the picture before.
    ``figures``: of its colour. ``settings``: what was asked for this shot alone, section by section;
    ``before``: the same of earlier times, the latest last. ``changes``: what was decided of its frames when
    the film was made; ``marks``: of the frames just before it.
    """

    number: int
    first: int
    last: int
    begins: float
    ends: float
    own_colour: bool
    still: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    before: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Change, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return self.last + 1 - self.first

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``asdict`` and JSON made of one. Raises KeyError, TypeError, ValueError."""
        still = value["still"]
        if still is not None and not _STILL.fullmatch(plain.text(still)):
            raise ValueError(still)
        return cls(
            number=plain.whole(value["number"]),
            first=plain.whole(value["first"]),
            last=plain.whole(value["last"]),
            begins=plain.number(value["begins"]),
            ends=plain.number(value["ends"]),
            own_colour=plain.truth(value["own_colour"]),
            still=still,
            figures=plain.figures(value["figures"]),
            settings=plain.sections(value["settings"]),
            before=tuple(map(plain.sections, value["before"])),
            changes=read_changes(value["changes"]),
            marks=read_marks(value["marks"]),
        )


@dataclass(frozen=True, slots=True)
class Made:
    """Which file a finished film is: its size, a hash of pieces of it, and its number on the disk."""

    bytes: int
    sample: str
    inode: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file at ``path``. Raises OSError, or an error of the tree, where it can't be read."""
        status = path.stat()
        return cls(status.st_size, sampled_sha256(path, status.st_size), status.st_ino)

    def same(self, other: Made) -> bool:
        """Whether the other has the same content: a copy is the same."""
        return (self.bytes, self.sample) == (other.bytes, other.sample)


@dataclass(frozen=True, slots=True)
class FilmShots:
    """All shots of the film named ``film``.

    ``made``: which file that is. ``source``: what it was coloured from; ``identity``: everything that its
    pixels follow from, ``settings``: of the film as a whole, section by section. ``rate``: frames a second on
    average. ``pixel_aspect``: width of a sample of the stills over its height. ``figures``: of all shots.
    """

    film: str
    made: Made
    source: str
    frames: int
    rate: float
    pixel_aspect: float
    identity: Mapping[str, Any]
    settings: Mapping[str, Any]
    figures: Mapping[str, Any]
    shots: tuple[Shot, ...]

    def to_bytes(self) -> bytes:
        """As ``shots.json`` holds it."""
        whole = {"format": FORMAT, **asdict(self)}
        shots = ",\n".join(json.dumps(shot) for shot in whole.pop("shots"))
        head = json.dumps(whole, indent=1).removesuffix("\n}")
        return f'{head},\n "shots": [\n{shots}\n]}}\n'.encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read ``shots.json``. Raises KeyError, TypeError, ValueError for anything else."""
        try:
            value = plain.shallow(json.loads(data))
        except RecursionError:
            raise ValueError("too deep") from None
        if plain.mapping(value)["format"] != FORMAT:
            raise ValueError("of another layout")
        made = plain.mapping(value["made"])
        return cls(
            film=plain.text(value["film"]),
            made=Made(plain.whole(made["bytes"]), plain.text(made["sample"]), plain.whole(made["inode"])),
            source=plain.text(value["source"]),
            frames=(frames := plain.whole(value["frames"])),
            rate=plain.number(value["rate"]),
            pixel_aspect=plain.number(value["pixel_aspect"]),
            identity=plain.mapping(value["identity"]),
            settings=plain.sections(value["settings"]),
            figures=plain.figures(value["figures"]),
            shots=_in_order([Shot.from_json(plain.mapping(shot)) for shot in value["shots"]], frames),
        )


def read_changes(values: Iterable[Any]) -> tuple[Change, ...]:
    """What JSON made of them. Raises TypeError, ValueError for anything else."""
    return tuple((plain.whole(at), _window(window), plain.truth(own)) for at, window, own in values)


def read_marks(values: Iterable[Any]) -> tuple[Mark, ...]:
    """What JSON made of them. Raises TypeError, ValueError for anything else."""
    return tuple((plain.whole(pts), plain.whole(mark)) for pts, mark in values)


def shots_folder(film: Path) -> Path:
    """Where the shots of the finished film ``film`` lie."""
    return film.with_name(f".{film.name}{_ENDING}")


def read_shots(film: Path) -> FilmShots | None:
    """The shots of the film that stands at ``film``; None where none are kept, or not of this very film."""
    folder = shots_folder(film)
    known = [each for each in (_read(folder / _NEXT), _read(folder / _NAME)) if each is not None]
    if not known:
        return None
    try:
        if not film.is_file():  # at a pipe we would wait
            return None
        made = Made.of(film)
    except (OSError, InputError):
        return None
    true = [each for each in known if each.made.same(made)]
    return next((each for each in true if each.made.inode == made.inode), true[0] if true else None)


def lay_down(film: Path, shots: FilmShots, stills: Mapping[str, Path]) -> None:
    """Say what will be true once ``film`` is the file ``shots.made``: then ``settle`` it.

    ``stills``: by the names that ``shots`` has for them, files that lie elsewhere; those that it has and that
    are not among them are in the folder already. Raises an error of the tree where it can't be written.
    """
    folder = shots_folder(film)
    refuse_link(folder)
    with writable(folder):
        folder.mkdir(exist_ok=True)
        _promote(film)
    for name, path in stills.items():
        _bring(path, folder / name)
    write_bytes(folder / _NEXT, shots.to_bytes())


def settle(film: Path) -> None:
    """After ``film`` got its name: what was laid down for it is true; stills of before are deleted.

    Raises ConfigurationError where the folder is a link: whose files are behind it nobody knows.
    """
    folder = shots_folder(film)
    refuse_link(folder)
    true = read_shots(film)
    if true is None:
        remove_shots(film)
        return
    with writable(folder):
        _promote(film)
        kept = {_NAME, *(shot.still for shot in true.shots)}
        for file in folder.iterdir():
            if file.name not in kept:
                with suppress(OSError):  # somebody else's folder; what else stays is in nobody's way
                    file.unlink()


def remove_shots(film: Path) -> None:
    """Delete what is known of the shots of ``film``."""
    shutil.rmtree(shots_folder(film), ignore_errors=True)


def _promote(film: Path) -> None:
    """Where what was laid down for ``film`` is true, whether or not it was settled: it is what is known."""
    folder = shots_folder(film)
    following = _read(folder / _NEXT)
    if following is not None and following == read_shots(film):
        move(folder / _NEXT, folder / _NAME)


def still_name(number: int, jpeg: bytes) -> str:
    """A name for a still that no other still has."""
    return f"{number:04d}-{hashlib.sha256(jpeg).hexdigest()[:12]}.jpg"


def _bring(source: Path, target: Path) -> None:
    """Have the file ``source``, which is on the disk, under another name, too."""
    if target.is_file() and not target.is_symlink():
        return
    with suppress(OSError):  # not every file system has links
        os.link(source, target)
        return
    copy_file(source, target)


def _in_order(shots: Sequence[Shot], frames: int) -> tuple[Shot, ...]:
    """The shots, if they follow each other from the first frame on. Raises ValueError."""
    following = 0
    for number, shot in enumerate(shots, 1):
        if (shot.number, shot.first) != (number, following) or not shot.first <= shot.last < frames:
            raise ValueError(f"shot {number} is out of place")
        following = shot.last + 1
    return tuple(shots)


def _window(value: Any) -> tuple[int, int, int, int] | None:
    if value is None:
        return None
    x, y, width, height = map(plain.whole, value)
    return x, y, width, height


def _read(path: Path) -> FilmShots | None:
    try:
        return FilmShots.from_bytes(read_regular(path))
    except (OSError, ValueError, KeyError, TypeError):
        return None
