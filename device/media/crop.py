"""Films of odd size: codecs with shared chroma can't crop by one sample, so the container's header does.

PyAV can't set that header's field, but it copies it from a stream that was read: so a Matroska header that
asks for the crop is written in memory and read back. Element numbers are those of RFC 9559.
"""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.media.encode import Picture


@contextlib.contextmanager
def cropped_template(extradata: bytes, picture: Picture) -> Iterator[av.VideoStream]:
    """A stream with parameter sets ``extradata``, cropped by its container to the picture's size."""
    width, height = picture.coded_size
    video = _element(
        "E0",
        _number("B0", width),
        _number("BA", height),
        _number("54AA", height - picture.height),
        _number("54DD", width - picture.width),
    )
    track = _element(
        "AE",
        _number("D7", 1),
        _number("73C5", 1),
        _number("83", 1),
        _element("86", picture.codec.matroska.encode()),
        _element("63A2", extradata),
        video,
    )
    header = _element("1A45DFA3", _element("4282", b"matroska"), _number("4287", 4), _number("4285", 2))
    segment = _element(
        "18538067",
        _element("1549A966", _number("2AD7B1", 1_000_000)),
        _element("1654AE6B", track),
        _element("1F43B675", _number("E7", 0)),
    )
    with av.open(io.BytesIO(header + segment), "r", format="matroska") as container:
        yield container.streams.video[0]


def _element(number: str, *content: bytes) -> bytes:
    data = b"".join(content)
    return bytes.fromhex(number) + (len(data) | 1 << 56).to_bytes(8) + data


def _number(number: str, value: int) -> bytes:
    return _element(number, value.to_bytes(8))
