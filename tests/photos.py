"""Folders of photographs for tests: the project's stills in many kinds of files, some of them broken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

STILLS = Path(__file__).parent / "media" / "stills"


def still(name: str) -> NDArray[np.uint8]:
    """R'G'B' (H, W, 3) of a still."""
    with Image.open(STILLS / f"{name}.jpg") as picture:
        return np.array(picture.convert("RGB"))


def grey(name: str = "coffee", size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Luma (H, W) of a still, scaled to ``size`` (width, height)."""
    luma = cv2.cvtColor(still(name), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(luma, size) if size else luma, np.uint8)


def encoded(pixels: NDArray[np.generic], form: str, mode: str | None = None) -> bytes:
    """A picture's file; ``mode``: of Pillow."""
    picture = Image.fromarray(pixels)
    file = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(file, form)
    return file.getvalue()


def bomb() -> bytes:
    """A PNG of a few bytes that says it has 10 billion pixels."""
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b""))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


#: Kinds of sound pictures: the end of the name, and the file of a grey picture.
SOUND: tuple[tuple[str, Callable[[NDArray[np.uint8]], bytes]], ...] = (
    (".jpg", lambda luma: encoded(luma, "JPEG")),
    (".png", lambda luma: encoded(luma, "PNG")),
    (".tif", lambda luma: encoded(luma.astype(np.uint16) * 257, "TIFF")),
    (".webp", lambda luma: encoded(luma, "WEBP", "RGB")),
    (".jpg", lambda luma: encoded(luma, "JPEG", "RGB")),
    (".gif", lambda luma: encoded(luma, "GIF")),
    (".png", lambda luma: encoded(luma.astype(np.uint16) * 257, "PNG")),
    (".pgm", lambda luma: encoded(luma, "PPM")),
    (".bmp", lambda luma: encoded(luma, "BMP")),
    (".jpeg", lambda luma: encoded(luma, "JPEG", "CMYK")),
)
#: Kinds of broken ones.
BROKEN: tuple[tuple[str, Callable[[NDArray[np.uint8]], bytes]], ...] = (
    (".jpg", lambda luma: encoded(luma, "JPEG")[:3000]),
    (".png", lambda _: b"no picture at all\n" * 100),
    (".tif", lambda _: b""),
    (".png", lambda _: bomb()),
    (".png", lambda luma: encoded(luma, "PNG")[:-2000]),
)


def make_folder(folder: Path, count: int, broken: int, *, width: int = 640) -> set[Path]:
    """Make ``count`` pictures below ``folder``, ``broken`` of them broken; returns the paths of those."""
    names = ("coffee", "cat", "rocket", "astronaut", "photographer")
    files = {}
    for kind in range(len(SOUND) * len(names)):
        luma = grey(names[kind % len(names)])
        size = width, round(width * luma.shape[0] / luma.shape[1])
        files[kind] = SOUND[kind % len(SOUND)][1](np.asarray(cv2.resize(luma, size), np.uint8))
    every = count // broken if broken else count + 1
    bad = set()
    for number in range(count):
        below = folder / f"album {number // 100 + 1}"
        below.mkdir(parents=True, exist_ok=True)
        nth = number // every
        if number % every == every // 2 and nth < broken:
            suffix, make = BROKEN[nth % len(BROKEN)]
            path, data = below / f"{number}{suffix}", make(grey())
            bad.add(path)
        else:
            kind = number % len(files)
            path, data = below / f"{number}{SOUND[kind % len(SOUND)][0]}", files[kind]
        path.write_bytes(data)
    return bad
