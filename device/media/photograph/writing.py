"""A photograph into its file: sRGB that says so, what the source said of itself, and who made the colour."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from device.errors import ConfigurationError, TintcastError, UnwritablePicture
from device.media.durable import PartFile, writable
from device.media.photograph import encode_other
from device.media.photograph.encode_jpeg import write_jpeg
from device.media.photograph.encode_png import write_png
from device.media.photograph.encode_tiff import write_tiff
from device.media.photograph.icc import srgb_profile
from device.media.photograph.outgoing import Outgoing, to_depth
from device.media.picture_names import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import IO

    from device.frames import Luma
    from device.media.made_by import MadeBy
    from device.media.photograph.values import Photograph

    Writer = Callable[[IO[bytes], Outgoing], list[str]]

_WRITERS: Mapping[str, Writer] = {
    "AVIF": encode_other.write_avif,
    "BMP": encode_other.write_bmp,
    "JPEG": write_jpeg,
    "JPEG2000": encode_other.write_jpeg2000,
    "PNG": write_png,
    "PPM": encode_other.write_ppm,
    "TGA": encode_other.write_tga,
    "TIFF": write_tiff,
    "WEBP": encode_other.write_webp,
}
_SIXTEEN_BITS = {"PNG", "PPM", "TIFF"}
_NAMES = {"JPEG2000": "JPEG 2000", "WEBP": "WebP"}
_OPAQUE = {"BMP", "JPEG", "PPM"}
_QUALITY = 92


def write_photograph(
    path: Path,
    pixels: Luma,
    like: Photograph,
    made_by: MadeBy | None,
    *,
    overwrite: bool,
    quality: int | None = None,
) -> tuple[str, ...]:
    """Write a picture whole or not at all, in the format that the end of its name asks for.

    ``pixels``: (H, W, 3), uint8 or uint16, sRGB, as large as ``like``, whose alpha and metadata go with them.
    ``made_by``: who made the colour; None where it is the picture's own. ``quality``: 1..100 of what loses
    something; by default 92, or a source JPEG's own where that is higher.

    Returns notes, one line each, on what the format could not hold. Raises ConfigurationError where ``path``
    is there already and not to be overwritten, or is no name of a format with colour; UnwritablePicture for
    a picture that the format can't hold; SpaceError, InputError where it can't be written.
    """
    form = WRITTEN.get(path.suffix.lower())
    if form is None:
        raise ConfigurationError(
            "no kind of picture that is written has this name",
            where=path,
            hint=f"there are {', '.join(WRITTEN)}",
        )
    _check_absent(path, overwrite=overwrite)
    outgoing, notes = _outgoing(form, pixels, like, made_by, quality)
    part = PartFile(path)
    try:
        with writable(path):
            notes += _WRITERS[form](part.file, outgoing)
        _check_absent(path, overwrite=overwrite)
        part.commit()
    except TintcastError as error:
        part.discard()
        if isinstance(error, UnwritablePicture):
            raise UnwritablePicture(error.what, where=path, hint=error.hint) from None
        raise
    except BaseException:
        part.discard()
        raise
    return tuple(notes)


def _check_absent(path: Path, *, overwrite: bool) -> None:
    if not overwrite and os.path.lexists(path):
        raise ConfigurationError("is there already", where=path, hint="--overwrite replaces it")


def _outgoing(
    form: str, pixels: Luma, like: Photograph, made_by: MadeBy | None, quality: int | None
) -> tuple[Outgoing, list[str]]:
    """What the format can hold, and notes on what it can't."""
    notes = []
    if quality is None:
        quality = max(_QUALITY, like.carried.quality or 0)
        if form == "WEBP" and like.form == "WEBP" and like.carried.lossless:
            quality = 100
    outgoing = Outgoing(
        pixels=pixels,
        alpha=None if like.alpha is None else to_depth(like.alpha, pixels.dtype),
        carried=like.carried,
        xmp=like.carried.xmp if made_by is None else made_by.xmp(like.carried.xmp),
        own_xmp=None if made_by is None else made_by.xmp(),
        icc=srgb_profile(),
        quality=quality,
        said=None if made_by is None else made_by.line,
    )
    if outgoing.bits == 16 and form not in _SIXTEEN_BITS:
        outgoing = outgoing.in_eight_bits()
        notes.append(f"written with 8 bits instead of 16: {_NAMES.get(form, form)} holds no more")
    if outgoing.alpha is not None and form in _OPAQUE:
        outgoing = outgoing.over_white()
        notes.append(f"laid over white: {form} holds no transparency")
    return outgoing, notes
