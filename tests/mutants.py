"""Films of all kinds, and what can befall them: seeded mutations of their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from films import make_film

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Name, codec, sound, pixel format of the films that are harmed.
KINDS: tuple[tuple[str, str, str | None, str], ...] = (
    ("h264.mp4", "libx264", "aac", "yuv420p"),
    ("h264.mkv", "libx264", "flac", "yuv420p"),
    ("h264.ts", "libx264", "mp2", "yuv420p"),
    ("mpeg2.mpg", "mpeg2video", "mp2", "yuv420p"),
    ("mpeg4.avi", "mpeg4", "pcm_s16le", "yuv420p"),
    ("wmv2.wmv", "wmv2", "wmav2", "yuv420p"),
    ("vp9.webm", "libvpx-vp9", "libopus", "yuv420p"),
    ("mjpeg.mov", "mjpeg", "pcm_s16le", "yuvj420p"),
    ("hevc.mp4", "libx265", "aac", "yuv420p10le"),
    ("ffv1.mkv", "ffv1", None, "gray"),
)

Chance = np.random.Generator


@dataclass(frozen=True, slots=True)
class Mutant:
    """A harmed film: what it was, and what befell it."""

    name: str
    kind: str
    harm: str


def truncated(data: bytearray, _other: bytes, chance: Chance) -> bytearray:
    """Cut off at any place."""
    return data[: int(len(data) * chance.uniform(0.01, 0.99))]


def flipped(data: bytearray, _other: bytes, chance: Chance) -> bytearray:
    """Some bits turned over, few or many, anywhere."""
    count = int(2 ** chance.uniform(0, 10))
    for place in chance.integers(0, len(data), count):
        data[place] ^= 1 << int(chance.integers(8))
    return data


def swapped(data: bytearray, other: bytes, chance: Chance) -> bytearray:
    """The beginning of another kind of film before the rest of this one."""
    length = int(2 ** chance.uniform(3, 12))
    return bytearray(other[:length]) + data[length:]


def zeroed(data: bytearray, _other: bytes, chance: Chance) -> bytearray:
    """A run of zeros."""
    length = int(len(data) * chance.uniform(0.001, 0.3))
    at = int(chance.integers(0, len(data) - length))
    data[at : at + length] = bytes(length)
    return data


def appended(data: bytearray, _other: bytes, chance: Chance) -> bytearray:
    """Garbage behind it."""
    return data + chance.bytes(int(len(data) * chance.uniform(0.01, 1)))


def shuffled(data: bytearray, _other: bytes, chance: Chance) -> bytearray:
    """Two pieces of it in each other's place."""
    length = int(len(data) * chance.uniform(0.001, 0.2))
    one, two = sorted(int(n) for n in chance.integers(0, len(data) - length, 2))
    if two - one < length:
        return data[:one] + data[two:]
    first, second = data[one : one + length], data[two : two + length]
    data[one : one + length], data[two : two + length] = second, first
    return data


HARMS: tuple[Callable[[bytearray, bytes, Chance], bytearray], ...] = (
    truncated,
    flipped,
    swapped,
    zeroed,
    appended,
    shuffled,
)


def make_mutants(folder: Path, count: int, *, seed: int = 1, frames: int = 40) -> list[Mutant]:
    """Write ``count`` harmed films, and each kind unharmed, into ``folder``, the same ones for each seed."""
    folder.mkdir(parents=True)
    films: dict[str, bytes] = {}
    mutants = []
    for number, (name, codec, sound, pixel_format) in enumerate(KINDS[:count]):
        path = folder / f"whole-{name}"
        options = {"g": "12"} if number % 2 else {}
        make_film(
            path,
            size=(160, 120),
            count=frames,
            codec=codec,
            sound=sound,
            pixel_format=pixel_format,
            options=options if codec != "libx265" else {"x265-params": "log-level=none:pools=1"},
        )
        films[name] = path.read_bytes()
        mutants.append(Mutant(path.name, name, "whole"))
    names = list(films)
    for number in range(count):
        name = names[number % len(names)]
        harm = HARMS[(number + number // len(names)) % len(HARMS)]
        other = films[names[(number + 3) % len(names)]]
        chance = np.random.default_rng((seed, number))
        path = folder / f"{number:03d}-{harm.__name__}-{name}"
        path.write_bytes(harm(bytearray(films[name]), other, chance))
        mutants.append(Mutant(path.name, name, harm.__name__))
    return mutants
