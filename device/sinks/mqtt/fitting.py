"""Which view of the picture fits into what the broker takes at once: lower quality first, then smaller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.sinks.views import Shown, View

_QUALITIES = (75, 65, 55, 45)
#: Below this width there is no smaller one.
_NARROWEST = 64
#: A picture of less than this share of the room leaves room for the next better one.
_SPARE = 0.5
#: So many pictures in a row must leave that room before a better view is tried again.
_PATIENCE = 300


class Fitting:
    """Finds the view by what its pictures weigh. ``wanted``: the view where there is room for all."""

    def __init__(self, wanted: View) -> None:
        self.view = wanted
        self._wanted = wanted
        self._given_up: list[View] = []
        self._spared = 0

    def want(self, view: View) -> None:
        """Want another view: begin with that."""
        if view != self._wanted:
            self.view = self._wanted = view
            self._given_up.clear()
            self._spared = 0

    def fits(self, shown: Shown, room: int | None) -> bool:
        """Whether this picture fits; where it does not, ``view`` is a step poorer from now on."""
        size = len(shown.jpeg)
        if room is not None and size > room:
            self._spared = 0
            self._poorer(shown)
            return False
        spares = room is None or size < _SPARE * room
        self._spared = self._spared + 1 if spares else 0
        if self._given_up and self._spared >= _PATIENCE:
            self._spared = 0
            self.view = self._given_up.pop()
        return True

    def _poorer(self, shown: Shown) -> None:
        lower = [quality for quality in _QUALITIES if quality < self.view.quality]
        narrower = shown.facts.width * 3 // 4
        if lower:
            poorer = replace(self.view, quality=lower[0])
        elif narrower >= _NARROWEST:
            poorer = replace(self.view, width=narrower)
        else:
            return
        self._given_up.append(self.view)
        self.view = poorer
