"""Which of a camera's pixel formats, sizes and rates is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from device.errors import ConfigurationError, SourceLost
from device.sources.asked import asked_size
from device.sources.v4l2.formats import PREFERRED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from device.config import CameraSettings
    from device.sources.v4l2.device import Offer

    Fastest = Callable[[str, tuple[int, int]], Fraction]

#: What is asked for where nothing is said.
_RATE: Final = Fraction(30)
#: A camera that says 29.97 for 30 is fast enough.
_SLOWER: Final = 0.95
#: Where no size is asked for, moving smoothly is worth being smaller: half the rate a quarter of the area.
_MOTION: Final = 3.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A pixel format by its letters, a size, and frames a second."""

    name: str
    size: tuple[int, int]
    rate: Fraction


def choose(offers: Iterable[Offer], fastest: Fastest, settings: CameraSettings, path: Path) -> Choice:
    """The choice nearest to the size asked for, then to the rate, then in the format preferred.

    Where no size is asked for, a smaller one may win by its rate.

    ``fastest(name, size)``: frames a second at most, 0 where unknown. Raises SourceLost where none is
    read here, ConfigurationError where the one asked for is not offered.
    """
    offered = list(offers)
    readable = [offer for offer in offered if offer.name in PREFERRED]
    if not readable:
        raise SourceLost(
            f"is a camera whose pixel formats ({_names(offered) or 'none'}) can't be read here", where=path
        )
    asked = settings.pixel_format.strip()
    found = [offer for offer in readable if asked in {"", offer.name}]
    if not found:
        raise ConfigurationError(
            f"camera.pixel_format: {path} has no {asked}", hint=f"it has {_names(readable)}"
        )
    size = asked_size(settings)
    rate = Fraction(settings.rate).limit_denominator(1001) or _RATE

    sized = bool(settings.width or settings.height)

    def cost(choice: Choice) -> tuple[float, float, int]:
        away = _distance(choice.size, size)
        short = max(0.0, 1 - float(choice.rate / rate) / _SLOWER) if choice.rate else 0.0
        first = away if sized else away + _MOTION * short
        return first, short, PREFERRED.index(choice.name)

    near = [(offer.name, _nearest(offer, size)) for offer in found]
    best = min((Choice(name, one, fastest(name, one)) for name, one in near), key=cost)
    return Choice(best.name, best.size, min(rate, best.rate) if best.rate else rate)


def _distance(size: tuple[int, int], wanted: tuple[int, int]) -> float:
    """How far a size is from the one wanted: 0 for the same, about 0.7 for twice the area."""
    width, height = (math.log(one / other) for one, other in zip(size, wanted, strict=True))
    return round(abs(width + height) + abs(width - height), 6)


def _nearest(offer: Offer, wanted: tuple[int, int]) -> tuple[int, int]:
    """The size of this offer that is nearest to the one wanted."""
    width, height = (
        least if not step else least + (min(max(side, least), most) - least) // step * step
        for side, least, most, step in zip(wanted, offer.least, offer.most, offer.step, strict=True)
    )
    return width, height


def _names(offers: Sequence[Offer]) -> str:
    return ", ".join(dict.fromkeys(offer.name for offer in offers))
