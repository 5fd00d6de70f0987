"""What a report holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from converter.speed import Cost


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean of a distance, and what 95 % of all pixels stay within."""

    mean: float
    p95: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One network. ``ab`` (Lab units) and ``delta_e_2000``: distances to the reference, None for itself.

    ``psnr`` in dB to the photographs, ``colourfulness`` and its ``change`` from the reference's: means.
    """

    label: str
    name: str
    recipe: str
    megabytes: float
    one_thread: Cost
    all_threads: Cost
    ab: Spread | None
    delta_e_2000: Spread | None
    colourfulness: float
    change: float
    psnr: float

    @property
    def peak_mb(self) -> float:
        """The larger of both peaks."""
        return max(self.one_thread.peak_mb, self.all_threads.peak_mb)


@dataclass(frozen=True, slots=True)
class View:
    """A shown picture: JPEG; PSNR in dB to the photograph, mean dE2000 to the reference, None for itself."""

    jpeg: bytes
    psnr: float | None = None
    delta_e_2000: float | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """One photograph as everyone sees it; ``note`` says why it is shown."""

    name: str
    note: str
    grey: View
    results: tuple[View, ...]
    truth: View


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found. ``refused``: labels and reasons of networks that the runtime does not run."""

    title: str
    entries: tuple[Entry, ...]
    refused: tuple[tuple[str, str], ...]
    shots: tuple[Shot, ...]
    pictures: int
    photographs: str
    grey_psnr: float
    truth_colourfulness: float
    weights: str
    data: str
    machine: str
    runtime: str
    version: str
