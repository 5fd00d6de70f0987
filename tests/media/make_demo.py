"""Make ``demo.mp4``: a grey film of a few seconds from the photographs in ``stills/``, with our own tune.

``python tests/media/make_demo.py [OUT]``. The same every time for the same libraries: grain, flicker and tune
come from fixed seeds, the encoder runs on one thread.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

HERE = Path(__file__).parent
WIDTH, HEIGHT, RATE = 640, 480, 24
SOUND_RATE = 44_100


@dataclass(frozen=True, slots=True)
class Shot:
    """A slow move over one photograph: (centre x, centre y, width) in its pixels, from where to where."""

    still: str
    seconds: float
    start: tuple[float, float, float]
    end: tuple[float, float, float]

    @property
    def frames(self) -> int:
        """How many frames it lasts."""
        return round(self.seconds * RATE)


SHOTS = (
    Shot("photographer", 1.75, (258, 226, 500), (274, 192, 420)),
    Shot("rocket", 1.5, (286, 216, 540), (330, 210, 500)),
    Shot("astronaut", 2.0, (240, 316, 470), (236, 190, 440)),
    Shot("coffee", 1.5, (280, 206, 500), (330, 190, 440)),
    Shot("cat", 1.25, (206, 148, 380), (236, 152, 330)),
)
FRAMES = sum(shot.frames for shot in SHOTS)


def render() -> Iterator[NDArray[np.uint8]]:
    """Luma of every frame, (HEIGHT, WIDTH) uint8, limited range: move, grain and a gentle flicker."""
    rng = np.random.default_rng(1895)
    for shot in SHOTS:
        photograph = cv2.imread(str(HERE / "stills" / f"{shot.still}.jpg"), cv2.IMREAD_GRAYSCALE)
        if photograph is None:
            sys.exit(f"{shot.still}.jpg: can't be read")
        for number in range(shot.frames):
            moved = _window(photograph.astype(np.float32), shot, number / (shot.frames - 1))
            grain = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH), np.float32), (0, 0), 0.8)
            exposure = 1 + 0.012 * rng.standard_normal()
            codes = 16 + 219 * np.clip(moved / 255 * exposure + 0.022 * grain, 0, 1)
            yield np.rint(codes).astype(np.uint8)


def _window(photograph: NDArray[np.float32], shot: Shot, progress: float) -> NDArray[np.float32]:
    """Cut the shot's window out of the photograph at ``progress`` 0..1, eased at both ends."""
    eased = progress + 0.5 * (progress * progress * (3 - 2 * progress) - progress)
    x, y, width = (a + (b - a) * eased for a, b in zip(shot.start, shot.end, strict=True))
    scale = width / WIDTH
    back = np.array([[scale, 0, x - width / 2], [0, scale, y - width / 2 * HEIGHT / WIDTH]])
    warped = cv2.warpAffine(
        photograph,
        back,
        (WIDTH, HEIGHT),
        flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(warped, np.float32)


def tune(seconds: float) -> NDArray[np.float32]:
    """Ten bars of a little waltz for music box and soft bass, (2, samples) float32 in -1..1."""
    beat = 0.25
    bars = (  # the chord's bass and third, then the melody; MIDI keys
        (48, 4, (76, 79, 84)),
        (53, 4, (81, 77, 81)),
        (55, 4, (79, 83, 86)),
        (48, 4, (84, 79, 76)),
        (50, 3, (77, 81, 86)),
        (55, 4, (83, 79, 74)),
        (48, 4, (76, 79, 84)),
        (53, 4, (81, 84, 89)),
        (55, 4, (88, 86, 83)),
        (48, 4, (84,)),
    )
    sound = np.zeros((2, round(seconds * SOUND_RATE)), np.float32)
    for bar, (root, third, melody) in enumerate(bars):
        start = bar * 3 * beat
        _strike(sound, root, start, decay=0.9, partials=(1, 0.3), pan=0.5, gain=0.7)
        for step, key in enumerate(melody):
            _strike(sound, key, start + step * beat, decay=0.55, partials=(1, 0.35, 0, 0.12), pan=0.42)
        for step in (1, 2):
            for key in (root + 12 + third, root + 19):
                _strike(sound, key, start + step * beat, decay=0.25, partials=(1, 0.2), pan=0.6, gain=0.22)
    sound *= 0.5 / np.abs(sound).max()
    fade = round(0.9 * SOUND_RATE)
    sound[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32) ** 2
    return sound


def _strike(
    sound: NDArray[np.float32],
    key: int,
    start: float,
    *,
    decay: float,
    partials: tuple[float, ...],
    pan: float,
    gain: float = 1.0,
) -> None:
    """Add one note (MIDI ``key``) that begins at ``start`` seconds and dies away."""
    first = round(start * SOUND_RATE)
    room = sound.shape[1] - first
    if room <= 0:
        return
    t = np.arange(min(room, round(4 * decay * SOUND_RATE))) / SOUND_RATE
    pitch = 440 * 2 ** ((key - 69) / 12)
    wave = np.zeros_like(t)
    for number, level in enumerate(partials, start=1):
        wave += level * np.sin(2 * np.pi * pitch * number * t) * np.exp(-(number - 1) * t / decay)
    wave *= gain * np.exp(-t / decay) * np.minimum(1, t / 0.004) * np.minimum(1, (t[-1] - t) / 0.05)
    sound[0, first : first + t.size] += (wave * np.cos(pan * np.pi / 2)).astype(np.float32)
    sound[1, first : first + t.size] += (wave * np.sin(pan * np.pi / 2)).astype(np.float32)


def write(path: Path) -> None:
    """Encode film and tune to ``path``."""
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as film:
        film.metadata["title"] = "tintcast demo"
        options = {"preset": "veryslow", "crf": "24", "tune": "grain"}
        picture = film.add_stream("libx264", rate=RATE, options=options)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        picture.time_base = Fraction(1, RATE)
        context = picture.codec_context
        context.thread_count = 1
        context.color_range, context.colorspace, context.color_primaries, context.color_trc = 1, 6, 6, 6
        sound = film.add_stream("aac", rate=SOUND_RATE, layout="stereo")
        sound.bit_rate = 96_000
        for number, luma in enumerate(render()):
            planes = np.concatenate([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)])
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            frame.color_range, frame.colorspace = 1, 6
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
        samples = tune(FRAMES / RATE)
        for first in range(0, samples.shape[1], 1024):
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(samples[:, first : first + 1024]), format="fltp", layout="stereo"
            )
            block.sample_rate, block.pts, block.time_base = SOUND_RATE, first, Fraction(1, SOUND_RATE)
            film.mux(sound.encode(block))
        film.mux(sound.encode(None))


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "demo.mp4")
