"""What it costs to pass true colour into a JPEG, beside tinting the same frame: planes alone.

python -m tests.bench.own [--repetitions 40]
"""

from __future__ import annotations

import argparse
from fractions import Fraction

import cv2
import numpy as np

from device.colour.own import own_rgb
from device.colour.tint import jpeg_planes, shrink
from device.frames import ColourSpace, Frame, Matrix, TintedFrame
from device.media.jpeg import encode_jpeg
from tests.bench.machine import describe, interleaved

_SIZES = {"720p": (720, 1280), "1080p": (1080, 1920)}


def main() -> None:
    """Print a line for each size and kind of frame."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=40)
    told = parser.parse_args()
    cv2.setNumThreads(2)
    print(describe())
    for size, (rows, columns) in _SIZES.items():
        kinds = {
            "8 bits, BT.601": _frame(rows, columns, Matrix.BT601, 8),
            "8 bits, BT.709": _frame(rows, columns, Matrix.BT709, 8),
            "10 bits, BT.709": _frame(rows, columns, Matrix.BT709, 10),
        }
        functions = {f"passed, {name}": _planes(frame, own=True) for name, frame in kinds.items()}
        plain = kinds["8 bits, BT.709"]
        functions["tinted, 8 bits, BT.709"] = _planes(plain, own=False)
        functions["R'G'B' of 8 bits, BT.709"] = lambda plain=plain: own_rgb(plain)
        y, cb, cr = _planes(plain, own=True)()
        functions["JPEG of such planes"] = lambda y=y, cb=cb, cr=cr: encode_jpeg(y, cb, cr, 85)
        for name, milliseconds in interleaved(functions, told.repetitions).items():
            print(f"{size:6} {name:26} {milliseconds:6.2f} ms")


def _frame(rows: int, columns: int, matrix: Matrix, depth: int) -> Frame:
    random = np.random.default_rng(1)
    soft = [
        cv2.resize(random.integers(40, 216, (20, 30)).astype(np.uint8), (columns, rows)) for _ in range(3)
    ]
    planes = soft[0], *(cv2.resize(plane, (columns // 2, rows // 2)) for plane in soft[1:])
    deep = [plane.astype(np.uint16) << (depth - 8) if depth > 8 else plane for plane in planes]
    space = ColourSpace(matrix)
    return Frame(deep[0], space, 0, 0, Fraction(1, 25), depth=depth, cb=deep[1], cr=deep[2])


def _planes(frame: Frame, *, own: bool):  # noqa: ANN202 - a closure for the clock
    tinted = TintedFrame(frame, shrink(frame.luma), np.full((56, 56, 2), 20, np.float32), own_colour=own)
    return lambda: jpeg_planes(tinted)


if __name__ == "__main__":
    main()
