"""A folder of pictures as a film: picture for picture, upright, in natural order, nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from device.colour.measure import colourfulness
from device.config import load_config
from device.engine import Stop
from device.errors import ConfigurationError, UnreadablePicture
from device.jobs.pictures import colorize_pictures

STILLS = Path(__file__).parent.parent / "media" / "stills"


def sequence(folder: Path, count: int, suffix: str) -> None:
    """The photographer, moving by two pixels a picture, as grey files ``1``, ``2`` ... ``10``."""
    folder.mkdir()
    still = cv2.imread(str(min(STILLS.glob("*.jpg"))), cv2.IMREAD_GRAYSCALE)
    assert still is not None
    for number in range(1, count + 1):
        part = still[: still.shape[0] // 2 * 2, 2 * number : 2 * number + still.shape[1] - 64]
        assert cv2.imwrite(str(folder / f"{number}{suffix}"), part)


@pytest.mark.parametrize(("suffix", "kind"), [(".png", ".png"), (".jpg", ".jpg"), (".tif", ".png")])
def test_every_picture_comes_out_in_order_with_its_luma(tmp_path: Path, suffix: str, kind: str) -> None:
    sequence(tmp_path / "in", 11, suffix)
    shown: list[tuple[int, int | None]] = []
    done = colorize_pictures(
        tmp_path / "in",
        tmp_path / "out",
        load_config(),
        stop=Stop(),
        progress=lambda *now: shown.append(now),
    )
    assert done.frames == 11
    assert shown[-1] == (11, 11)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{n:06}{kind}" for n in range(11)]
    for number in (1, 2, 10, 11):
        grey = np.asarray(Image.open(tmp_path / "in" / f"{number}{suffix}").convert("L"), np.float32)
        tinted = np.asarray(Image.open(tmp_path / "out" / f"{number - 1:06}{kind}").convert("RGB"))
        luma = tinted.astype(np.float32) @ np.float32([0.299, 0.587, 0.114])
        assert np.abs(luma - grey).mean() < 4
        assert colourfulness(tinted) > 8


def test_the_sources_are_never_written_over(tmp_path: Path) -> None:
    sequence(tmp_path / "in", 2, ".png")
    with pytest.raises(ConfigurationError, match="folder of its own"):
        colorize_pictures(
            tmp_path / "in", tmp_path / "in", load_config(), stop=Stop(), progress=lambda *_: None
        )
    assert len(list((tmp_path / "in").iterdir())) == 2


def test_a_broken_picture_is_named_and_what_is_done_stays(tmp_path: Path) -> None:
    sequence(tmp_path / "in", 12, ".png")
    (tmp_path / "in" / "9.png").write_bytes((tmp_path / "in" / "9.png").read_bytes()[:200])
    with pytest.raises(UnreadablePicture, match=r"9\.png"):
        colorize_pictures(
            tmp_path / "in", tmp_path / "out", load_config(), stop=Stop(), progress=lambda *_: None
        )
    for path in (tmp_path / "out").iterdir():
        with Image.open(path) as whole:
            whole.load()
