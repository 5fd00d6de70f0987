"""What a JPEG says of itself: its facts, as JSON in a COM segment, so that they survive any broker or disk.

Everything here works on bytes alone: a machine that only receives needs no pixel library. What is read is
taken for hostile: every length is checked against what is there, every value against its type and range, and
whatever is odd is an ``UnreadableJpeg``. The layout of a JPEG is ITU-T T.81, annex B.
"""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from device.errors import UnreadableJpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Layout of the facts; a reader refuses another.
FACTS_VERSION = 1

#: Larger files and pictures are refused before anything is allocated for them.
MAX_JPEG_BYTES = 64 * 2**20
MAX_PIXELS = 2**27
MAX_SIDE = 65_500

_MAX_FACTS_BYTES = 4096
_MAX_SEGMENTS = 4096
_INT64 = 2**63 - 1
_LEVEL = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_STANDALONE = {0x01, *range(0xD0, 0xDA)}
_START_OF_FRAME = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive: what every decoder reads
_OTHER_FRAMES = {*range(0xC3, 0xD0)} - {0xC4, 0xC8, 0xCC}

#: The key that tells our COM segment from anyone else's; its value is the version.
_OURS = "tintcast"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a tinted JPEG says of itself.

    ``width``, ``height``: of this JPEG, upright, in samples. ``sequence``: its number within ``job`` (a
    film's: from 0, without a gap) or, where ``job`` is None, within the live stream; ``last``: none follows.
    ``pts`` counts ``time_base`` seconds. ``captured_ns``: nanoseconds since 1970 (UTC) by the clock of the
    machine that captured it, None for films. ``chroma_age_ns``: capture time of the picture minus that of
    the one behind its colour. ``network``, ``device``: names of the network and of the board.
    ``own_colour``: its colour is the source's own, not the network's.

    Making one with a value out of range is a ``ValueError``.
    """

    width: int
    height: int
    sequence: int
    pts: int
    time_base: Fraction
    network: str
    device: str
    job: str | None = None
    last: bool = False
    captured_ns: int | None = None
    chroma_age_ns: int = 0
    own_colour: bool = False

    def __post_init__(self) -> None:
        """Check every value: what can be made can be written, and read again."""
        _integer("width", self.width, 1, MAX_SIDE)
        _integer("height", self.height, 1, MAX_SIDE)
        _integer("sequence", self.sequence, 0, _INT64)
        _integer("pts", self.pts, -_INT64, _INT64)
        _integer("chroma_age_ns", self.chroma_age_ns, -_INT64, _INT64)
        if self.captured_ns is not None:
            _integer("captured_ns", self.captured_ns, 0, _INT64)
        for name in ("last", "own_colour"):
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"{name}: not true or false")
        if type(self.time_base) is not Fraction:
            raise ValueError("time_base: not a fraction")
        _integer("time_base", self.time_base.numerator, 1, 2**31 - 1)
        _integer("time_base", self.time_base.denominator, 1, 2**31 - 1)
        _level("device", self.device)
        if self.job is not None:
            _level("job", self.job)
        if (
            type(self.network) is not str
            or not 1 <= len(self.network) <= 128
            or not self.network.isprintable()
        ):
            raise ValueError("network: not a name")

    def to_bytes(self) -> bytes:
        """As JSON, ASCII only."""
        value = {_OURS: FACTS_VERSION} | {f.name: getattr(self, f.name) for f in fields(self)}
        value["time_base"] = [self.time_base.numerator, self.time_base.denominator]
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _integer(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name}: not a whole number in {low}..{high}")


def _level(name: str, value: object) -> None:
    if type(value) is not str or not _LEVEL.fullmatch(value) or not value.strip("."):
        raise ValueError(f"{name}: not a name of letters, digits and _ . -")


def read_jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height as the header states them. Raises UnreadableJpeg; allocates nothing for pixels."""
    return _read_header(data)[0]


def read_facts(data: bytes) -> Facts:
    """Read the facts of a whole JPEG of ours. Raises UnreadableJpeg: none there, not sound, cut short.

    The size in them is the header's; nothing is decoded.
    """
    size, payload = _read_header(data)
    if payload is None:
        raise UnreadableJpeg("no facts in this JPEG: not one of tintcast's")
    if data[-2:] != b"\xff\xd9":
        raise UnreadableJpeg("the JPEG is cut short")
    facts = _parse(payload)
    if size != (facts.width, facts.height):
        raise UnreadableJpeg("the facts are of a picture of another size")
    return facts


def _read_header(data: bytes) -> tuple[tuple[int, int], dict[str, Any] | None]:
    """Size of the picture, and the JSON of its facts where it has any."""
    if len(data) > MAX_JPEG_BYTES:
        raise UnreadableJpeg(f"larger than {MAX_JPEG_BYTES >> 20} MiB")
    size: tuple[int, int] | None = None
    ours: dict[str, Any] | None = None
    for marker, body in _segments(data):
        if marker in _START_OF_FRAME:
            if size is not None:
                raise UnreadableJpeg("more than one picture in this JPEG")
            size = _frame_size(body)
        elif marker in _OTHER_FRAMES:
            raise UnreadableJpeg("a kind of JPEG that is not read here (lossless or arithmetic)")
        elif marker == _COM and (found := _comment(body)) is not None:
            if ours is not None:
                raise UnreadableJpeg("facts twice in this JPEG")
            ours = found
    if size is None:
        raise UnreadableJpeg("no picture in this JPEG")
    return size, ours


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of each segment up to the start of the scan. Every step goes at least 4 bytes ahead."""
    if data[:2] != bytes((0xFF, _SOI)):
        raise UnreadableJpeg("not a JPEG")
    at = 2
    for _ in range(_MAX_SEGMENTS):
        head = data[at : at + 4]
        if len(head) < 4:
            raise UnreadableJpeg("the JPEG's header is cut short")
        marker, length = head[1], int.from_bytes(head[2:])
        if head[0] != 0xFF or marker in _STANDALONE or marker in {0x00, 0xFF} or length < 2:
            raise UnreadableJpeg("the JPEG's header is broken")
        body = data[at + 4 : at + 2 + length]
        if len(body) != length - 2:
            raise UnreadableJpeg("the JPEG's header is cut short")
        if marker == _SOS:
            return
        yield marker, body
        at += 2 + length
    raise UnreadableJpeg("too many segments before the picture")


def _frame_size(body: bytes) -> tuple[int, int]:
    """(width, height) of a start-of-frame segment: T.81, B.2.2."""
    if len(body) < 6 or len(body) != 6 + 3 * body[5] or body[0] != 8 or body[5] not in {1, 3}:
        raise UnreadableJpeg("not an 8-bit grey or colour JPEG")
    height, width = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise UnreadableJpeg(f"a picture of {width}x{height} is not read")
    return width, height


def _comment(body: bytes) -> dict[str, Any] | None:
    """The JSON object of a comment that bears our key; None for anyone else's comment."""
    if not body.startswith(b'{"' + _OURS.encode() + b'":'):
        return None
    if len(body) > _MAX_FACTS_BYTES:
        raise UnreadableJpeg("its facts are too long")
    try:
        value = json.loads(body.decode("ascii"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UnreadableJpeg("its facts are not sound JSON") from error
    if type(value) is not dict:
        raise UnreadableJpeg("its facts are not sound JSON")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key twice")
    return value


def _parse(value: dict[str, Any]) -> Facts:
    """Facts from their JSON. Unknown keys are passed over: a later release may say more."""
    if type(value[_OURS]) is not int or value[_OURS] != FACTS_VERSION:
        raise UnreadableJpeg("its facts are of another version", hint="update tintcast on both machines")
    if missing := [name for name in _REQUIRED if name not in value]:
        raise UnreadableJpeg(f"its facts lack {', '.join(missing)}")
    known = {f.name: value[f.name] for f in fields(Facts) if f.name in value}
    try:
        numerator, denominator = known["time_base"]
        _integer("time_base", numerator, 1, 2**31 - 1)
        _integer("time_base", denominator, 1, 2**31 - 1)
        return Facts(**known | {"time_base": Fraction(numerator, denominator)})
    except (TypeError, ValueError) as error:
        raise UnreadableJpeg(f"its facts are not sound: {error}") from error


_REQUIRED = tuple(f.name for f in fields(Facts) if f.default is MISSING)
