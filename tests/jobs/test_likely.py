"""What is likely at a place of a frame: a sky is blue, a coat may be many things; files that don't fit."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from device.errors import ConfigurationError, NetworkFileError
from device.frames import JPEG_COLOUR, Frame, Window
from device.jobs.hinting import HintBoard
from device.jobs.likely import LikelyColours
from device.jobs.looking import Look, Looker
from device.network import Network
from device.resources import bundled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.colour.placed import Likely

DATA = Path(__file__).parent.parent / "network" / "data"
SKY, LAWN, COAT = (0.25, 0.1), (0.85, 0.8), (0.2, 0.5)


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.load("compact") as loaded:
        yield loaded


def frame_of(luma: object, *, rotation: int = 0) -> Frame:
    return Frame(np.asarray(luma, np.uint8), JPEG_COLOUR, 0, 0, Fraction(1, 25), rotation=rotation)


@pytest.fixture(scope="module")
def photograph() -> Frame:
    """A man in a dark coat on a lawn, under a clear sky."""
    return frame_of(cv2.imread(str(bundled("pattern.jpg")), cv2.IMREAD_GRAYSCALE))


def look_at(frame: Frame, network: Network) -> Look:
    return Looker().step(frame, network.size)


def hues(offered: tuple[Likely, ...]) -> list[int]:
    """Hue of those that have one worth the name, in twelfths of the circle from red on."""
    strong = [each for each in offered if np.hypot(each.a, each.b) > 6]
    return [int(np.degrees(np.arctan2(each.b, each.a)) % 360 // 30) for each in strong]


def test_a_sky_is_blue_a_lawn_green_or_dry_and_a_coat_may_be_many_things(
    network: Network, photograph: Frame
) -> None:
    likely, look = LikelyColours(HintBoard()), look_at(photograph, network)
    sky, lawn, coat = (likely.at(network, photograph, look, *place) for place in (SKY, LAWN, COAT))
    assert sky[0].share > 0.5
    assert 240 < np.degrees(np.arctan2(sky[0].b, sky[0].a)) % 360 < 290
    assert {2, 3} & set(hues(lawn[:3]))  # yellow-green to green
    assert sum(each.share for each in lawn if each.b > 5) > 0.6
    assert len(set(hues(coat))) >= 3
    assert coat[0].share < 0.5
    assert all(2 <= len(each) <= 6 for each in (sky, lawn, coat))


def test_places_are_those_of_the_upright_picture_without_its_bars(
    network: Network, photograph: Frame
) -> None:
    upright = LikelyColours(HintBoard()).at(network, photograph, look_at(photograph, network), *SKY)
    height, width = photograph.luma.shape
    barred = np.zeros((height + 200, width), np.uint8)
    barred[100:-100] = photograph.luma
    stored = frame_of(np.rot90(barred), rotation=90)
    look = look_at(stored, network)
    assert look.window is not None
    sky = SKY[0], (SKY[1] * height + 100) / (height + 200)
    likely = LikelyColours(HintBoard())
    (own, *_) = likely.at(network, stored, look, *sky)
    assert (own.a, own.b) == pytest.approx((upright[0].a, upright[0].b), abs=6)
    assert likely.at(network, stored, look, 0.5, 0.02) == ()  # in a black bar


def test_hints_elsewhere_count_and_those_at_the_place_do_not(network: Network, photograph: Frame) -> None:
    board = HintBoard()
    likely, look = LikelyColours(board), look_at(photograph, network)
    before = likely.at(network, photograph, look, *COAT)
    board.add(*COAT, 60, 40)
    assert likely.at(network, photograph, look, *COAT) == before
    board.add(COAT[0], COAT[1] + 0.2, 60, 40)
    assert likely.at(network, photograph, look, *COAT)[0].a > before[0].a + 4


def test_places_that_cannot_be_are_refused(network: Network, photograph: Frame) -> None:
    likely, look = LikelyColours(HintBoard()), look_at(photograph, network)
    for x, y in ((-0.1, 0.5), (0.5, 1.1), (float("nan"), 0.5)):
        with pytest.raises(ConfigurationError):
            likely.at(network, photograph, look, x, y)


def test_many_may_ask_at_once_while_the_network_works(network: Network, photograph: Frame) -> None:
    likely, look = LikelyColours(HintBoard()), look_at(photograph, network)
    stop, light = threading.Event(), np.full(network.size, 50, np.float32)
    expected = network.predict(light).ab

    def colour() -> bool:
        same = True
        while not stop.is_set():
            same &= np.array_equal(network.predict(light).ab, expected)
        return same

    with ThreadPoolExecutor(7) as pool:
        working = pool.submit(colour)
        asked = [pool.submit(likely.at, network, photograph, look, *SKY) for _ in range(6)]
        answers = [each.result(30) for each in asked]
        stop.set()
        assert working.result(30)
    assert len(set(answers)) == 1


def test_a_network_with_bins_of_its_own_is_asked_itself() -> None:
    with Network.load(DATA / "tiny-int8.tflite") as network:
        frame = frame_of(np.full((64, 64), 128))
        assert len(LikelyColours(HintBoard()).at(network, frame, look_at(frame, network), 0.5, 0.5)) >= 2


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The bundled network, to be spoiled."""
    for path in bundled("models").glob("compact*"):
        if path.suffix in {".json", ".tflite"}:
            shutil.copy(path, tmp_path)
    return tmp_path


def ask(folder: Path) -> tuple[Likely, ...]:
    with Network.load(folder / "compact.tflite") as network:
        frame = frame_of(np.full((64, 64), 128))
        look = Look(np.full(network.size, 128, np.uint8), Window(0, 0, 64, 64), cut=False)
        return LikelyColours(HintBoard()).at(network, frame, look, 0.5, 0.5)


def test_without_one_beside_it_nothing_is_offered(copied: Path) -> None:
    manifest = copied / "compact.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"likely": None}))
    assert ask(copied) == ()


def test_one_that_is_gone_damaged_or_of_another_network_is_a_clear_line(copied: Path) -> None:
    assert ask(copied)
    manifest = copied / "compact.json"
    facts = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(facts | {"likely": facts["likely"] | {"sha256": "0" * 64}}))
    with pytest.raises(
        NetworkFileError, match=r"compact-likely\.tflite: is not the one that compact\.json means"
    ):
        ask(copied)
    manifest.write_text(json.dumps(facts))
    with (copied / "compact-likely.tflite").open("ab") as file:
        file.write(b"more")
    with pytest.raises(NetworkFileError, match="sha256"):
        ask(copied)
    (copied / "compact-likely.tflite").unlink()
    with pytest.raises(NetworkFileError, match="no such file"):
        ask(copied)
