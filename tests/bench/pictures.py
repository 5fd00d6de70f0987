"""Photographs to measure on: a folder or a tar of them, cut to the size of a frame."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

#: The project's own colour photographs.
STILLS = Path(__file__).resolve().parent.parent / "media" / "stills"
KINDS = {".jpg", ".jpeg", ".png", ".webp"}


def photographs(source: Path, limit: int) -> list[NDArray[np.uint8]]:
    """At most ``limit`` colour photographs, spread evenly over ``source``; R'G'B' (H, W, 3)."""
    pictures = [picture for data in _files(source, limit) if (picture := _decode(data)) is not None]
    coloured = [picture for picture in pictures if (np.ptp(picture, axis=2) > 0).any()]
    if not coloured:
        raise SystemExit(f"{source}: no colour photographs in it")
    return coloured


def cover(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scale a picture to cover a frame, and cut off what stands out."""
    scale = max(width / picture.shape[1], height / picture.shape[0])
    kind = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    size = max(width, round(picture.shape[1] * scale)), max(height, round(picture.shape[0] * scale))
    scaled = cv2.resize(picture, size, interpolation=kind)
    y, x = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
    return np.ascontiguousarray(scaled[y : y + height, x : x + width], np.uint8)


def _files(source: Path, limit: int) -> Iterator[bytes]:
    if source.is_dir():
        paths = sorted(path for path in source.iterdir() if path.suffix.lower() in KINDS)
        yield from (path.read_bytes() for path in _spread(paths, limit))
        return
    with tarfile.open(source) as archive:
        for member in _spread(archive.getmembers(), limit):
            if file := archive.extractfile(member):
                yield file.read()


def _spread(things: list[Any], limit: int) -> list[Any]:
    return things[:: max(1, -(-len(things) // limit))]


def _decode(data: bytes) -> NDArray[np.uint8] | None:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return None if bgr is None else np.ascontiguousarray(bgr[..., ::-1], np.uint8)
