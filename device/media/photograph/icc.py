"""ICC profiles honoured: whatever a picture's samples mean by its profile, they become sRGB.

Little CMS does it where 8 bits are enough: 8-bit colour, CMYK, Lab. What is deeper goes by the profile's own
curves and matrix (`device.media.photograph.curves`), in float. Relative colorimetric, with black point
compensation, as image editors do by default.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, cast

import numpy as np
from PIL import Image, ImageCms

from device.media.photograph.curves import grey_table, rgb_to_srgb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from device.frames import Luma

_BAND = 1 << 19  # samples that are converted at a time
_SPACES = {"GRAY": "grey", "RGB": "RGB", "CMYK": "CMYK", "LAB": "Lab", "XYZ": "XYZ"}


def srgb_profile() -> bytes:
    """The profile that goes into what is written: always the same, so without the time of its making."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    return bytes(profile)


def to_srgb(pixels: Luma, icc: bytes) -> tuple[Luma, str | None]:
    """Samples in sRGB, and a note where the profile can't be honoured: they are taken as sRGB then.

    ``pixels``: (H, W) or (H, W, 3), uint8 or uint16. What is sRGB already is returned as it is.
    """
    wanted = "GRAY" if pixels.ndim == 2 else "RGB"
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip().upper()
        if space == "RGB" and is_srgb(profile):
            return pixels, None
        if space != wanted:
            return pixels, _misfit(space, wanted)
        if wanted == "GRAY":
            return _through(pixels, _grey_table(icc, profile, pixels.dtype)), None
        return _colour(pixels, icc, profile)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, LookupError):
        return pixels, "its ICC profile is broken and was left out: taken as sRGB"


def _colour(pixels: Luma, icc: bytes, profile: ImageCms.ImageCmsProfile) -> tuple[Luma, str | None]:
    if pixels.dtype == np.uint8:
        return _by_lcms(pixels, profile), None
    deep = rgb_to_srgb(np.asarray(pixels, np.uint16), icc)
    if deep is not None:
        return deep, None
    low = _by_lcms((pixels >> 8).astype(np.uint8), profile)
    return low.astype(np.uint16) * np.uint16(257), "its ICC profile has tables: colour was read with 8 bits"


def _misfit(space: str, wanted: str) -> str:
    return (
        f"its ICC profile is for {_SPACES.get(space, space)} and the picture is {_SPACES[wanted]}: "
        "the profile was left out, the picture taken as sRGB"
    )


def is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether an RGB profile changes nothing, by a lattice of colours: within 1 of 255."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(27, 27, 3)
    return bool(np.abs(_by_lcms(lattice, profile).astype(int) - lattice).max() <= 1)


def _transform(profile: ImageCms.ImageCmsProfile, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        profile, ImageCms.createProfile("sRGB"), mode, "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )  # fmt: skip


def _by_lcms(pixels: Luma, profile: ImageCms.ImageCmsProfile) -> NDArray[np.uint8]:
    """R'G'B' (H, W, 3) uint8 in sRGB."""
    transform = _transform(profile, "RGB")
    out = np.empty(pixels.shape, np.uint8)
    for rows in _bands(pixels.shape):
        out[rows] = np.asarray(ImageCms.applyTransform(Image.fromarray(pixels[rows]), transform))
    return out


def _bands(shape: tuple[int, ...]) -> Iterator[slice]:
    step = max(1, _BAND // shape[1])
    return (slice(first, first + step) for first in range(0, shape[0], step))


def _grey_table(icc: bytes, profile: ImageCms.ImageCmsProfile, dtype: np.dtype[np.unsignedinteger]) -> Luma:
    """For each code of ``dtype``, its grey in sRGB: (256,) uint8 or (65536,) uint16."""
    largest = np.iinfo(dtype).max
    table = grey_table(icc, largest + 1)
    if table is None:  # by tables instead of a curve: Little CMS knows how
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        rgb = np.asarray(ImageCms.applyTransform(ramp, _transform(profile, "L")))
        levels = rgb[0].astype(float) @ (0.2126, 0.7152, 0.0722) / 255
        table = np.interp(np.linspace(0, 255, largest + 1), np.arange(256), levels)
    return cast("Luma", np.rint(np.clip(table, 0, 1) * largest).astype(dtype))


def _through(pixels: Luma, table: Luma) -> Luma:
    return cast("Luma", np.take(table, pixels))


def to_rgb(mode: str, icc: bytes | None) -> tuple[Callable[[Image.Image], Image.Image], str | None]:
    """What turns a CMYK or Lab picture into an sRGB one of 8 bits, and a note on how it is done.

    ``mode``: ``CMYK`` or ``LAB``.
    """
    if mode == "LAB":
        lab = _transform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "LAB")
        return lambda picture: _applied(picture, lab), None
    if icc is None:
        return _plain_cmyk, "CMYK without a profile: its colours are approximate"
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip().upper()
        if space != "CMYK":
            return (
                _plain_cmyk,
                f"CMYK with a profile for {_SPACES.get(space, space)}: its colours are approximate",
            )
        transform = _transform(profile, "CMYK")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _plain_cmyk, "CMYK with a broken profile: its colours are approximate"
    return lambda picture: _applied(picture, transform), None


def _applied(picture: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    converted = ImageCms.applyTransform(picture, transform)
    if converted is None:
        raise ValueError("nothing came of it")
    return converted


def _plain_cmyk(picture: Image.Image) -> Image.Image:
    return picture.convert("RGB")
