"""Photographs out of tars, folders and films, and their planes: what training reads them from, decoded once.

The planes hold each photograph squashed to a square, as the board feeds the network: L uint8 in units of
100/255, from the photograph's grey, and ab int8 in Lab units. Sides are ``FULL`` or, for sets of very small
pictures, ``SMALL``.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from converter import film_frames
from device.errors import InputError, MissingInput, UnreadablePicture, from_os_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

FULL, SMALL = (224, 112), (64, 64)  # sides of L and of ab
_GREY = 1.5  # mean chroma below which a picture counts as grey
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class Photographs:
    """Mapped planes of n photographs: ``lightness`` (n, side, side) uint8, ``ab`` (n, side, side, 2) int8."""

    lightness: npt.NDArray[np.uint8]
    ab: npt.NDArray[np.int8]

    def __len__(self) -> int:
        """How many photographs."""
        return len(self.lightness)


def iterate_pictures(sources: Sequence[Path]) -> Iterator[tuple[str, Pixels]]:
    """Name and RGB (h, w, 3) uint8 of every picture in tars, folders (not deeper) and files, in order.

    Of films there, frames are taken.
    """
    for source in sources:
        if source.is_dir():
            suffixes = _PICTURES | film_frames.SUFFIXES
            for path in sorted(path for path in source.iterdir() if path.suffix.lower() in suffixes):
                yield from _file_pictures(path)
        elif source.suffix == ".tar":
            yield from _tar_pictures(source)
        elif source.exists():
            yield from _file_pictures(source)
        else:
            raise MissingInput("no such file or folder", where=source)


def _file_pictures(path: Path) -> Iterator[tuple[str, Pixels]]:
    if path.suffix.lower() in film_frames.SUFFIXES:
        yield from film_frames.film_pictures(path)
    else:
        yield path.name, _decode(path.read_bytes(), path)


def _tar_pictures(path: Path) -> Iterator[tuple[str, Pixels]]:
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                stream = tar.extractfile(member)
                if stream is not None and member.name.lower().endswith(tuple(_PICTURES)):
                    yield member.name, _decode(stream.read(), f"{path}:{member.name}")
    except tarfile.TarError as error:
        raise InputError(f"not a readable tar: {error}", where=path) from error
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't read") from error


def _decode(data: bytes, where: object) -> Pixels:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    if bgr is None:
        raise UnreadablePicture("not a picture, or a broken one", where=where)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]


def lab_planes(
    rgb: Pixels, sides: tuple[int, int] = FULL
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]:
    """L of the photograph's grey and its ab, of these sides, as stored in ``Photographs``."""
    light, colour = sides
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, (light, light), interpolation=_filter(grey, light))
    lightness = cv2.cvtColor(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), cv2.COLOR_RGB2LAB)[..., 0]
    small = cv2.resize(rgb, (colour, colour), interpolation=_filter(rgb, colour))
    ab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 1:]
    return np.asarray(lightness, np.uint8), np.clip(np.rint(ab), -128, 127).astype(np.int8)


def _filter(picture: npt.NDArray[Any], size: int) -> int:
    return cv2.INTER_AREA if min(picture.shape[:2]) >= size else cv2.INTER_LINEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """Photographs that belong together: tars, folders, films and files, in order.

    ``small``: pictures not much larger than 64x64, kept at that size. ``left_out``: ends of names, lines of
    a file, of pictures never to take (# starts a comment). ``coloured_only``: grey pictures are left out.
    """

    sources: tuple[Path, ...]
    small: bool = False
    left_out: Path | None = None
    coloured_only: bool = False

    @property
    def sides(self) -> tuple[int, int]:
        """Sides of the planes of L and of ab."""
        return SMALL if self.small else FULL

    def facts(self) -> dict[str, Any]:
        """What the decoded planes depend on."""
        for path in self.sources:
            if not path.exists():
                raise MissingInput("no such file or folder", where=path)
        facts: dict[str, Any] = {
            "sources": [[path.name, path.stat().st_size] for path in self.sources],
            "version": 1,
        }
        if self.small or self.left_out or self.coloured_only:
            facts |= {
                "sides": self.sides,
                "coloured only": self.coloured_only,
                "left out": len(self.excluded()),
            }
        return facts

    def excluded(self) -> frozenset[str]:
        """The lines of ``left_out``."""
        if self.left_out is None:
            return frozenset()
        try:
            lines = self.left_out.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise from_os_error(error, where=self.left_out, doing="can't read") from error
        return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def prepare(collection: Collection, folder: Path) -> Photographs:
    """Decode all photographs of ``collection`` to planes in ``folder``, once; a later call only maps them."""
    head = folder / "photographs.json"
    wanted = json.loads(json.dumps(collection.facts()))
    stored = json.loads(head.read_text()) if head.exists() else {}
    stored.pop("count", None)
    if stored != wanted:
        head.unlink(missing_ok=True)
        count = _write_planes(collection, folder)
        head.write_text(json.dumps({**wanted, "count": count}))
    return open_photographs(folder)


def open_photographs(folder: Path) -> Photographs:
    """Map the planes that ``prepare`` left in ``folder``."""
    try:
        facts = json.loads((folder / "photographs.json").read_text())
    except FileNotFoundError:
        raise MissingInput(
            "no decoded photographs",
            where=folder,
            hint="tintcast-convert train leaves them there; or name others with --calibration",
        ) from None
    count, (light, colour) = facts["count"], facts.get("sides", FULL)
    return Photographs(
        np.memmap(folder / "lightness.u8", np.uint8, "r", shape=(count, light, light)),
        np.memmap(folder / "ab.i8", np.int8, "r", shape=(count, colour, colour, 2)),
    )


def _write_planes(collection: Collection, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    count, excluded = 0, collection.excluded()
    try:
        with (folder / "lightness.u8").open("wb") as light, (folder / "ab.i8").open("wb") as colour:
            for name, rgb in iterate_pictures(collection.sources):
                if any(end in excluded for end in _ends(name)):
                    continue
                lightness, ab = lab_planes(rgb, collection.sides)
                if (
                    collection.coloured_only
                    and np.hypot(*ab.reshape(-1, 2).T.astype(np.float32)).mean() < _GREY
                ):
                    continue
                light.write(lightness.tobytes())
                colour.write(ab.tobytes())
                count += 1
    except OSError as error:
        raise from_os_error(error, where=folder, doing="can't keep the decoded photographs") from error
    if not count:
        raise InputError("no photographs in it", where=", ".join(map(str, collection.sources)))
    return count


def _ends(name: str) -> list[str]:
    """a/b/c: itself, b/c and c."""
    parts = name.split("/")
    return ["/".join(parts[i:]) for i in range(len(parts))]
