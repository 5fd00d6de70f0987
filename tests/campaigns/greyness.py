"""How often greyness errs: photographs in colour, faded, made grey, toned, noisy; each also as a poor JPEG.

    python tests/campaigns/greyness.py --photos TAR [--photos TAR ...] [--limit 500] [--sheet wrong.png]

Prints, for each kind of picture, how many of them are judged wrongly as photographs (from R'G'B') and, at
their own small size, as single frames (from Y'CbCr 4:2:0), which have fewer samples. Ends with 1 unless, as
photographs, at most 1 % of the grey, sepia and noisy ones are taken for colour, and at most 3 % of the colour
ones, faded ones among them, for grey. ``--demanded`` leaves out all that is told only. ``--sheet`` shows the
colour ones that were taken for grey, beside the photograph that they were made from.

Kinds below the line are told, but not demanded of: there the eye itself is in doubt.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.greyness import frame_chroma, is_colour, unexplained_chroma
from device.colour.lab import lab_to_rgb, rgb_to_lab
from device.colour.tint import shrink
from device.frames import JPEG_COLOUR, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Picture = NDArray[np.uint8]  # R'G'B' (H, W, 3)
    Make = Callable[[Floats, np.random.Generator], Floats]  # R'G'B' 0..1 in and out

SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)
QUALITY = 40
LIMITS = {("colour",): 0.03, ("grey", "sepia", "noisy"): 0.01}
THUMBNAIL = 240, 160


def grey_of(rgb: Floats) -> Floats:
    return rgb @ np.array([0.299, 0.587, 0.114], np.float32)


def neutral(rgb: Floats) -> Floats:
    return np.repeat(grey_of(rgb)[..., None], 3, axis=2)


def faded(rgb: Floats, saturation: float) -> Floats:
    """Dyes that have gone: less saturation, no black left, an orange cast over all."""
    grey = neutral(rgb)
    return (0.06 + 0.88 * (grey + saturation * (rgb - grey))) * np.array([1, 0.86, 0.66], np.float32)


def toned(rgb: Floats, a: float, b: float, strength: Callable[[Floats], Floats] | float = 1.0) -> Floats:
    """A grey picture with ``a`` and ``b`` laid over it, ``strength`` of the lightness 0..1."""
    lab = rgb_to_lab(neutral(rgb))
    share = strength if isinstance(strength, float) else strength(lab[..., 0] / 100)[..., None]
    lab[..., 1:] += share * np.array([a, b], np.float32)
    return lab_to_rgb(np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(lab[..., 1:]))


def noisy(rgb: Floats, random: np.random.Generator, size: int, deviation: float) -> Floats:
    """A grey picture with chroma noise of ``deviation`` codes, in blotches of ``size`` pixels."""
    height, width = rgb.shape[:2]
    cb, cr = (
        cv2.resize(
            random.normal(0, deviation / 255, (height // size + 1, width // size + 1)).astype(np.float32),
            (width, height),
            interpolation=cv2.INTER_CUBIC if size > 1 else cv2.INTER_NEAREST,
        )
        for _ in range(2)
    )
    return with_chroma(grey_of(rgb), np.asarray(cb, np.float32), np.asarray(cr, np.float32))


def with_chroma(y: Floats, cb: Floats, cr: Floats) -> Floats:
    """R'G'B' of Y'CbCr, BT.601."""
    return np.stack((y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb), axis=-1)


def pink_night(rgb: Floats, random: np.random.Generator) -> Floats:
    """What an infrared camera sees: dark, pink, paler towards the corners, noisy."""
    y = 0.6 * grey_of(rgb)
    across, down = np.linspace(-1, 1, y.shape[1]), np.linspace(-1, 1, y.shape[0])[:, None]
    cast = ((1 - 0.2 * (across**2 + down**2)) * (0.3 + y)).astype(np.float32)
    cb, cr = (share * cast + random.normal(0, 0.02, y.shape).astype(np.float32) for share in (0.02, 0.1))
    return with_chroma(y, cb, cr)


def stained(rgb: Floats, _: np.random.Generator) -> Floats:
    """A scan whose right half has yellowed."""
    lab = rgb_to_lab(neutral(rgb))
    half = 1 / (1 + np.exp(-np.linspace(-6, 6, rgb.shape[1])))
    lab[..., 1:] += (half[:, None] * np.array([3, 10]) + np.array([2, 6])).astype(np.float32)
    return lab_to_rgb(np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(lab[..., 1:]))


def middle(lightness: Floats) -> Floats:
    """1 in the middle, 0 at black and at white."""
    return 4 * lightness * (1 - lightness)


#: Name, group and maker; those of no group of ``LIMITS`` are told only: they stand below the line.
KINDS: list[tuple[str, str, Make]] = [
    ("colour", "colour", lambda rgb, _: rgb),
    ("faded, orange cast", "colour", lambda rgb, _: faded(rgb, 0.6)),
    ("made grey", "grey", lambda rgb, _: neutral(rgb)),
    ("sepia: constant cast", "sepia", lambda rgb, _: toned(rgb, 6, 18)),
    ("sepia: 3x3 matrix", "sepia", lambda rgb, _: rgb @ SEPIA.T),
    ("sepia: duotone", "sepia", lambda rgb, _: toned(rgb, 10, 28, middle)),
    ("chroma noise, fine", "noisy", lambda rgb, random: noisy(rgb, random, 1, 8)),
    ("chroma noise, blotchy", "noisy", lambda rgb, random: noisy(rgb, random, 4, 6)),
    ("cyanotype", "told", lambda rgb, _: toned(rgb, -5, -30, middle)),
    ("infrared's pink night", "told", pink_night),
    ("half of it stained", "told", stained),
    ("badly faded", "told colour", lambda rgb, _: faded(rgb, 0.4)),
]


@dataclass
class Tally:
    """What came out for one kind of picture; ``wrong``: numbers of pictures judged wrongly, and spreads."""

    name: str
    group: str
    wrong: dict[str, dict[int, float]]
    pictures: int = 0

    def judge(self, number: int, picture: Picture) -> None:
        """Judge a picture as a photograph and as a frame."""
        self.pictures += 1
        for way, measure in WAYS.items():
            if way in self.wrong and is_colour(spread := measure(picture)) is not self.group.endswith(
                "colour"
            ):
                self.wrong[way][number] = spread


def as_photograph(picture: Picture) -> float:
    """Spread as a photograph's is measured."""
    lab = rgb_to_lab(shrink(picture).astype(np.float32) / 255)
    return unexplained_chroma(np.ascontiguousarray(lab[..., 0]), np.ascontiguousarray(lab[..., 1:]))


