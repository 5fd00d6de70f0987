"""How often a still picture's black bars are found, and how often bars are found where there are none.

    python tests/campaigns/bars.py --photos TAR [--photos TAR ...] [--limit 500] [--sheet false.png]

Photographs as they are have no bars, but for a few, which ``--sheet`` shows. The others are given some: a
letterbox, a pillarbox, a frame all around, and the border of a scan: noisy, uneven, of other widths on each
side, level or up to 0.4 degrees askew. Ends with 1 if more than 1 % of the photographs are cropped as they
are, or something is cut off 0.5 % of those that were given bars, or if fewer than three quarters of these
have all their bars found.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.crop import still_window
from device.frames import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Grey = NDArray[np.uint8]  # (H, W)

KINDS = {"letterbox": 0.0, "pillarbox": 0.0, "all around": 0.0, "scan": 0.0, "scan, askew": 0.4}
FALSE, CUT_INTO, FOUND = 0.01, 0.005, 0.75
#: Lines by which a window may be off, and the share of the picture that counts as cut into.
NEAR, CUT = 3, 0.02


def photographs(tars: list[Path], limit: int | None) -> Iterator[Grey]:
    """The photographs of all archives, grey, at most ``limit`` of each."""
    for tar in tars:
        with tarfile.open(tar) as archive:
            for member in archive.getmembers()[:limit]:
                if file := archive.extractfile(member):
                    grey = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_GRAYSCALE)
                    yield np.asarray(grey, np.uint8)


def with_bars(grey: Grey, kind: str, random: np.random.Generator) -> tuple[Grey, Window]:
    """Put a picture between bars; and where it lies."""
    height, width = grey.shape
    if kind.startswith("scan"):
        top, bottom = (max(4, round(random.uniform(0.01, 0.06) * height)) for _ in range(2))
        left, right = (max(4, round(random.uniform(0.01, 0.06) * width)) for _ in range(2))
        level = random.uniform(6, 26)
    else:
        top = bottom = 0 if kind == "pillarbox" else round(random.uniform(0.05, 0.2) * height)
        left = right = 0 if kind == "letterbox" else round(random.uniform(0.05, 0.2) * width)
        level = float(random.choice([0, 16]))
    window = Window(left, top, width, height)
    size = top + height + bottom, left + width + right
    out = np.full(size, level, np.float32)
    if kind.startswith("scan"):
        slopes = random.uniform(-4, 4, 2)
        out += slopes[0] * np.linspace(-1, 1, size[1]) + slopes[1] * np.linspace(-1, 1, size[0])[:, None]
    out[window.slices] = grey
    if angle := random.uniform(-1, 1) * KINDS[kind]:
        turn = cv2.getRotationMatrix2D((size[1] / 2, size[0] / 2), angle, 1)
        out = np.asarray(cv2.warpAffine(out, turn, size[::-1], borderMode=cv2.BORDER_REPLICATE), np.float32)
    if kind.startswith("scan"):
        out += random.normal(0, 4, size)
    _, jpeg = cv2.imencode(
        ".jpg", np.clip(np.rint(out), 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 80]
    )
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8), window


def insets(window: Window, grey: Grey) -> NDArray[np.int_]:
    """Lines of bar at left, top, right and bottom."""
    height, width = grey.shape
    return np.array([window.x, window.y, width - window.x - window.width, height - window.y - window.height])


def main() -> int:
    """Count and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, action="append", required=True, help="a tar of photographs")
    parser.add_argument("--limit", type=int, help="photographs of each archive")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    random = np.random.default_rng(asked.seed)
    count, cropped = 0, []
    tallies = {kind: np.zeros(4, int) for kind in KINDS}  # all, some, none of the bars; cut into
    for grey in photographs(asked.photos, asked.limit):
        count += 1
        if (window := still_window(grey)) is not None:
            shown = cv2.rectangle(
                cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR),
                (window.x, window.y, window.width, window.height),
                (0, 0, 255),
            )
            cropped.append(cv2.resize(shown, (240, 160), interpolation=cv2.INTER_AREA))
            continue
        for kind, tally in tallies.items():
            barred, truth = with_bars(grey, kind, random)
            found = still_window(barred)
            near = NEAR + np.tan(np.radians(KINDS[kind])) * max(barred.shape)
            off = np.zeros(4) - near - 1 if found is None else insets(found, barred) - insets(truth, barred)
            tally[2 if found is None else int((np.abs(off) > near).any())] += 1
            tally[3] += (off > near + CUT * max(grey.shape)).any()
    print(f"{len(cropped)} of {count} photographs cropped as they are, {len(cropped) / count:.2%}")
    print(f"{'bars':<14}{'all found':>11}{'some':>7}{'none':>7}{'cut into':>10}")
    for kind, (whole, some, none, cut) in tallies.items():
        print(f"{kind:<14}{whole:>11}{some:>7}{none:>7}{cut:>10}")
    if asked.sheet and cropped:
        cv2.imwrite(str(asked.sheet), np.vstack(cropped[:12]))
    whole, some, none, cut = sum(tallies.values())
    barred = whole + some + none
    print(f"{whole / barred:.1%} of {barred} with all bars found, {cut / barred:.2%} cut into")
    return 0 if len(cropped) <= FALSE * count and cut <= CUT_INTO * barred and whole >= FOUND * barred else 1


if __name__ == "__main__":
    sys.exit(main())
