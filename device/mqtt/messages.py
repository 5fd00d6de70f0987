"""What sender and receiver of a film tell each other: heads, acknowledgements, parts. Strict readers.

Every reader takes bytes from anyone and either returns a value that is safe to use or raises BadMessage.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Any

VERSION = 1

#: Bytes of sound and subtitles in one part.
PART_BYTES = 64 * 1024

#: Most gaps that one acknowledgement names; the rest is named by later ones.
MAX_MISSING = 256

_MAX_JSON = 64 * 1024
_MAX_COUNT = 100_000_000
_MAX_SIDE = 16_384
_MAX_PIXELS = 2**26
_MAX_DELAY_MS = 60_000

_PART_HEAD = struct.Struct(">4sIII")
_PART = struct.Struct(">4sIIII")
_PART_MAGIC = b"TCBS"


class BadMessage(Exception):
    """Not a message of ours. Never reaches the user: it is dropped and counted."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Sound and subtitles that travel with a film: a Matroska file in ``parts`` parts.

    ``delay_ms``: how much later than the film's its time stamps are: Matroska has none before zero.
    """

    parts: int
    size: int
    sha256: str
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """A film on its way. ``frames``: how many there are, as far as the sender knows.

    ``width``, ``height``: of the upright picture, in samples; ``pixel_aspect``: width of a sample over its
    height; ``time_base``: seconds of one pts. ``colour``: the source's tags by name, for the record; the
    JPEGs are full-range BT.601. ``rotation``: degrees still to turn, 0 as the frames are sent upright.
    """

    name: str
    width: int
    height: int
    time_base: Fraction
    frames: int | None = None
    pixel_aspect: Fraction = Fraction(1)
    rotation: int = 0
    colour: dict[str, str] = field(default_factory=dict)
    beside: Beside | None = None

    def to_bytes(self) -> bytes:
        """As JSON."""
        value = {
            "version": VERSION,
            "name": self.name,
            "frames": self.frames,
            "size": [self.width, self.height],
            "pixel_aspect": _pair(self.pixel_aspect),
            "rotation": self.rotation,
            "colour": self.colour,
            "time_base": _pair(self.time_base),
            "beside": None if self.beside is None else asdict(self.beside),
        }
        return json.dumps(value, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Progress:
    """What of a numbered stream is safely on disk: all below ``through``, and above it all but ``missing``.

    ``missing`` lists gaps below the highest number that has arrived, ``MAX_MISSING`` at most.
    """

    through: int = 0
    missing: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Ack:
    """A receiver's word.

    ``connection`` changes with each of its connections: what it had not acknowledged by then is lost.
    ``complete``: it has the whole film.
    """

    connection: str
    frames: Progress = Progress()
    parts: Progress = Progress()
    complete: bool = False

    def to_bytes(self) -> bytes:
        """As JSON."""
        value = {
            "version": VERSION,
            "connection": self.connection,
            "frames": self.frames.through,
            "missing": list(self.frames.missing),
            "parts": self.parts.through,
            "parts_missing": list(self.parts.missing),
            "complete": self.complete,
        }
        return json.dumps(value, separators=(",", ":")).encode()


def read_head(payload: bytes) -> Head:
    """Read a head. Raises BadMessage."""
    value = _object(payload)
    size = value.get("size")
    if not (isinstance(size, list) and len(size) == 2):
        raise BadMessage("size")
    width, height = (_whole(side, 1, _MAX_SIDE) for side in size)
    if width * height > _MAX_PIXELS:
        raise BadMessage("size")
    beside = value.get("beside")
    colour = value.get("colour")
    if not isinstance(colour, dict) or len(colour) > 16:
        raise BadMessage("colour")
    return Head(
        name=_text(value, "name"),
        width=width,
        height=height,
        time_base=_fraction(value.get("time_base")),
        frames=None if value.get("frames") is None else _whole(value["frames"], 1, _MAX_COUNT),
        pixel_aspect=_fraction(value.get("pixel_aspect")),
        rotation=_whole(value.get("rotation"), 0, 359),
        colour={str(key)[:64]: str(tag)[:64] for key, tag in colour.items()},
        beside=None if beside is None else _beside(beside),
    )


def read_ack(payload: bytes) -> Ack:
    """Read an acknowledgement. Raises BadMessage."""
    value = _object(payload)
    return Ack(
        connection=_text(value, "connection"),
        frames=_progress(value, "frames", "missing"),
        parts=_progress(value, "parts", "parts_missing"),
        complete=value.get("complete") is True,
    )


def make_part(number: int, count: int, data: bytes) -> bytes:
    """One numbered part: 20 bytes (magic, number, count, length, CRC-32 of all, big-endian) and ``data``."""
    head = _PART_HEAD.pack(_PART_MAGIC, number, count, len(data))
    return head + _part_checksum(head, data).to_bytes(4) + data


def read_part(payload: bytes) -> tuple[int, int, bytes]:
    """Number, count and data of a part. Raises BadMessage."""
    if not _PART.size < len(payload) <= _PART.size + PART_BYTES:
        raise BadMessage("length")
    magic, number, count, length, checksum = _PART.unpack_from(payload)
    data = payload[_PART.size :]
    if magic != _PART_MAGIC or number >= count or length != len(data):
        raise BadMessage("part")
    if checksum != _part_checksum(payload[: _PART_HEAD.size], data):
        raise BadMessage("checksum")
    return number, count, data


def _part_checksum(head: bytes, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(head))


def _object(payload: bytes) -> dict[str, Any]:
    if len(payload) > _MAX_JSON:
        raise BadMessage("length")
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    if not isinstance(value, dict) or value.get("version") != VERSION:
        raise BadMessage("version")
    return value


def _whole(value: Any, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadMessage("number")
    return value


def _text(value: dict[str, Any], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or len(text) > 256:
        raise BadMessage(key)
    return text


def _pair(value: Fraction) -> list[int]:
    return [value.numerator, value.denominator]


def _fraction(value: Any) -> Fraction:
    if not (isinstance(value, list) and len(value) == 2):
        raise BadMessage("fraction")
    return Fraction(_whole(value[0], 1, 2**31 - 1), _whole(value[1], 1, 2**31 - 1))


def _beside(value: Any) -> Beside:
    if not isinstance(value, dict):
        raise BadMessage("beside")
    parts = _whole(value.get("parts"), 1, _MAX_COUNT)
    size = _whole(value.get("size"), 1, parts * PART_BYTES)
    sha256 = _text(value, "sha256")
    if -(-size // PART_BYTES) != parts or len(sha256) != 64:
        raise BadMessage("beside")
    return Beside(parts, size, sha256, _whole(value.get("delay_ms"), 0, _MAX_DELAY_MS))


def _progress(value: dict[str, Any], through: str, missing: str) -> Progress:
    gaps = value.get(missing)
    if not isinstance(gaps, list) or len(gaps) > MAX_MISSING:
        raise BadMessage(missing)
    return Progress(
        _whole(value.get(through), 0, _MAX_COUNT), tuple(_whole(gap, 0, _MAX_COUNT) for gap in gaps)
    )
