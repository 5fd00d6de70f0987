"""The values that flow through the house: a grey frame in, the same frame with its colour out.

Arrays inside these values are never written to after the value is made: a frame may be read by several
sinks at once. Luma is passed on as it came, strided or not, and never converted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Luma = NDArray[np.uint8] | NDArray[np.uint16]


class Matrix(Enum):
    """The luma coefficients (Kr, Kb) of a YCbCr encoding: ITU-R BT.601, BT.709, BT.2020."""

    BT601 = (0.299, 0.114)
    BT709 = (0.2126, 0.0722)
    BT2020 = (0.2627, 0.0593)

    @property
    def kr(self) -> float:
        """Weight of red in luma."""
        return self.value[0]

    @property
    def kb(self) -> float:
        """Weight of blue in luma."""
        return self.value[1]


class Transfer(Enum):
    """Transfer characteristics we tell apart; PQ and HLG are refused by the rooms that decode."""

    SDR = "sdr"
    PQ = "pq"
    HLG = "hlg"


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """How codes of luma and chroma are meant: matrix, range and transfer."""

    matrix: Matrix = Matrix.BT601
    full_range: bool = False
    transfer: Transfer = Transfer.SDR


#: What JPEG is, whatever the source was.
JPEG_COLOUR = ColourSpace(Matrix.BT601, full_range=True)


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of whole luma samples: the picture without its black bars. Even-aligned for 4:2:0."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns of this window, to index a luma plane with."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame as it came from its source.

    ``luma``: (H, W) uint8, or uint16 holding ``depth`` bits in its low bits. ``cb``, ``cr``: the source's own
    chroma planes in its own sampling, None where it has none. ``rotation``: degrees clockwise (0, 90, 180,
    270) that turn the picture upright. ``pixel_aspect``: width of a sample over its height. ``pts`` counts
    ``time_base`` seconds. ``captured_ns``: ``time.monotonic_ns`` of the capture, None for films. ``index``:
    number of the frame in its source, from 0.
    """

    luma: Luma
    colour_space: ColourSpace
    index: int
    pts: int
    time_base: Fraction
    depth: int = 8
    rotation: int = 0
    pixel_aspect: Fraction = Fraction(1)
    captured_ns: int | None = None
    cb: Luma | None = None
    cr: Luma | None = None

    @property
    def height(self) -> int:
        """Rows of luma as stored (before rotation)."""
        return int(self.luma.shape[0])

    @property
    def width(self) -> int:
        """Columns of luma as stored (before rotation)."""
        return int(self.luma.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class TintedFrame:
    """A frame and the low-resolution colour predicted for it.

    ``small``: the (h, w) luma codes that the colour was predicted from, shrunk from ``window``; kept so that
    no sink shrinks the luma again. ``ab``: (h', w', 2) float32, Lab units, in the stored orientation and
    covering ``window`` (None: the whole frame). ``confidence``: (h', w') float32 in 0..1, where the network
    tells it. ``chroma_age_ns``: capture time of this frame minus that of the frame behind its colour.
    ``cut``: whether this is the first frame of a shot. ``own_colour``: the frame's own ``cb`` and ``cr`` (or
    none, where it has none) are passed on as they came; ``ab`` says nothing then.
    """

    frame: Frame
    small: Luma
    ab: NDArray[np.float32]
    window: Window | None = None
    confidence: NDArray[np.float32] | None = None
    chroma_age_ns: int = 0
    cut: bool = False
    own_colour: bool = False
