"""How a job does, rounded so that a steady one says little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    #: What JSON can say of one figure.
    Figure = str | float | bool | Sequence[str] | None

#: Numbers that differ by less than this share are the same.
_SAME = 0.1
#: What never changes is told so often, for those who came later, in seconds.
_AGAIN_S = 300.0


class Telemetry:
    """Says what is worth telling, and when.

    What is no number (a state, its reason, grey or colour) is told when it changes; numbers when one has
    changed by a tenth, at most every ``interval_s`` seconds.
    """

    def __init__(self, interval_s: float = 60.0) -> None:
        self._interval_s = interval_s
        self._told: dict[str, Figure] = {}
        self._told_at: float | None = None

    def forget(self) -> None:
        """Nobody knows anything: tell it at once."""
        self._told_at = None

    def worth_telling(self, figures: Mapping[str, object], now: float) -> dict[str, Figure] | None:
        """What to tell of ``figures`` at ``now`` (monotonic seconds); None: nothing."""
        rounded = {name: _rounded(value) for name, value in figures.items()}
        if self._told_at is not None:
            since = now - self._told_at
            changed = {name for name in rounded.keys() | self._told.keys() if self._differs(name, rounded)}
            numbers = {name for name in changed if _is_number(rounded.get(name))}
            if since < self._interval_s and changed == numbers:
                return None
            if not changed and since < _AGAIN_S:
                return None
        self._told, self._told_at = rounded, now
        return rounded

    def _differs(self, name: str, rounded: Mapping[str, Figure]) -> bool:
        new, old = rounded.get(name), self._told.get(name)
        if isinstance(new, int | float) and isinstance(old, int | float):
            return abs(new - old) > _SAME * max(abs(new), abs(old))
        return new != old


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _rounded(value: object) -> Figure:
    """Numbers to two digits, whole ones whole; what JSON does not know as text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        rounded = float(f"{value:.2g}")
        if not math.isfinite(rounded):
            return None
        return int(rounded) if rounded.is_integer() else rounded
    if isinstance(value, Sequence):
        return [str(each) for each in value]
    return str(value)
