"""How good the cut detector is: real films, cut together at random places, aged, and lit by flashes.

    python tests/campaigns/cuts.py --films DIR [--joins 200] [--seed 1] [--plain]

Without ``--films`` it runs on films made from the photographs in ``tests/media/stills``. Prints hits, misses,
false cuts and frames for each condition, and ends with 1 unless 99 % of all cuts are found, with at most one
false cut in 2,000 frames. ``--plain`` leaves the films as they are and adds only the flashes.

A join puts 24 to 60 frames of one film behind as many of another, or of another shot of the same film (frames
of one and the same shot are not joined: that is no honest cut). The cuts that the films hold themselves are
listed in ``CUTS``, found by looking at them; they must be found like any other.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from device.colour.shots import CutDetector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Film = NDArray[np.uint8]  # (frames, SIDE, SIDE) luma codes

SIDE = 224
STILLS = Path(__file__).parent.parent / "media" / "stills"

#: First frames of shots inside the films at hand. Every other film is one shot.
CUTS = {
    "abomb_blast_effects_bw": (44, 134, 299),
    "bikes": (30, 76, 137, 187, 242),
}


@dataclass
class Tally:
    """What came out under one condition."""

    name: str
    hits: int = 0
    frames: int = 0
    seconds: float = 0.0
    misses: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)

    def watch(self, label: str, film: Film, cuts: set[int]) -> None:
        """Run a fresh detector over ``film``, whose shots begin at 0 and at ``cuts``."""
        detector = CutDetector()
        started = time.perf_counter()
        found = {index for index, luma in enumerate(film) if detector.update(luma)} - {0}
        self.seconds += time.perf_counter() - started
        self.frames += len(film)
        self.hits += len(found & cuts)
        self.misses += [f"{label} at {index}" for index in sorted(cuts - found)]
        self.false += [f"{label} at {index}" for index in sorted(found - cuts)]

    def __str__(self) -> str:
        """One line of the table."""
        cuts = self.hits + len(self.misses)
        return (
            f"{self.name:<28}{cuts:>6}{self.hits:>6}{len(self.misses):>8}{len(self.false):>7}{self.frames:>8}"
            f"{1000 * self.seconds / self.frames:>8.2f}"
        )


def read_films(folder: Path) -> dict[str, Film]:
    """Every film of a folder, its luma shrunk, in memory."""
    films = {}
    for path in sorted(folder.iterdir()):
        if path.suffix not in {".mp4", ".mkv", ".mov", ".webm", ".avi"}:
            continue
        with av.open(str(path)) as container:
            films[path.stem] = np.stack([_small(frame) for frame in container.decode(video=0)])
    return films


def _small(frame: av.VideoFrame) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    return cv2.resize(luma, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def make_films(rng: np.random.Generator, moves: int = 3, length: int = 40) -> dict[str, Film]:
    """Films of our own, one of each still: a window wanders over it, slow or fast."""
    films = {}
    for path in sorted(STILLS.glob("*.jpg")):
        still = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        height, width = still.shape
        side = min(height, width) * rng.uniform(0.5, 0.8)
        stops = rng.uniform(0, 1, (moves + 1, 2)) * (width - side, height - side)
        places = np.concatenate(
            [np.linspace(*ends, length, endpoint=False) for ends in itertools.pairwise(stops)]
        )
        film = [
            cv2.warpAffine(
                still,
                np.array([[side / SIDE, 0, x], [0, side / SIDE, y]]),
                (SIDE, SIDE),
                flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP,
            )
            for x, y in places
        ]
        films[path.stem] = (np.stack(film) * (219 / 255) + 16).astype(np.uint8)
    return films


def joins(
    films: dict[str, Film], count: int, rng: np.random.Generator
) -> Iterator[tuple[str, Film, set[int]]]:
    """Random joins: a label, the joined frames, and where their shots begin."""
    shots = [
        (name, start, end)
        for name, film in films.items()
        for start, end in zip((0, *CUTS.get(name, ())), (*CUTS.get(name, ()), len(film)), strict=True)
        if end - start >= 8
    ]
    for _ in range(count):
        one, other = rng.choice(len(shots), 2, replace=False)
        pieces = []
        for name, start, end in (shots[one], shots[other]):
            length = min(int(rng.integers(24, 61)), end - start)
            begin = int(rng.integers(start, end - length + 1))
            pieces.append((name, begin, films[name][begin : begin + length]))
        (name, begin, head), (second, onset, tail) = pieces
        label = f"{name} {begin}..{begin + len(head)} | {second} {onset}"
        yield label, np.concatenate([head, tail]), {len(head)}


def as_it_is(film: Film, _: np.random.Generator) -> Film:
    """Leave the film as it is."""
    return film


def aged(film: Film, rng: np.random.Generator) -> Film:
    """Old film: flicker, grain, dirt, scratches, weave, and now and then a jump in the gate."""
    out = np.empty_like(film)
    scratch = int(rng.integers(10, SIDE - 10))
    for index, luma in enumerate(film):
        jump = rng.random() < 0.02
        reach = 25 if jump else 1
        weave = np.float32([[1, 0, rng.normal(0, 0.6)], [0, 1, rng.normal(0, reach)]])
        frame = cv2.warpAffine(luma, weave, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT).astype(np.float32)
        frame = (frame - 16) * rng.normal(1, 0.12) + 16 + rng.normal(0, 6)
        frame += rng.normal(0, 7, frame.shape)
        for _ in range(int(rng.integers(0, 8))):
            x, y = (int(v) for v in rng.integers(0, SIDE, 2))
            cv2.circle(frame, (x, y), int(rng.integers(1, 6)), float(rng.choice([20, 225])), -1)
        scratch = int(np.clip(scratch + rng.integers(-2, 3), 2, SIDE - 3))
        frame[:, scratch : scratch + 2] += 60
        out[index] = np.clip(frame, 16, 235)
    return out


def letterboxed(film: Film, _: np.random.Generator) -> Film:
    """The picture between black bars, above and below it."""
    out = np.full_like(film, 16)
    bar = SIDE // 8
    for index, luma in enumerate(film):
        out[index, bar:-bar] = cv2.resize(luma, (SIDE, SIDE - 2 * bar), interpolation=cv2.INTER_AREA)
    return out


def lit_by_flashes(film: Film, rng: np.random.Generator) -> Film:
    """About every 30 frames a flash of 1 to 4 frames: all white, over-exposed, or a fire ball that grows."""
    out = film.copy()
    y, x = np.mgrid[:SIDE, :SIDE]
    index = int(rng.integers(10, 40))
    while index < len(film) - 5:
        kind, length = int(rng.integers(3)), int(rng.integers(1, 5))
        centre = rng.uniform(0.3, 0.7, 2) * SIDE
        for step in range(length):
            frame = film[index + step].astype(np.float32)
            if kind == 0:
                frame[:] = 235
            elif kind == 1:
                frame = frame * 1.8 + 60
            else:
                far = np.hypot(x - centre[0], y - centre[1]) / (SIDE * 0.2 * (step + 1))
                frame += 260 * np.exp(-(far**4))
            out[index + step] = np.clip(frame, 16, 235)
        index += length + int(rng.integers(15, 45))
    return out


def main() -> int:
    """Run all conditions and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--films", type=Path, help="a folder of films")
    parser.add_argument("--joins", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="neither aged nor letterboxed")
    asked = parser.parse_args()
    films = read_films(asked.films) if asked.films else make_films(np.random.default_rng(asked.seed))
    conditions: list[tuple[str, Callable[[Film, np.random.Generator], Film]]] = [
        ("as they are", as_it_is),
        ("aged", aged),
        ("letterboxed", letterboxed),
        ("with flashes", lit_by_flashes),
    ]
    if asked.plain:
        conditions = [conditions[0], conditions[-1]]
    tallies = []
    print(f"{'condition':<28}{'cuts':>6}{'hits':>6}{'misses':>8}{'false':>7}{'frames':>8}{'ms':>8}")
    for name, change in conditions:
        rng = np.random.default_rng(asked.seed)
        whole = Tally(f"films {name}")
        for label, film in films.items():
            whole.watch(label, change(film, rng), set(CUTS.get(label, ())))
        tallies.append(whole)
        print(whole, flush=True)
        if change is lit_by_flashes:
            continue
        joined = Tally(f"joins {name}")
        for label, film, cuts in joins(films, asked.joins, np.random.default_rng(asked.seed)):
            joined.watch(label, change(film, rng), cuts)
        tallies.append(joined)
        print(joined, flush=True)
    for tally in tallies:
        for kind, places in (("missed", tally.misses), ("false", tally.false)):
            for place in places:
                print(f"{tally.name}: {kind}: {place}")
    hits, misses = sum(t.hits for t in tallies), sum(len(t.misses) for t in tallies)
    false, frames = sum(len(t.false) for t in tallies), sum(t.frames for t in tallies)
    share, rate = hits / (hits + misses), 2000 * false / frames
    print(f"{share:.2%} of {hits + misses} cuts found, {rate:.2f} false cuts in 2,000 of {frames} frames")
    return 0 if share >= 0.99 and rate <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
