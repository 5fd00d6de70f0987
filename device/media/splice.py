"""Stretches of a finished film in place of others: all packets but theirs stay as they are."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import av

from device.errors import TintcastError
from device.media.probe import open_film, picture_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction
    from pathlib import Path

    from av.packet import Packet


@dataclass(frozen=True, slots=True)
class Patch:
    """Frames ``first`` to ``last`` of a film, encoded anew into the file ``path``."""

    path: Path
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Laid:
    """How the picture of a finished film lies in it.

    ``stamps``: of its frames, in seconds; ``keys``: numbers of those that decoding may begin with;
    ``parameters``: what its decoder is told beforehand.
    """

    stamps: tuple[Fraction, ...]
    keys: frozenset[int]
    parameters: bytes

    @classmethod
    def of(cls, film: Path, tick: Callable[[], None] = lambda: None) -> Laid:
        """Read it from the packets of ``film``; ``tick``: called for each. Errors as ``probe``."""
        stamps: list[Fraction] = []
        keys = set()
        with open_film(film) as container:
            stream = picture_stream(container, film)
            for packet in _packets(container, stream):
                tick()
                if packet.is_keyframe:
                    keys.add(len(stamps))
                stamps.append((packet.pts or 0) * packet.time_base)
            return cls(tuple(stamps), frozenset(keys), stream.codec_context.extradata or b"")


def check_patches(film: Path, laid: Laid, patches: Sequence[Patch]) -> None:
    """See that each of ``patches`` can take its place in ``film``, which is ``laid`` out so.

    Raises TintcastError where what follows needs what was there before, where the decoder would have to be
    told something else, and where frames are missing.
    """
    for patch in patches:
        place = f"frames {patch.first} to {patch.last}"
        if not all(n in laid.keys or n == len(laid.stamps) for n in (patch.first, patch.last + 1)):
            raise TintcastError(f"{place} can't be taken out of it: others refer to them", where=film)
        new = Laid.of(patch.path)
        if new.parameters != laid.parameters:
            raise TintcastError(
                f"{place} were encoded otherwise than the rest, and can't be put into it",
                where=film,
                hint="another version of the encoder made it: colour the whole film again",
            )
        if len(new.stamps) != patch.last + 1 - patch.first:
            raise TintcastError(f"{place} came out as {len(new.stamps)} frames", where=film)


def spliced(film: Path, patches: Sequence[Patch], track: av.VideoStream) -> Iterator[Packet[Any]]:
    """All packets of the picture of ``film``, for ``track``: of ``patches``, in order, where they reach.

    Every one has the time stamp and the duration that it had in ``film``.
    """
    waiting = list(patches)
    with ExitStack() as stack:
        container = stack.enter_context(open_film(film))
        new: Iterator[Packet[Any]] = iter(())
        patch: Patch | None = None
        for number, old in enumerate(_packets(container, picture_stream(container, film))):
            if waiting and waiting[0].first == number:
                patch = waiting.pop(0)
                other = stack.enter_context(av.open(str(patch.path)))
                new = _packets(other, other.streams.video[0])
            packet = old
            if patch is not None and patch.first <= number <= patch.last:
                packet = next(new)
                packet.time_base, packet.duration = old.time_base, old.duration
                packet.pts = old.pts
            packet.dts = packet.pts
            packet.stream = track
            yield packet


def _packets(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[Packet[Any]]:
    """The packets of one stream, but for the empty one at the end."""
    return (packet for packet in container.demux(stream) if packet.size)
