"""What a photograph is, once it is read: its samples, and all that it says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.frames import Luma


@dataclass(frozen=True, slots=True)
class Carried:
    """What goes over into the file that is written.

    ``exif``: a TIFF structure without a prefix, its orientation undone; ``xmp``: a packet that is sound;
    ``iptc``: IPTC-IIM records; ``comment``: a JPEG's; ``text``: a PNG's keys and values; ``dpi``: pixels an
    inch across and down. ``quality``: of the JPEG that it came from, 1..100; ``lossless``: whether it came
    from a file that loses nothing.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    comment: bytes | None = None
    text: tuple[tuple[str, str], ...] = ()
    dpi: tuple[float, float] | None = None
    quality: int | None = None
    lossless: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """A photograph, upright and in sRGB.

    ``pixels``: (H, W) grey or (H, W, 3) R'G'B', uint8 or uint16 at full scale, sRGB's own curve; ``alpha``:
    (H, W) of the same dtype, None where all of it is opaque. ``form``: Pillow's name of the format it came
    in. ``notes``: one line each on what the user should know of how it was read.
    """

    pixels: Luma
    form: str
    alpha: Luma | None = None
    carried: Carried = Carried()
    notes: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        """Rows, upright."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns, upright."""
        return int(self.pixels.shape[1])
