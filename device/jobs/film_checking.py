"""A film that is in colour from end to end: there is nothing to do, and that is soon known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.engine import Stopped
from device.errors import Interrupted
from device.jobs.deciding import ByShot, Seen
from device.jobs.looking import Looker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.frames import Frame
    from device.jobs.deciding import Decided


def all_in_colour(frames: Iterable[Frame], size: tuple[int, int], tick: Callable[[], None]) -> int | None:
    """How many ``frames`` there are, if none of them would be tinted; None at the first that would.

    They are decided shot by shot, as a ``Colorizer`` does whose network has this ``size``; nothing is made of
    them. ``tick``: called for each, and what it raises ends it; Stopped becomes Interrupted.
    """
    looker, decider, count = Looker(), ByShot(expected=True), 0
    for frame in frames:
        try:
            tick()
        except Stopped:
            raise Interrupted from None
        if not looker.knows(frame) and _some_grey(decider.flush()):
            return None
        look = looker.step(frame, size)
        if _some_grey(decider.step(Seen(frame, look.small, look.window, look.cut))):
            return None
        count += 1
    return None if _some_grey(decider.flush()) else count


def _some_grey(decided: Iterable[Decided]) -> bool:
    """Whether any would be tinted."""
    return not all(own_colour for _, own_colour in decided)
