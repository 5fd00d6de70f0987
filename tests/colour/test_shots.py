from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from device.colour.shots import CutDetector

TESTS = Path(__file__).parent.parent
CAMPAIGN = TESTS / "campaigns" / "cuts.py"


def pan(still: str, start: tuple[float, float], end: tuple[float, float], frames: int) -> list[np.ndarray]:
    """A square window, half the still's height, that moves over it; limited-range luma with grain."""
    grey = cv2.imread(str(TESTS / "media" / "stills" / f"{still}.jpg"), cv2.IMREAD_GRAYSCALE)
    side = grey.shape[0] / 2
    room = np.array([grey.shape[1] - side, grey.shape[0] - side])
    rng = np.random.default_rng(7)
    film = []
    for part in np.linspace(0, 1, frames):
        x, y = room * (np.array(start) * (1 - part) + np.array(end) * part)
        window = cv2.warpAffine(
            grey,
            np.array([[side / 160, 0, x], [0, side / 160, y]]),
            (160, 160),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
        noisy = window * (219 / 255) + 16 + rng.normal(0, 3, window.shape)
        film.append(np.clip(noisy, 16, 235).astype(np.uint8))
    return film


@pytest.fixture(scope="module")
def cat() -> list[np.ndarray]:
    return pan("cat", (0.1, 0.2), (0.6, 0.5), 30)


@pytest.fixture(scope="module")
def man() -> list[np.ndarray]:
    return pan("photographer", (0.2, 0.1), (0.7, 0.3), 30)


def cuts(film: list[np.ndarray]) -> list[int]:
    detector = CutDetector()
    return [index for index, luma in enumerate(film) if detector.update(luma)]


def test_a_shot_begins_at_the_first_frame_and_at_the_cut(
    cat: list[np.ndarray], man: list[np.ndarray]
) -> None:
    assert cuts(cat + man) == [0, 30]


def test_going_back_to_an_earlier_shot_is_a_cut(cat: list[np.ndarray], man: list[np.ndarray]) -> None:
    assert cuts(cat[:15] + man[:15] + cat[15:]) == [0, 15, 30]


def test_a_whip_pan_is_no_cut() -> None:
    assert cuts(pan("photographer", (0, 0), (1, 1), 9)) == [0]


def test_flicker_of_old_film_is_no_cut(cat: list[np.ndarray]) -> None:
    gains = np.random.default_rng(3).uniform(0.5, 1.4, len(cat))
    flickering = [
        np.clip((luma - 16.0) * gain + 16, 16, 235).astype(np.uint8)
        for luma, gain in zip(cat, gains, strict=True)
    ]
    assert cuts(flickering) == [0]


@pytest.mark.parametrize("level", [60, 120, 170])
def test_grain_over_an_empty_sky_is_no_cut(level: int) -> None:
    rng = np.random.default_rng(4)
    slope = np.linspace(level, level + 8, 224)[:, None]
    sky = [np.clip(slope + rng.normal(0, 8, (224, 224)), 16, 235).astype(np.uint8) for _ in range(40)]
    assert cuts(sky) == [0]


def test_a_cut_to_an_empty_sky_is_found_at_once(cat: list[np.ndarray]) -> None:
    sky = [np.full_like(cat[0], 165)] * 10
    assert cuts(cat[:10] + sky + cat[10:20]) == [0, 10, 20]


def test_a_jump_in_the_gate_is_no_cut(cat: list[np.ndarray]) -> None:
    jumped = [np.roll(luma, 40, axis=0) if index == 12 else luma for index, luma in enumerate(cat)]
    assert cuts(jumped) == [0]


@pytest.mark.parametrize("level", [16, 235])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_flashes_and_black_frames_are_no_cuts(cat: list[np.ndarray], level: int, length: int) -> None:
    plain = [np.full_like(cat[0], level)] * length
    assert cuts(cat[:10] + plain + cat[10:]) == [0]


def test_a_half_burnt_out_flash_is_no_cut(cat: list[np.ndarray]) -> None:
    burning = cat[10].copy()
    cv2.circle(burning, (70, 80), 60, 235, -1)
    assert cuts([*cat[:10], burning, *cat[11:]]) == [0]


@pytest.mark.parametrize("level", [16, 235])
def test_a_cut_through_black_or_white_is_found_where_the_new_shot_shows(
    cat: list[np.ndarray], man: list[np.ndarray], level: int
) -> None:
    assert cuts(cat[:20] + [np.full_like(cat[0], level)] * 3 + man[:20]) == [0, 23]


def test_a_title_that_stays_white_is_a_shot(cat: list[np.ndarray]) -> None:
    white = [np.full_like(cat[0], 230)] * 20
    assert cuts(cat[:10] + white) == [0, 16]


def test_a_fade_in_belongs_to_the_shot_that_it_opens(cat: list[np.ndarray]) -> None:
    fade = [
        (16 + (luma - 16.0) * part).astype(np.uint8)
        for luma, part in zip(cat, np.linspace(0, 1, 30), strict=True)
    ]
    assert cuts(fade) == [0]


def test_cuts_between_letterboxed_shots_are_found(cat: list[np.ndarray], man: list[np.ndarray]) -> None:
    boxed = []
    for luma in cat + man:
        box = np.full_like(luma, 16)
        box[24:-24] = cv2.resize(luma, (160, 112), interpolation=cv2.INTER_AREA)
        boxed.append(box)
    assert cuts(boxed) == [0, 30]


def test_ten_bits_decide_as_eight(cat: list[np.ndarray], man: list[np.ndarray]) -> None:
    film = cat[-8:] + man[:8]
    detector = CutDetector(depth=10)
    found = [index for index, luma in enumerate(film) if detector.update(luma.astype(np.uint16) << 2)]
    assert found == [0, 8]


@pytest.mark.parametrize("at", [1, 9, 11, 14, 22])
def test_a_restored_detector_goes_on_as_if_it_had_never_stopped(
    cat: list[np.ndarray], man: list[np.ndarray], at: int
) -> None:
    film = cat[:10] + [np.full_like(cat[0], 235)] * 2 + cat[10:18] + man[:8] + cat[18:24]
    whole = CutDetector()
    expected = [whole.update(luma) for luma in film]
    first = CutDetector()
    found = [first.update(luma) for luma in film[:at]]
    second = CutDetector()
    second.restore(json.loads(json.dumps(first.state())))
    found += [second.update(luma) for luma in film[at:]]
    assert found == expected
    assert second.state() == whole.state()


def test_the_demo_film_has_five_shots() -> None:
    with av.open(str(TESTS / "media" / "demo.mp4")) as container:
        film = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert cuts([cv2.resize(luma, (224, 224), interpolation=cv2.INTER_AREA) for luma in film]) == [
        0,
        42,
        78,
        126,
        162,
    ]


def run_campaign(*arguments: str) -> tuple[int, float, float, str]:
    done = subprocess.run(
        [sys.executable, str(CAMPAIGN), *arguments], capture_output=True, text=True, timeout=110, check=False
    )
    verdict = re.search(r"([\d.]+)% of \d+ cuts found, ([\d.]+) false", done.stdout)
    assert verdict, done.stdout + done.stderr
    return done.returncode, float(verdict[1]), float(verdict[2]), done.stdout


def test_the_campaign_on_our_own_films() -> None:
    code, found, false, table = run_campaign("--joins", "10", "--plain")
    assert code == 0, table
    assert found >= 99
    assert false <= 1


def test_the_campaign_on_real_films(shared: Path, tmp_path: Path) -> None:
    """On those with cuts of their own, fast motion, hands, fire, dirt and jumps."""
    for name in ("abomb_blast_effects_bw", "basketball", "bikes", "chaplin_bw", "fire2", "oldfilm_house_bw"):
        (tmp_path / f"{name}.mp4").symlink_to(shared / "data" / "videos" / f"{name}.mp4")
    code, found, false, table = run_campaign("--films", str(tmp_path), "--joins", "20", "--plain")
    assert code == 0, table
    assert found >= 99
    assert false <= 1
