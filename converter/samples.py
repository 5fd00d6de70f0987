"""Pictures to calibrate and to compare on: their lightness, and hints drawn from their own colours."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converter import data, train
from converter.checkpoint import read_checkpoint
from device.colour.hints import Hint, Hints, global_vector, local_planes, palette_of_ab
from device.colour.lightness import lightness
from device.colour.tint import shrink
from device.errors import InputError
from device.resources import bundled
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Inputs = dict[str, Floats]

CALIBRATED, COMPARED = 200, 8  # how many are enough
_HINTS = 8  # in every second picture
_AB_UNIT = np.float32(1 / 110)  # every network takes its hints' ab so
_DEMO_EVERY = 12  # frames


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """``lightness`` (h, w), 0..100, squashed to a square, and hints that its own colours would give."""

    lightness: Floats
    hints: Hints

    def inputs(self, shapes: Mapping[str, tuple[int, ...]], grey: tuple[float, float]) -> Inputs:
        """Arrays for the inputs in ``shapes``, as the network takes them; ``grey``: scale and offset."""
        size = shapes["grey"][1:3]
        light = cv2.resize(self.lightness, size[::-1], interpolation=cv2.INTER_AREA)
        arrays = {"grey": np.asarray(light, np.float32) * np.float32(grey[0]) + np.float32(grey[1])}
        if "local_hint" in shapes:
            colour, mask = local_planes(self.hints.points, shapes["local_hint"][1:3])  # type: ignore[arg-type]
            arrays |= {"local_hint": colour * _AB_UNIT, "mask": mask}
        if "global_hint" in shapes:
            arrays["global_hint"] = global_vector(self.hints.palette)
        return {name: arrays[name].reshape(shape) for name, shape in shapes.items()}


def of_photographs(sources: Sequence[Path], count: int) -> list[Sample]:
    """The first ``count`` photographs of tars and folders. Raises InputError where there are none."""
    planes = (data.lab_planes(rgb) for _, rgb in data.iterate_pictures(sources))
    samples = of_planes(islice(planes, count))
    if not samples:
        raise InputError("no photographs in it", where=", ".join(map(str, sources)))
    return samples


def kept_back(checkpoint: Path, count: int) -> list[Sample]:
    """Photographs that the training run of ``checkpoint`` kept back, from the planes in its folder."""
    _, facts = read_checkpoint(checkpoint)
    photographs = data.open_photographs(checkpoint.parent / "photographs")
    schedule = facts["schedule"]
    _, kept = train.split(len(photographs), schedule["held_back"], schedule.get("held_back_seed", 1))
    return of_planes((photographs.lightness[index], photographs.ab[index]) for index in kept[:count])


def of_planes(planes: Iterable[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int8]]]) -> list[Sample]:
    """Of L (h, w), in units of 100/255, and ab (h', w', 2); every second one has hints."""
    random = np.random.default_rng(313)
    return [
        Sample(light.astype(np.float32) * np.float32(100 / 255), _hints(ab, random) if n % 2 else Hints())
        for n, (light, ab) in enumerate(planes)
    ]


def of_demo(count: int) -> list[Sample]:
    """Frames of the bundled film: grey, for those who brought no photographs."""
    with FilmSource(bundled("demo.mp4")) as film:
        frames = islice(film.frames(), 0, count * _DEMO_EVERY, _DEMO_EVERY)
        return [
            Sample(lightness(shrink(frame.luma), frame.colour_space, frame.depth), Hints())
            for frame in frames
        ]


def _hints(ab: npt.NDArray[np.int8], random: np.random.Generator) -> Hints:
    height, width, _ = ab.shape
    points = []
    for row, column in zip(
        random.integers(height, size=_HINTS), random.integers(width, size=_HINTS), strict=True
    ):
        a, b = (float(value) for value in ab[row, column])
        points.append(Hint((column + 0.5) / width, (row + 0.5) / height, a, b))
    return Hints(tuple(points), palette_of_ab(ab.astype(np.float32)))
