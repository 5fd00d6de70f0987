"""What nights leave: records, finished files and the stills of their shots, for tests of who shows them."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from device.jobs.batch.records import Outcome, Record
from device.jobs.film_shots import FilmShots, Made, Shot, lay_down, settle, still_name

if TYPE_CHECKING:
    from pathlib import Path

#: What files may be called.
HOSTILE_NAMES = [
    "plain.mp4",
    "<img src=x onerror=alert(1)>.mp4",
    '" onload="alert(1)" \'.mp4',
    "</script><script>alert(1)</script>.mkv",
    "{{ 7 * 7 }} {% raw %}.mp4",
    "-rf; $(touch x) `y`.mp4",
    "two\nlines\ttab.mp4",
    "\u202egnp.exe",
    "Ü 長い名前 \U0001f3ac.mp4",
    os.fsdecode(b"no text \xff\xfe.mp4"),
    "javascript:alert(1).mp4",
    "a/../b",
]

FIGURES = {"flicker": 0.5, "colourfulness": 30.0}
WHEN = "2026-11-21T22:{:02d}:00+00:00"


def jpeg(seed: int = 0, size: tuple[int, int] = (320, 240), *, grey: bool = False) -> bytes:
    """A picture of coloured fields that is no other seed's."""
    colours = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    picture = Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    (picture.convert("L") if grey else picture).save(file, "JPEG")
    return file.getvalue()


def record(relative: str, outcome: Outcome = Outcome.DONE, **others: Any) -> Record:
    """A record as a queue writes one."""
    done = {"out": relative, "frames": 250, "seconds": 12.5, "rate": 20.0, "network_ms": 31.0}
    facts: dict[str, Any] = {
        "source": f"in/{relative}",
        "relative": relative,
        "kind": "film",
        "identity": {"network": "ab" * 32},
        "began": WHEN.format(1),
        "ended": WHEN.format(2),
        "version": "1",
        **(done | {"out_bytes": 5_000_000} if outcome is Outcome.DONE else {}),
        **others,
    }
    return Record(outcome=outcome, **facts)


def lay_film(
    out: Path, relative: str, stills: list[bytes], *, own: tuple[int, ...] = (), **others: Any
) -> None:
    """A finished film below ``out``: a shot of 25 frames for each still, those of ``own`` in colour."""
    film = out / relative
    film.parent.mkdir(parents=True, exist_ok=True)
    film.write_bytes(b"film" + os.fsencode(relative))
    elsewhere, shots = {}, []
    for number, still in enumerate(stills, 1):
        name, passed = still_name(number, still), number in own
        elsewhere[name] = out / f"still-{number}"
        elsewhere[name].write_bytes(still)
        figures = dict.fromkeys(FIGURES) if passed else FIGURES
        first = 25 * (number - 1)
        shots.append(Shot(number, first, first + 24, number - 1, number, passed, name, figures))
    facts: dict[str, Any] = {
        "film": film.name,
        "made": Made.of(film),
        "source": f"in/{relative}",
        "frames": 25 * len(shots),
        "rate": 25.0,
        "pixel_aspect": 1.0,
        "identity": {},
        "settings": {},
        "figures": FIGURES,
        "shots": tuple(shots),
    }
    lay_down(film, FilmShots(**{**facts, **others}), elsewhere)
    settle(film)
    for path in elsewhere.values():
        path.unlink(missing_ok=True)
