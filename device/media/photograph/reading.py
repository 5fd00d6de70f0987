"""A photograph from its file: upright, in sRGB, with all that it says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from device.media.photograph import exif
from device.media.photograph.carrying import raw_exif, read_carried
from device.media.photograph.icc import to_srgb
from device.media.photograph.opening import opened, quiet
from device.media.photograph.samples import read_samples
from device.media.photograph.values import Photograph

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.ImageFile import ImageFile

    from device.frames import Luma

#: Exif's orientation: whether the picture is mirrored left to right, then how far it is turned clockwise.
ORIENTATIONS = {
    1: (False, 0),
    2: (True, 0),
    3: (False, 180),
    4: (True, 180),
    5: (True, 270),
    6: (False, 90),
    7: (True, 90),
    8: (False, 270),
}


def read_photograph(path: Path) -> Photograph:
    """Read a picture of any kind that Pillow reads.

    Grey of 16 bits and colour of 16 bits a channel keep them; 1 bit, palettes, CMYK and Lab become 8-bit
    grey or colour. Of several frames or pages it is the first. Raises UnreadablePicture (not a picture,
    broken, cut short, of more than 16 bits, more than 179 million pixels), MissingInput, InputError.
    """
    with opened(path) as picture:
        samples = read_samples(path, picture)
        pixels, note = (samples.pixels, None) if samples.icc is None else to_srgb(samples.pixels, samples.icc)
        with quiet():
            turned = 1 if samples.upright else orientation(path, picture)
            pixels = _upright(pixels, turned)
            carried, notes = read_carried(path, picture, pixels.shape[1], pixels.shape[0])
        return Photograph(
            pixels=pixels,
            form=picture.format or "",
            alpha=None if samples.alpha is None else _upright(samples.alpha, turned),
            carried=carried,
            notes=(*samples.notes, *([note] if note else []), *notes),
        )


def orientation(path: Path, picture: ImageFile) -> int:
    """Exif's orientation of a picture as it is stored, 1..8."""
    stored = raw_exif(path, picture)
    return 1 if stored is None else exif.orientation(stored)


def _upright(plane: Luma, turned: int) -> Luma:
    mirrored, degrees = ORIENTATIONS[turned]
    if mirrored:
        plane = plane[:, ::-1]
    return cast("Luma", np.ascontiguousarray(np.rot90(plane, -degrees // 90)))
