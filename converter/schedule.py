"""How long a training run is, and what it does when."""

from __future__ import annotations

import math
from dataclasses import dataclass

from device.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A run from start to end. Exactly one of ``minutes`` and ``pictures`` says where the end is.

    ``falls_from``: the progress at which rates begin to fall; a run that has not come so far may still be
    made longer or shorter when it is resumed. ``sizes``: (from which progress on, pixels of the input).
    ``averaging``: how much of the running mean of the weights each step keeps. ``held_back``: the part of the
    photographs that is never trained on; ``held_back_seed`` draws it, and must stay when a run goes on from
    another's weights. Rates are the optimizer's largest.
    """

    minutes: float | None = None
    pictures: int | None = None
    batch: int = 32
    encoder_rate: float = 2.5e-4
    decoder_rate: float = 1e-3
    warm_up: int = 300
    falls_from: float = 0.0
    weight_decay: float = 0.01
    averaging: float = 0.998
    sizes: tuple[tuple[float, int], ...] = ((0.0, 128), (0.6, 160), (0.88, 224))
    held_back: float = 0.015
    quantized_from: float = 0.3
    seed: int = 1
    held_back_seed: int = 1

    def __post_init__(self) -> None:
        """Refuse a run without one end."""
        if (self.minutes is None) == (self.pictures is None):
            raise ConfigurationError("a training run needs either minutes or pictures")

    def size(self, progress: float) -> int:
        """Pixels of the input at this progress."""
        return [pixels for start, pixels in self.sizes if progress >= start][-1]

    def rate(self, progress: float, step: float) -> float:
        """The learning rate's factor, 0..1: a linear rise over ``warm_up`` steps, then a cosine to zero."""
        falling = max(0.0, min(progress, 1.0) - self.falls_from) / (1 - self.falls_from)
        return min(1.0, (step + 1) / self.warm_up) * 0.5 * (1 + math.cos(math.pi * falling))


def refining(*, minutes: float | None, pictures: int | None, seed: int = 1) -> Schedule:
    """A run that goes on from a trained network, to teach it more: at low rates and its full size."""
    return Schedule(
        minutes=minutes,
        pictures=pictures,
        encoder_rate=5e-5,
        decoder_rate=2e-4,
        warm_up=30,
        sizes=((0.0, 224),),
        quantized_from=0.0,
        seed=seed,
    )


@dataclass(slots=True)
class Clock:
    """How far a run is. Time that passes while nothing runs does not count."""

    step: int = 0
    seconds: float = 0.0

    def progress(self, schedule: Schedule) -> float:
        """0 at the start, 1 at the end."""
        if schedule.minutes is not None:
            return self.seconds / (60 * schedule.minutes)
        return self.step * schedule.batch / float(schedule.pictures or 1)
