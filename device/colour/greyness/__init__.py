"""Whether there is true colour in a picture, a film's shot or a stream, or only grey, toned or noisy."""

from device.colour.greyness.measure import Chroma, frame_chroma, is_colour, unexplained_chroma
from device.colour.greyness.shot import ShotJudge, ShotState
from device.colour.greyness.stream import StreamJudge

__all__ = [
    "Chroma",
    "ShotJudge",
    "ShotState",
    "StreamJudge",
    "frame_chroma",
    "is_colour",
    "unexplained_chroma",
]
