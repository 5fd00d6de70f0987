"""What to choose after training: boldness and saturation, on photographs that training kept back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converter import batches, data, train
from converter.checkpoint import read_checkpoint
from converter.evaluate import grey_of
from converter.networks import compact
from device.colour.lightness import lightness
from device.colour.measure import colourfulness, psnr
from device.colour.merge import merge_reference
from device.frames import JPEG_COLOUR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOLDNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
SATURATION = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)


@dataclass(frozen=True, slots=True)
class Choice:
    """What one choice gives: PSNR in dB, colourfulness, that of the photographs."""

    boldness: float
    saturation: float
    psnr: float
    colourfulness: float
    truth: float


def choices(checkpoint: Path, photos: Sequence[Path], *, pictures: int = 200) -> list[Choice]:
    """PSNR and colourfulness for every boldness and saturation, in float32, on photographs kept back.

    ``photos``: the sources that training was given, in the same order.
    """
    _, facts = read_checkpoint(checkpoint)
    model = train.load_averaged(checkpoint)
    photographs = data.open_photographs(checkpoint.parent / "photographs")
    schedule = facts["schedule"]
    _, kept = train.split(len(photographs), schedule["held_back"], schedule["seed"])
    kept = kept[:pictures]
    wanted = set(kept.tolist())
    figures: dict[tuple[float, float], list[tuple[float, float]]] = {}
    truths = []
    for index, (_, rgb) in enumerate(data.iterate_pictures(photos)):
        if index not in wanted:
            continue
        outputs = model.predict_on_batch(
            batches.plain_batch(photographs, np.array([index]), compact.SIZE).grey
        )
        mean, annealed = (np.asarray(outputs[name])[0] * compact.AB_SCALE for name in ("mean", "annealed"))
        light = lightness(grey_of(rgb), JPEG_COLOUR)
        truths.append(colourfulness(rgb))
        for boldness in BOLDNESS:
            blend = boldness * annealed + (1 - boldness) * mean
            for saturation in SATURATION:
                result = merge_reference(light, blend * np.float32(saturation))
                figures.setdefault((boldness, saturation), []).append(
                    (psnr(result, rgb), colourfulness(result))
                )
    truth = float(np.mean(truths))
    return [
        Choice(
            boldness,
            saturation,
            psnr=float(np.mean([row[0] for row in rows])),
            colourfulness=float(np.mean([row[1] for row in rows])),
            truth=truth,
        )
        for (boldness, saturation), rows in figures.items()
    ]
