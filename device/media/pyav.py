"""What PyAV does otherwise than is wanted, in some versions or in all, said once."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

_MAJOR = int(av.__version__.partition(".")[0])

#: For ``av.open``: before PyAV 19 a title that is not UTF-8 is an error unless this is said; from then on it
#: can't be said.
ANY_TITLE: dict[str, Any] = {"metadata_errors": "replace"} if _MAJOR < 19 else {}

#: For ``av.open`` of a segment of our own making, whose header says all that its packets need: without this
#: its beginning is decoded first.
KNOWN = {"probesize": "32"}

#: For ``reformat``: from PyAV 17 on several threads turn a frame, and each writes some samples beyond its
#: rows, over those that another has already written. One alone does it right.
ALONE: dict[str, Any] = {"threads": 1} if _MAJOR >= 17 else {}

#: A damaged place is gone beyond in so many steps, or it is the end.
_AGAIN = 1000


def encodes(encoder: str) -> bool:
    """Whether there is this encoder: on 32-bit machines libraries are missing (ARM) or crash (x86)."""
    return encoder in av.codecs_available and (sys.maxsize > 2**32 or not encoder.startswith("lib"))


def packets(container: InputContainer, streams: Sequence[Stream] | None = None) -> Iterator[Packet[Any]]:
    """Packets of ``streams``, of all where it is None; an empty one at the end of each.

    In a broadcast, or a damaged film, streams may appear in the middle, over which PyAV stumbles: not before
    it has given the end of each that was known. Where a damaged place has to be asked for again, it is.
    """
    chosen = list(container.streams if streams is None else streams)
    for _ in range(_AGAIN):
        with contextlib.suppress(IndexError):
            try:
                yield from container.demux(chosen)
            except av.error.BlockingIOError:
                continue
        return


@contextlib.contextmanager
def files_own_error() -> Iterator[None]:
    """Raise what kept a file from being written: closing its container raises another error over that."""
    try:
        yield
    except av.FFmpegError as error:
        first: BaseException | None = error
        while isinstance(first, av.FFmpegError):
            first = first.__context__
        if isinstance(first, OSError):
            raise first from None
        raise
