"""``tintcast film --look-ahead``, as it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from films import make_film

from device.cli import main
from device.config import Config
from device.engine import Gate, Stop
from device.jobs.film import FilmTask
from device.jobs.film_child import colorize

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def decoded(path: Path) -> list[NDArray[np.uint8]]:
    """Each frame's planes, one after the other."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray().astype(np.uint8) for frame in container.decode(video=0)]


@pytest.mark.parametrize("every", [1, 6])
def test_it_comes_out_steadier_and_whole(tmp_path: Path, every: int) -> None:
    source = tmp_path / "in.mkv"
    luma = make_film(source, size=(160, 120), count=40, scenes=2)
    told = {}
    for look_ahead in (False, True):
        film = {"colour_every": every, "look_ahead": look_ahead, "codec": "ffv1", "segment_frames": 4}
        stop, out = Stop(), tmp_path / f"{look_ahead}.mkv"
        task = FilmTask(source, out, Config.model_validate({"film": film, "colour": {"when": "always"}}))
        result = colorize(task, lambda _: None, stop, gate=Gate(stop))
        assert result.frames == 40
        told[look_ahead] = result.figures
        for frame, before in zip(decoded(out), luma, strict=True):
            np.testing.assert_array_equal(frame[:120], before)
    assert told[True]["flicker"] < 0.9 * told[False]["flicker"]
    assert told[True]["shots_tinted"] == 2


def test_the_flag_is_taken(tmp_path: Path) -> None:
    source, plain, ahead = (tmp_path / name for name in ("in.mkv", "plain.mkv", "ahead.mkv"))
    make_film(source, size=(96, 64), count=20)
    assert main(["film", str(source), str(plain), "--codec", "ffv1", "--colour", "always"]) == 0
    given = ["--codec", "ffv1", "--colour", "always", "--look-ahead"]
    assert main(["film", str(source), str(ahead), *given]) == 0
    differing = [not np.array_equal(*both) for both in zip(decoded(plain), decoded(ahead), strict=True)]
    assert all(differing[:-1])
