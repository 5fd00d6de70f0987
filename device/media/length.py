"""How much of a film's file is missing, by what its first bytes say of its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = 64 << 10
_MATROSKA, _SEGMENT = bytes.fromhex("1a45dfa3"), bytes.fromhex("18538067")
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")


def missing_share(path: Path) -> float:
    """The share of the bytes of a Matroska, AVI or ASF file that should be there and are not, 0..1.

    0 where nothing is said of its size (it was written as a stream), and for all other kinds.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    stated = _stated(head)
    return max(0.0, 1 - path.stat().st_size / stated) if stated else 0.0


def ends_early(path: Path) -> bool:
    """Whether an mp4 or mov is whole as far as it goes: its atoms follow each other to its end, or beyond."""
    size, at = path.stat().st_size, 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            if length == 1:
                length = int.from_bytes(head[8:], "big")
            if length < 8:  # 0: up to the end
                return False
            at += length
    return at >= size


def _stated(head: bytes) -> int:
    """How large the file should be at least; 0: unknown."""
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        size = int.from_bytes(head[4:8], "little")
        return 8 + size if 0 < size < 0xFFFFFFF0 else 0
    if head[:4] == _MATROSKA:
        body, length = _size(head, 4)
        segment = body + length
        if head[segment : segment + 4] != _SEGMENT:
            return 0
        body, length = _size(head, segment + 4)
        return body + length if length else 0
    if head[:16] == _ASF:
        place = head.find(_ASF_FILE)
        streamed = place < 0 or (head[place + 88 : place + 89] != b"" and head[place + 88] & 1)
        return 0 if streamed else int.from_bytes(head[place + 40 : place + 48], "little")
    return 0


def _size(head: bytes, at: int) -> tuple[int, int]:
    """Where the body of an EBML element begins whose size lies at ``at``, and how long it is; 0: unknown."""
    first = head[at] if at < len(head) else 0
    width = 9 - first.bit_length()
    if width > 8:
        return at, 0
    value = int.from_bytes(head[at : at + width], "big") & ((1 << 7 * width) - 1)
    return at + width, 0 if value == (1 << 7 * width) - 1 else value
