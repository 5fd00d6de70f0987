"""What each codec of ``film.codec`` costs: speed, size, quality of luma, memory.

    python -m tests.bench.codecs [--film FILM] [--frames 72] [--crf 20]

Without a film one is made: a slow move over the project's stills. Frames go in as the film has them, with its
own colour; each codec runs in a process of its own, one after the other.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import resource
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from device.colour.own import own_chroma
from device.config import FilmSettings
from device.media.codecs import CODECS, depth_of
from device.media.encode import Encoder, Picture
from device.media.planes import layout_of, planes_of
from device.sources.film import FilmSource
from tests.bench.machine import describe
from tests.bench.memory import make_film

if TYPE_CHECKING:
    from device.frames import Frame


def main() -> None:
    """Print one line a codec, at its own quality; and at ``--crf``, where it has such a thing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--film", type=Path)
    parser.add_argument("--frames", type=int, default=72)
    parser.add_argument("--crf", type=int)
    told = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory() as folder:
        film = told.film or Path(folder) / "made.mp4"
        if told.film is None:
            make_film(film, -(-told.frames // 25))
        print(f"{film.name}, {told.frames} frames")
        for codec in CODECS.values():
            qualities = {codec.crf, codec.crf if told.crf is None or codec.crf is None else told.crf}
            for crf in qualities:
                _alone(film, told.frames, FilmSettings(codec=codec.name, crf=crf))


def _alone(film: Path, count: int, settings: FilmSettings) -> None:
    process = multiprocessing.get_context("fork").Process(target=_measure, args=(film, count, settings))
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{settings.codec} failed")


def _measure(film: Path, count: int, settings: FilmSettings) -> None:
    with FilmSource(film) as source:
        picture = Picture.of(source.facts, settings)
        frames = list(islice(source.frames(), count))
    planes = [(frame, *own_chroma(frame, picture.chroma_size)) for frame in frames]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file = io.BytesIO()
    began = time.perf_counter()
    with Encoder(file, picture, settings) as encoder:
        for frame, cb, cr in planes:
            encoder.write(frame.luma, cb, cr, frame.pts)
    seconds = time.perf_counter() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    size = len(file.getvalue())
    crf = "" if settings.crf is None else f" {settings.crf}"
    print(
        f"{settings.codec + crf:10} {count / seconds:6.1f} frames/s {size / count / 1000:8.1f} kB a frame, "
        f"luma {_psnr(file, picture, frames):5.1f} dB, {memory / 1024:4.0f} MB"
    )


def _psnr(file: io.BytesIO, picture: Picture, frames: list[Frame]) -> float:
    """Of luma, against the frames that went in, in codes of 8 bits; 99 where they are the same."""
    file.seek(0)
    rows, columns = frames[0].luma.shape
    error = 0.0
    with av.open(file) as container:
        for frame, decoded in zip(frames, container.decode(video=0), strict=True):
            luma = planes_of(decoded, layout_of(decoded.format.name)).luma[:rows, :columns]
            written = luma / 2.0 ** (depth_of(picture.pixel_format) - 8)
            error += float(np.square(written - frame.luma / 2.0 ** (frame.depth - 8)).mean()) / len(frames)
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


if __name__ == "__main__":
    main()
