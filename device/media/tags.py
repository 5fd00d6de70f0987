"""What a film says of its colour, and what that means for the mathematics."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from device.errors import UnsupportedColour
from device.frames import ColourSpace, Matrix, Transfer
from device.media.planes import BT601, BT709, FULL, LIMITED

if TYPE_CHECKING:
    from pathlib import Path

    import av

    from device.media.planes import Layout

# Numbers of ISO/IEC 23091-2.
BT2020 = 9
_UNSPECIFIED = 2
_MATRICES = {
    1: Matrix.BT709,
    4: Matrix.BT601,
    5: Matrix.BT601,
    6: Matrix.BT601,
    7: Matrix.BT709,
    BT2020: Matrix.BT2020,
    10: Matrix.BT2020,
}
_PQ, _HLG = 16, 18
_HD_LINES = 720


class ColourTags(NamedTuple):
    """What a film says of its colour, in the numbers of ISO/IEC 23091-2; 2, and range 0, is unspecified."""

    range: int = 0
    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED
    matrix: int = _UNSPECIFIED


def stream_tags(stream: av.VideoStream) -> ColourTags:
    """What the container says, asked before anything is decoded: then it is what the last frame said."""
    context = stream.codec_context
    return ColourTags(context.color_range, context.color_primaries, context.color_trc, context.colorspace)


def read_tags(frame: av.VideoFrame, of_stream: ColourTags) -> ColourTags:
    """The frame's tags, or those of its stream where the frame says nothing.

    To say nothing is 2; 0 (reserved, or RGB for a matrix) is what some writers of ProRes put into frames for
    what it has no number for.
    """
    said = ColourTags(frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace)
    primaries, transfer, matrix = (
        one if one not in {0, _UNSPECIFIED} else other
        for one, other in zip(said[1:], of_stream[1:], strict=True)
    )
    return ColourTags(said.range or of_stream.range, primaries, transfer, matrix)


def colour_space(tags: ColourTags, layout: Layout, frame: av.VideoFrame, path: Path | str) -> ColourSpace:
    """What the tags mean for the mathematics.

    Unspecified is limited range, and BT.709 from 720 lines up, else BT.601. Raises UnsupportedColour for PQ,
    HLG, and a matrix whose first component is no luma of ours.
    """
    if tags.transfer in {_PQ, _HLG}:
        name = "PQ (HDR10)" if tags.transfer == _PQ else "HLG"
        raise UnsupportedColour(
            f"its luma is {name}: high dynamic range, which the network was not made for",
            where=path,
            hint="convert it to standard dynamic range first",
        )
    out = outgoing_tags(tags, layout, frame)
    number = _assumed(frame) if out.matrix == _UNSPECIFIED else out.matrix
    if number not in _MATRICES:
        raise UnsupportedColour(
            f"its colour matrix (number {number}) is not one of BT.601, 709, 2020", where=path
        )
    return ColourSpace(_MATRICES[number], full_range=out.range == FULL, transfer=Transfer.SDR)


def outgoing_tags(tags: ColourTags, layout: Layout, frame: av.VideoFrame) -> ColourTags:
    """The tags of the tinted film: the source's own, but for what had to be turned into YCbCr."""
    if layout.made:
        made = LIMITED if layout.subsampling else FULL
        return tags._replace(range=made, matrix=_assumed(frame))
    if frame.format.name.startswith("yuvj"):
        tags = tags._replace(range=FULL)
    if layout.subsampling is None and tags.matrix not in _MATRICES:
        # Grey has no matrix of its own: what it says (often "RGB") is of no consequence.
        tags = tags._replace(matrix=_UNSPECIFIED)
    return tags


def _assumed(frame: av.VideoFrame) -> int:
    return BT709 if frame.height >= _HD_LINES else BT601
