"""What to choose after training: heads and saturation, on photographs that training kept back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converter import batches, data, train
from converter.checkpoint import read_checkpoint
from converter.evaluate import grey_of
from converter.networks import compact
from converter.taste import Taste
from device.colour.lightness import lightness
from device.colour.measure import colourfulness, psnr
from device.colour.merge import merge_reference
from device.frames import JPEG_COLOUR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    Floats = npt.NDArray[np.floating]

#: Vividness and boldness.
BLENDS = ((0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (0.5, 1.0), (0.5, 0.0), (1.0, 1.0))
SATURATION = (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)


@dataclass(frozen=True, slots=True)
class Choice:
    """What one choice gives: PSNR in dB, colourfulness, that of the photographs.

    ``spread``: mean of every picture's own |difference of colourfulness|.
    """

    vividness: float
    boldness: float
    saturation: float
    psnr: float
    colourfulness: float
    truth: float
    spread: float


def choices(checkpoint: Path, photos: Sequence[Path], *, pictures: int = 200) -> list[Choice]:
    """PSNR and colourfulness for every blend and saturation, in float32, on photographs kept back.

    ``photos``: the sources that training was given first, in the same order.
    """
    _, facts = read_checkpoint(checkpoint)
    model = train.load_averaged(checkpoint)
    photographs = data.open_photographs(checkpoint.parent / "photographs")
    schedule = facts["schedule"]
    _, kept = train.split(len(photographs), schedule["held_back"], schedule.get("held_back_seed", 1))
    kept = kept[:pictures]
    wanted = set(kept.tolist())
    figures: dict[tuple[float, float, float], list[tuple[float, float]]] = {}
    truths = []
    for index, (_, rgb) in enumerate(data.iterate_pictures(photos)):
        if index not in wanted:
            continue
        batch = batches.plain_batch(photographs, np.array([index]), compact.SIZE)
        outputs = model.predict_on_batch(batch.inputs)
        heads = {name: np.asarray(outputs[name])[0] * compact.AB_SCALE for name in compact.HEADS}
        light = lightness(grey_of(rgb), JPEG_COLOUR)
        truths.append(colourfulness(rgb))
        for vividness, boldness in BLENDS:
            shares = Taste(vividness=vividness, boldness=boldness).shares()
            blend = sum(share * heads[name] for name, share in shares.items())
            for saturation in SATURATION:
                result = merge_reference(light, np.asarray(blend * saturation, np.float32))
                figures.setdefault((vividness, boldness, saturation), []).append(
                    (psnr(result, rgb), colourfulness(result))
                )
    truth = np.array(truths)
    return [_choice(key, np.array(rows), truth) for key, rows in figures.items()]


def _choice(key: tuple[float, float, float], rows: Floats, truth: Floats) -> Choice:
    vividness, boldness, saturation = key
    return Choice(
        vividness=vividness,
        boldness=boldness,
        saturation=saturation,
        psnr=float(rows[:, 0].mean()),
        colourfulness=float(rows[:, 1].mean()),
        truth=float(truth.mean()),
        spread=float(np.abs(rows[:, 1] - truth).mean()),
    )
