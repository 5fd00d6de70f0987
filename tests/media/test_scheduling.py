"""An encoder takes the processor from nobody, however it would like to."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from films import make_film

from device.config import FilmSettings
from device.media.encode import Encoder, Picture
from device.media.probe import probe
from device.media.scheduling import as_before


def policies() -> set[int]:
    """How the threads of this process are scheduled."""
    return {os.sched_getscheduler(int(thread.name)) for thread in Path("/proc/self/task").iterdir()}


@pytest.mark.parametrize("codec", ["h264", "h265", "av1", "ffv1"])
def test_no_thread_of_an_encoder_goes_before_others(codec: str, tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", count=2, size=(96, 64))
    facts = probe(tmp_path / "a.mkv")
    settings = FilmSettings(codec=codec)
    picture = Picture.of(facts, settings)
    before = policies()
    with (tmp_path / "out.mkv").open("w+b") as file:
        encoder = Encoder(file, picture, settings)
        chroma = np.full(picture.chroma_size, 128, np.uint8)
        encoder.write(np.full((64, 96), 90, np.uint8), chroma, chroma, 0)
        assert policies() == before
        encoder.finish()


def test_what_takes_real_time_inside_gives_it_back() -> None:
    before = os.sched_getscheduler(0)
    with as_before():
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        except PermissionError:
            assert os.geteuid() != 0
    assert os.sched_getscheduler(0) == before