def as_frame(picture: Picture) -> float:
    """Spread as a frame's is measured; 0 for a black one."""
    height, width = (length // 2 * 2 for length in picture.shape[:2])
    planes = cv2.cvtColor(np.ascontiguousarray(picture[:height, :width]), cv2.COLOR_RGB2YCrCb)
    cr, cb = (
        cv2.resize(planes[..., channel], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        for channel in (1, 2)
    )
    frame = Frame(planes[..., 0], JPEG_COLOUR, 0, 0, Fraction(1, 25), cb=cb, cr=cr)
    chroma = frame_chroma(frame)
    return 0.0 if chroma is None else chroma.spread


WAYS = {"photograph": as_photograph, "frame": as_frame}


def photographs(tars: list[Path], limit: int | None) -> Iterator[Picture]:
    """The photographs of all archives, at most ``limit`` of each."""
    for tar in tars:
        with tarfile.open(tar) as archive:
            for member in archive.getmembers()[:limit]:
                if file := archive.extractfile(member):
                    yield decode(file.read())


def decode(data: bytes) -> Picture:
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise SystemExit("a picture that can't be read")
    return np.ascontiguousarray(bgr[..., ::-1], np.uint8)


def made(make: Make, picture: Picture, random: np.random.Generator) -> Picture:
    """One kind of picture, made of a photograph."""
    values = make(picture.astype(np.float32) / 255, random)
    return np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)


def poor(picture: Picture) -> Picture:
    """The same as a JPEG of quality 40."""
    _, data = cv2.imencode(
        ".jpg", np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    )
    return decode(data.tobytes())


def report(tallies: list[Tally]) -> bool:
    """Print the table; whether all that is demanded holds."""
    print(f"{'kind':<34}{'pictures':>9}" + "".join(f"{f'{way}s wrong':>20}" for way in tallies[0].wrong))
    for tally in tallies:
        print(f"{tally.name:<34}{tally.pictures:>9}" + shares(tally.wrong, tally.pictures))
    good = True
    for groups, limit in LIMITS.items():
        members = [tally for tally in tallies if tally.group in groups]
        pictures = sum(tally.pictures for tally in members)
        for way in members[0].wrong:
            wrong = sum(len(tally.wrong[way]) for tally in members)
            line = f"{', '.join(groups)} as {way}s: {wrong} of {pictures} wrong, {wrong / pictures:.2%}"
            if way == "photograph":
                reached = wrong <= limit * pictures
                good &= reached
                line += f", at most {limit:.0%} {'reached' if reached else 'MISSED'}"
            print(line)
    return good


def shares(wrong: dict[str, dict[int, float]], pictures: int) -> str:
    return "".join(f"{f'{len(them)} ({len(them) / pictures:.2%})':>20}" for them in wrong.values())


def write_sheet(path: Path, pairs: list[tuple[Picture, Picture, str]]) -> None:
    """Write pairs of a photograph and what was made of it, with a word about each, six pairs a row."""
    cells = []
    for photograph, picture, word in pairs:
        both = np.hstack(
            [cv2.resize(p, THUMBNAIL, interpolation=cv2.INTER_AREA) for p in (photograph, picture)]
        )
        cv2.putText(both, word, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0), 1, cv2.LINE_AA)
        cells.append(both)
    across = 4
    cells += [np.zeros_like(cells[0])] * (-len(cells) % across)
    rows = [np.hstack(cells[start : start + across]) for start in range(0, len(cells), across)]
    cv2.imwrite(str(path), np.ascontiguousarray(np.vstack(rows)[..., ::-1]))


