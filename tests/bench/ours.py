"""Tintcast's frame, as a worker: luma in, Cb and Cr out, the network between; for ``tests.bench.frame``."""

from __future__ import annotations

import sys
from fractions import Fraction

import cv2
import numpy as np

from device.colour.lightness import lightness
from device.colour.tint import chroma_planes, shrink
from device.frames import ColourSpace, Frame, Matrix, TintedFrame
from device.network import Network
from tests.bench.turns import serve


def main(name: str, grey: str, threads: str) -> None:
    """Colorize the grey frame (a .npy of (H, W) uint8) whenever told to."""
    cv2.setNumThreads(int(threads))
    space = ColourSpace(Matrix.BT709)
    frame = Frame(np.load(grey), space, index=0, pts=0, time_base=Fraction(1, 25))
    with Network.load(name, int(threads)) as network:

        def work() -> object:
            small = shrink(frame.luma, None, network.size)
            ab = network.predict(lightness(small, space)).ab
            return chroma_planes(TintedFrame(frame, small, ab))

        serve(f"tintcast, network {network.manifest.name}, OpenCV {cv2.__version__}", work)


if __name__ == "__main__":
    main(*sys.argv[1:])
