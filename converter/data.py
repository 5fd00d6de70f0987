"""Photographs out of tars and folders, and their planes: what training reads them from, decoded once.

The planes hold each photograph squashed to a square, as the board feeds the network: L (224, 224) uint8 in
units of 100/255, from the photograph's grey, and ab (112, 112, 2) int8 in Lab units.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from device.errors import InputError, MissingInput, UnreadablePicture, from_os_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

L_SIZE, AB_SIZE = 224, 112
_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True, slots=True)
class Photographs:
    """Mapped planes of n photographs: ``lightness`` (n, 224, 224) uint8, ``ab`` (n, 112, 112, 2) int8."""

    lightness: npt.NDArray[np.uint8]
    ab: npt.NDArray[np.int8]

    def __len__(self) -> int:
        """How many photographs."""
        return len(self.lightness)


def iterate_pictures(sources: Sequence[Path]) -> Iterator[tuple[str, Pixels]]:
    """Name and RGB (h, w, 3) uint8 of every picture in tars, folders (not deeper) and files, in order."""
    for source in sources:
        if source.is_dir():
            members = sorted(path for path in source.iterdir() if path.suffix.lower() in _PICTURES)
            for path in members:
                yield path.name, _decode(path.read_bytes(), path)
        elif source.suffix == ".tar":
            yield from _tar_pictures(source)
        elif source.exists():
            yield source.name, _decode(source.read_bytes(), source)
        else:
            raise MissingInput("no such file or folder", where=source)


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


def lab_planes(rgb: Pixels) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]:
    """L of the photograph's grey (224, 224) and its ab (112, 112, 2), as stored in ``Photographs``."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, (L_SIZE, L_SIZE), interpolation=_filter(grey, L_SIZE))
    lightness = cv2.cvtColor(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), cv2.COLOR_RGB2LAB)[..., 0]
    small = cv2.resize(rgb, (AB_SIZE, AB_SIZE), interpolation=_filter(rgb, AB_SIZE))
    ab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[..., 1:]
    return np.asarray(lightness, np.uint8), np.clip(np.rint(ab), -128, 127).astype(np.int8)


def _filter(picture: npt.NDArray[Any], size: int) -> int:
    return cv2.INTER_AREA if min(picture.shape[:2]) >= size else cv2.INTER_LINEAR


def prepare(sources: Sequence[Path], folder: Path) -> Photographs:
    """Decode all photographs of ``sources`` to planes in ``folder``, once; a later call only maps them."""
    head = folder / "photographs.json"
    wanted = {"sources": [[path.name, path.stat().st_size] for path in _existing(sources)], "version": 1}
    stored = json.loads(head.read_text()) if head.exists() else {}
    stored.pop("count", None)
    if stored != wanted:
        head.unlink(missing_ok=True)
        count = _write_planes(sources, folder)
        head.write_text(json.dumps({**wanted, "count": count}))
    return open_photographs(folder)


def open_photographs(folder: Path) -> Photographs:
    """Map the planes that ``prepare`` left in ``folder``."""
    try:
        count = json.loads((folder / "photographs.json").read_text())["count"]
    except FileNotFoundError:
        raise MissingInput(
            "no decoded photographs",
            where=folder,
            hint="tintcast-convert train leaves them there; or name others with --calibration",
        ) from None
    return Photographs(
        np.memmap(folder / "lightness.u8", np.uint8, "r", shape=(count, L_SIZE, L_SIZE)),
        np.memmap(folder / "ab.i8", np.int8, "r", shape=(count, AB_SIZE, AB_SIZE, 2)),
    )


def _existing(sources: Sequence[Path]) -> Sequence[Path]:
    for path in sources:
        if not path.exists():
            raise MissingInput("no such file or folder", where=path)
    return sources


def _write_planes(sources: Sequence[Path], folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        with (folder / "lightness.u8").open("wb") as light, (folder / "ab.i8").open("wb") as colour:
            for _, rgb in iterate_pictures(sources):
                lightness, ab = lab_planes(rgb)
                light.write(lightness.tobytes())
                colour.write(ab.tobytes())
                count += 1
    except OSError as error:
        raise from_os_error(error, where=folder, doing="can't keep the decoded photographs") from error
    if not count:
        raise InputError("no photographs in it", where=", ".join(map(str, sources)))
    return count
