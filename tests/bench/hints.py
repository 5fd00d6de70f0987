"""What hints cost, and how far one reaches.

python -m tests.bench.hints [--repetitions 30]

Cost: a prediction without and with a hint, and a click that asks for likely colours. Reach: mean |change of
ab| by a red, blue, yellow or green hint on the dark coat of the bundled photograph, on the coat and in the
half of the picture that it is not in, with the network told that hint alone, and as it is done.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.colour.hints import Hint, Hints
from device.colour.lightness import lightness
from device.frames import JPEG_COLOUR, Frame
from device.jobs.guided import predict_guided
from device.jobs.hinting import HintBoard
from device.jobs.likely import LikelyColours
from device.jobs.looking import Looker
from device.network import Network
from device.resources import bundled
from tests.bench.machine import describe, interleaved

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COAT = (0.2, 0.6)
_COLOURS = ((50, 30), (20, -50), (0, 50), (-40, 30))
#: Rows and columns of 56.
_ON_IT, _FAR = (slice(26, 40), slice(4, 18)), (slice(0, 56), slice(28, 56))


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=30)
    told = parser.parse_args()
    print(describe())
    grey = cv2.imread(str(bundled("pattern.jpg")), cv2.IMREAD_GRAYSCALE)
    frame = Frame(np.asarray(grey, np.uint8), JPEG_COLOUR, 0, 0, Fraction(1, 25))
    with Network.load("compact") as network:
        look = Looker().step(frame, network.size)
        light = lightness(look.small, JPEG_COLOUR)
        red, likely = Hints((Hint(*_COAT, 50, 30),)), LikelyColours(HintBoard())
        functions = {
            "prediction": lambda: network.predict(light),
            "prediction with a hint": lambda: predict_guided(network, light, red),
            "likely colours of a click": lambda: likely.at(network, frame, look, *_COAT),
        }
        for name, milliseconds in interleaved(functions, told.repetitions).items():
            print(f"{name:26} {milliseconds:6.2f} ms")
        own = network.predict(light).ab
        for name, predict in (
            ("told alone", lambda hints: network.predict(light, hints=hints).ab),
            ("as it is done", lambda hints: predict_guided(network, light, hints)),
        ):
            moved = [predict(Hints((Hint(*_COAT, *ab),))) - own for ab in _COLOURS]
            print(f"{name:26} on it {_mean(moved, _ON_IT):5.1f}, in the other half {_mean(moved, _FAR):5.1f}")


def _mean(moved: list[NDArray[np.float32]], place: tuple[slice, slice]) -> float:
    return float(np.mean([np.linalg.norm(each[place], axis=-1).mean() for each in moved]))


if __name__ == "__main__":
    main()
