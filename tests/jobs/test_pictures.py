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
from device.media.facts import read_facts

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


def mixed(folder: Path) -> None:
    """Numbered JPEGs of colour, then of grey, then one in colour at last, and a colour one that lies."""
    folder.mkdir()
    still = cv2.imread(str(min(STILLS.glob("*.jpg"))))
    assert still is not None
    for number in range(1, 12):
        picture = still[: still.shape[0] // 2 * 2, 2 * number : 2 * number + still.shape[1] - 64]
        if 4 <= number <= 9:
            picture = cv2.cvtColor(picture[::-1], cv2.COLOR_BGR2GRAY)
        elif number > 9:
            picture = np.rot90(picture, 2)
        assert cv2.imwrite(str(folder / f"{number}.jpg"), picture)
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(folder / "11.jpg") as lying:
        lying.save(folder / "11.jpg", exif=exif)


@pytest.mark.parametrize(
    ("when", "own"), [("auto", {1, 2, 3, 10, 11}), ("never", set(range(1, 12))), ("always", set())]
)
def test_pictures_in_colour_pass_byte_for_byte(tmp_path: Path, when: str, own: set[int]) -> None:
    mixed(tmp_path / "in")
    config = load_config(overrides={"colour": {"when": when}})
    done = colorize_pictures(tmp_path / "in", tmp_path / "out", config, stop=Stop(), progress=lambda *_: None)
    assert (done.frames, done.passed, done.notes) == (11, len(own), ())
    for number in range(1, 12):
        before, after = tmp_path / "in" / f"{number}.jpg", tmp_path / "out" / f"{number - 1:06}.jpg"
        copied = before.read_bytes() == after.read_bytes()
        assert copied == (number in own - {11})  # the last lies on its side, and is turned upright
        if not copied:
            assert read_facts(after.read_bytes()).own_colour == (number in own)
            assert (b"DigitalSourceType" in after.read_bytes()) == (number not in own)
    with (
        Image.open(tmp_path / "in" / "11.jpg") as lying,
        Image.open(tmp_path / "out" / "000010.jpg") as upright,
    ):
        assert upright.size == lying.size[::-1]
        turned = np.asarray(lying.convert("RGB").rotate(-90, expand=True), np.float32)
        found = np.asarray(upright.convert("RGB"), np.float32)
        if 11 in own:
            assert np.abs(turned - found).mean() < 4
        else:
            assert np.abs(turned - found).mean() > 4


def test_pictures_of_all_sizes_and_depths_in_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    mixed(folder)
    for number, (size, kind) in enumerate(
        [((90, 60), np.uint16), ((61, 47), np.uint8), ((90, 60), np.uint8)]
    ):
        grey = cv2.imread(str(folder / "5.jpg"), cv2.IMREAD_GRAYSCALE)
        assert grey is not None
        picture = cv2.resize(grey, size).astype(kind) * (257 if kind is np.uint16 else 1)
        assert cv2.imwrite(str(folder / f"{number + 3}b.png"), picture)
    done = colorize_pictures(folder, tmp_path / "out", load_config(), stop=Stop(), progress=lambda *_: None)
    assert (done.frames, done.passed) == (14, 5)
    with Image.open(tmp_path / "out" / "000003.jpg") as small:
        assert small.size == (90, 60)
