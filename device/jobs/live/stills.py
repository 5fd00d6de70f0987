"""Single frames of a live picture, kept as files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from device.media.durable import write_bytes
from device.media.jpeg import encode_jpeg, facts_of, upright_planes

if TYPE_CHECKING:
    from pathlib import Path

    from device.frames import TintedFrame


def keep_still(tinted: TintedFrame, folder: Path, *, network: str, device: str, quality: int) -> Path:
    """Save a frame, upright and with its facts, as a JPEG named by the time; returns its path.

    Nothing is overwritten: a second one in the same second gets a number. Raises SpaceError or InputError.
    """
    stem = time.strftime("tintcast-%Y%m%d-%H%M%S")
    path = folder / f"{stem}.jpg"
    number = 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.jpg"
    facts = facts_of(tinted, sequence=0, network=network, device=device)
    write_bytes(path, encode_jpeg(*upright_planes(tinted), quality, facts))
    return path
