"""The last look at a finished film before it gets its name: all is in it that belongs in it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

from device.errors import TintcastError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from device.media.join import Joined

#: Matroska counts in milliseconds: what is read back may be half of one away.
_COARSEST = Fraction(1, 1000)
#: A sound track may end this much (seconds) from where its packets said: the last may be trimmed or padded.
_SOUND = Fraction(1, 5)


def verify(
    path: Path, form: str, stamps: Sequence[Fraction], joined: Joined, tick: Callable[[], None]
) -> None:
    """Read the film back, packet by packet: its frames, every time stamp (seconds, ``stamps``), its sound.

    Raises TintcastError, naming what is wrong, where it is not the film that was written.
    """
    read: list[Fraction] = []
    sound: dict[int, Fraction] = {}
    try:
        with av.open(str(path), format=form) as container:
            picture = next(stream for stream in container.streams.video if not stream.disposition & 1 << 10)
            for packet in container.demux():
                tick()
                if not packet.size:
                    continue
                stamp = (packet.pts or 0) * (packet.time_base or Fraction(1))
                if packet.stream is picture:
                    read.append(stamp)
                elif packet.stream.type == "audio":
                    end = stamp + (packet.duration or 0) * (packet.time_base or Fraction(1))
                    sound[packet.stream.index] = max(end, sound.get(packet.stream.index, end))
    except (av.FFmpegError, StopIteration) as error:
        raise TintcastError(f"the finished film can't be read back: {error}", where=path) from None
    if len(read) != len(stamps):
        raise TintcastError(f"the finished film has {len(read)} frames instead of {len(stamps)}", where=path)
    furthest = max(abs(is_ - was) for is_, was in zip(read, stamps, strict=True))
    if furthest > _COARSEST:
        raise TintcastError(
            f"the finished film's time stamps are up to {float(furthest):.3f} s away", where=path
        )
    ends = zip(sorted(sound.values()), sorted(joined.sound.values()), strict=False)
    if len(sound) != len(joined.sound) or any(abs(is_ - was) > _SOUND for is_, was in ends):
        raise TintcastError("the finished film's sound is not all there", where=path)