def main() -> int:
    """Judge every kind of every photograph and print what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, action="append", required=True, help="a tar of photographs")
    parser.add_argument("--limit", type=int, help="photographs of each archive")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path, help="where to show the colour ones taken for grey")
    parser.add_argument("--demanded", action="store_true", help="neither frames nor kinds below the line")
    asked = parser.parse_args()
    ways = ["photograph"] if asked.demanded else list(WAYS)
    kinds = [kind for kind in KINDS if not (asked.demanded and kind[1].startswith("told"))]
    random = np.random.default_rng(asked.seed)
    tallies, pairs = [], []
    for name, group, _ in kinds:
        tallies += [
            Tally(each, group, {way: {} for way in ways}) for each in (name, f"{name}, JPEG {QUALITY}")
        ]
    for number, photograph in enumerate(photographs(asked.photos, asked.limit)):
        for (name, group, make), as_it_is, as_jpeg in zip(kinds, tallies[::2], tallies[1::2], strict=True):
            picture = made(make, photograph, random)
            as_it_is.judge(number, picture)
            as_jpeg.judge(number, poor(picture))
            if group == "colour" and number in as_it_is.wrong["photograph"]:
                spread = as_it_is.wrong["photograph"][number]
                pairs.append((photograph, picture, f"{number} {name} {spread:.2f}"))
    good = report(tallies)
    if asked.sheet and pairs:
        write_sheet(asked.sheet, pairs)
        print(f"{len(pairs)} colour pictures taken for grey: {asked.sheet}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
