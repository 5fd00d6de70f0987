"""How good a network's colour is on photographs, worked out with the same code as on the board.

A photograph's grey (BT.601 luma, uint8) goes in; the network's ab is enlarged by cubic under the grey's own L
and the result rounded, then compared with the photograph at its own size.
"""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lightness import lightness
from device.colour.measure import colourfulness, delta_e_2000, psnr
from device.colour.merge import merge_reference
from device.colour.tint import shrink
from device.errors import InputError
from device.frames import JPEG_COLOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from device.network import Network

    Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Coloured:
    """A result, RGB (h, w, 3) uint8; the ab (h', w', 2) that it was made of; the network's milliseconds."""

    rgb: Pixels
    ab: npt.NDArray[np.float32]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """One photograph: PSNR in dB, mean dE2000, colourfulness of the result and the truth, network ms."""

    name: str
    psnr: float
    delta_e_2000: float
    colourfulness: float
    truth: float
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Summary:
    """Means over photographs; ``gap`` is that of the means, ``spread`` the mean of each picture's |gap|."""

    pictures: int
    psnr: float
    grey_psnr: float
    delta_e_2000: float
    colourfulness: float
    truth: float
    gap: float
    spread: float
    milliseconds: float

    def as_dict(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def colorize(grey: Pixels, network: Network) -> Coloured:
    """Give a full-range grey picture (h, w) its colour."""
    small = lightness(shrink(grey, None, network.size), JPEG_COLOUR)
    began = time.perf_counter()
    prediction = network.predict(small)
    took = 1000 * (time.perf_counter() - began)
    return Coloured(merge_reference(lightness(grey, JPEG_COLOUR), prediction.ab), prediction.ab, took)


def evaluate(
    pictures: Iterable[tuple[str, Pixels]],
    network: Network,
    *,
    each: Callable[[Row, Pixels, Pixels], None] = lambda *_: None,
) -> tuple[Summary, list[Row]]:
    """Judge ``network`` on named RGB photographs; ``each`` sees every row, the photograph and the result."""
    rows, grey_psnr = [], []
    for name, truth in pictures:
        grey = grey_of(truth)
        made = colorize(grey, network)
        row = Row(
            name=name,
            psnr=psnr(made.rgb, truth),
            delta_e_2000=float(delta_e_2000(made.rgb, truth).mean()),
            colourfulness=colourfulness(made.rgb),
            truth=colourfulness(truth),
            milliseconds=made.milliseconds,
        )
        grey_psnr.append(psnr(np.repeat(grey[..., None], 3, axis=2), truth))
        rows.append(row)
        each(row, truth, made.rgb)
    if not rows:
        raise InputError("no photographs to judge by")
    return summarize(rows, grey_psnr), rows


def summarize(rows: list[Row], grey_psnr: list[float]) -> Summary:
    """Means over all rows."""

    def mean(values: Iterable[float]) -> float:
        return float(np.mean(list(values)))

    colour, truth = mean(row.colourfulness for row in rows), mean(row.truth for row in rows)
    return Summary(
        pictures=len(rows),
        psnr=mean(row.psnr for row in rows),
        grey_psnr=mean(grey_psnr),
        delta_e_2000=mean(row.delta_e_2000 for row in rows),
        colourfulness=colour,
        truth=truth,
        gap=abs(colour - truth),
        spread=mean(abs(row.colourfulness - row.truth) for row in rows),
        milliseconds=float(np.median([row.milliseconds for row in rows])),
    )


def grey_of(rgb: Pixels) -> Pixels:
    """BT.601 luma of a photograph, full range, uint8."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def processor() -> str:
    """The CPU's model, and whether it multiplies int8 in hardware."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = (facts.get("flags") or facts.get("Features") or "").split()
    dots = any(flag in flags for flag in ("avx512_vnni", "avx_vnni", "asimddp"))
    name = facts.get("model name") or facts.get("Model") or platform.machine()
    return f"{name} ({'with' if dots else 'without'} int8 dot products)"
