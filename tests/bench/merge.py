"""The planar path against the classic float merge: speed and closeness to the truth, in one run.

    python -m tests.bench.merge [--photos DIR|TAR] [--threads 2]

Both get the same grey and the same ab, which is the photograph's own, shrunk to 56x56. Planar: luma in, Cb
and Cr out, the shrink to 224 included. Classic: a grey BGR frame in float, Lab, ab to full size, concat,
Lab2BGR, clip; ab goes up as is harder for us, bilinear where time is taken, cubic where closeness is. "True
L" is the classic merge given the photograph's own L instead of the grey's.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.lab import rgb_to_lab
from device.colour.measure import delta_e_76
from device.colour.tint import chroma_planes, shrink
from device.frames import JPEG_COLOUR, Frame, TintedFrame
from tests.bench.machine import describe, interleaved, verdict
from tests.bench.pictures import STILLS, cover, photographs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
FASTER = 15
CLOSER = 0.1


def classic(grey_bgr: Floats, ab: Floats) -> Floats:
    """Merge in float as the classic script does; BGR 0..1."""
    return merged(cv2.cvtColor(grey_bgr, cv2.COLOR_BGR2LAB)[:, :, 0], ab, cv2.INTER_LINEAR)


def merged(l_of_lab: Floats, ab: Floats, interpolation: int) -> Floats:
    """The classic script from L on."""
    full = cv2.resize(ab, l_of_lab.shape[::-1], interpolation=interpolation)
    both = np.concatenate((l_of_lab[:, :, np.newaxis], full), axis=2)
    return np.clip(cv2.cvtColor(both, cv2.COLOR_LAB2BGR), 0, 1)


def planar(luma: NDArray[np.uint8], ab: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Make chroma planes as tintcast does."""
    frame = Frame(luma, JPEG_COLOUR, index=0, pts=0, time_base=Fraction(1, 25))
    return chroma_planes(TintedFrame(frame, shrink(luma), ab))


def shown(luma: NDArray[np.uint8], planes: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """What a screen shows of full-range BT.601 planes; R'G'B'."""
    size = luma.shape[::-1]
    cb, cr = (cv2.resize(plane.astype(np.float32) - 128, size) for plane in planes)
    k = JPEG_COLOUR.matrix
    red, blue = luma + 2 * (1 - k.kr) * cr, luma + 2 * (1 - k.kb) * cb
    green = (luma - k.kr * red - k.kb * blue) / (1 - k.kr - k.kb)
    return np.rint(np.clip(np.dstack((red, green, blue)), 0, 255)).astype(np.uint8)


def rounded(bgr: Floats) -> NDArray[np.uint8]:
    """R'G'B' of float BGR."""
    return np.rint(bgr[..., ::-1] * 255).astype(np.uint8)


def prepared(truth: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Floats, Floats, Floats]:
    """Grey, the grey as float BGR, the true L, and the true ab at 56x56 of a photograph."""
    grey = np.asarray(cv2.cvtColor(truth, cv2.COLOR_RGB2GRAY), np.uint8)
    lab = rgb_to_lab(truth.astype(np.float32) / 255)
    ab = cv2.resize(np.ascontiguousarray(lab[..., 1:]), (56, 56), interpolation=cv2.INTER_AREA)
    grey_bgr = cv2.merge((grey, grey, grey)).astype(np.float32) / 255
    return grey, grey_bgr, np.ascontiguousarray(lab[..., 0]), np.asarray(ab, np.float32)


def closeness(truth: NDArray[np.uint8]) -> tuple[float, float, float]:
    """Mean dE76 to the truth: planar, classic, classic with the true L."""
    grey, grey_bgr, true_l, ab = prepared(truth)
    grey_l = cv2.cvtColor(grey_bgr, cv2.COLOR_BGR2LAB)[:, :, 0]
    ours = shown(grey, planar(grey, ab))
    classics = (rounded(merged(l_of_lab, ab, cv2.INTER_CUBIC)) for l_of_lab in (grey_l, true_l))
    first, second, third = (float(delta_e_76(result, truth).mean()) for result in (ours, *classics))
    return first, second, third


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, default=STILLS, help="folder or tar of photographs")
    parser.add_argument("--limit", type=int, default=24, help="photographs to measure on")
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    pictures = photographs(options.photos, options.limit)
    print(describe())
    print(
        f"OpenCV {cv2.__version__}, {options.threads} threads, {len(pictures)} photographs, medians of turns"
    )
    for name, (width, height) in SIZES.items():
        grey, grey_bgr, _, ab = prepared(cover(pictures[0], width, height))
        ms = interleaved(
            {
                "classic": lambda bgr=grey_bgr, ab=ab: classic(bgr, ab),
                "planar": lambda grey=grey, ab=ab: planar(grey, ab),
                "shrink": lambda grey=grey: shrink(grey),
            },
            options.repetitions,
        )
        ratio = ms["classic"] / ms["planar"]
        print(
            f"{name}: classic {ms['classic']:.2f} ms, planar {ms['planar']:.2f} ms (of it the shrink "
            f"{ms['shrink']:.2f}): {ratio:.1f}x, target {FASTER}x {verdict(ratio >= FASTER)}"
        )
        errors = np.array([closeness(cover(picture, width, height)) for picture in pictures]).mean(axis=0)
        print(
            f"{name}: mean dE76 to the truth: planar {errors[0]:.3f}, classic {errors[1]:.3f} (with the true "
            f"L {errors[2]:.3f}): {errors[0] - errors[1]:+.3f}, target at most {CLOSER:+} "
            f"{verdict(errors[0] - errors[1] <= CLOSER)}"
        )


if __name__ == "__main__":
    main()
