"""Colours that people place on a live picture: they act within a second, stay, and are offered."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from brokers import wait_until
from live import FakeCamera, Kept, Running, configured, load_tiny

from device.errors import ConfigurationError
from device.network import Network
from device.resources import bundled

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COAT = (0.2, 0.5)
STEADY = {"when": "always", "steadiness": 0.9}


def photograph() -> NDArray[np.uint8]:
    """A man in a dark coat on a lawn."""
    grey = cv2.imread(str(bundled("pattern.jpg")), cv2.IMREAD_GRAYSCALE)
    return np.asarray(cv2.resize(grey, (320, 240), interpolation=cv2.INTER_AREA), np.uint8)


def compact(_name: str) -> Network:
    return Network.load("compact", 1)


def camera() -> FakeCamera:
    still = photograph()
    return FakeCamera(lambda _: still, rate=15)


def redness(kept: Kept, number: int = -1) -> float:
    """Mean a of the coat in a frame, the newest."""
    ab = kept.frames[number].ab
    rows, columns = ab.shape[:2]
    middle = slice(int(0.45 * rows), int(0.55 * rows)), slice(int(0.15 * columns), int(0.25 * columns))
    return float(ab[middle][..., 0].mean())


def coloured(kept: Kept) -> bool:
    return bool(kept.frames) and bool(np.abs(kept.frames[-1].ab).max() > 1)


def test_a_hint_acts_at_once_though_colour_is_steady_and_over_a_restart(tmp_path: Path) -> None:
    """Steady colour would take 20 frames to get there."""
    kept = Kept()
    running = Running(camera, configured(colour=STEADY), load=compact, folder=tmp_path, sinks={"kept": kept})
    with running as run:
        wait_until(lambda: coloured(kept), 30)
        before, first = redness(kept), len(kept.frames)
        placed = run.desk.add_hint(*COAT, 60, 40)
        wait_until(lambda: redness(kept) > before + 10, 10)
        time.sleep(0.5)
        after = redness(kept)
        passed = [(redness(kept, n) - before) / (after - before) for n in range(first, len(kept.frames))]
        assert len([share for share in passed if 0.2 < share < 0.8]) <= 1
        run.desk.remove_hint(placed.id)
        wait_until(lambda: abs(redness(kept) - before) < 1, 10)
        run.desk.add_hint(*COAT, 60, 40)
    again = Kept()
    with Running(camera, configured(colour=STEADY), load=compact, folder=tmp_path, sinks={"kept": again}):
        wait_until(lambda: coloured(again) and redness(again) > before + 10, 30)


def test_likely_colours_are_those_of_the_picture_that_is_shown() -> None:
    kept = Kept()
    with Running(camera, configured(colour=STEADY), load=compact, sinks={"kept": kept}) as run:
        wait_until(lambda: coloured(kept), 30)
        sky, coat = run.desk.likely(0.25, 0.1), run.desk.likely(*COAT)
        with pytest.raises(ConfigurationError):
            run.desk.likely(2, 0.5)
    assert sky[0].b < -8  # blue
    assert len({round(each.b / 10) for each in coat}) > 2


def test_a_network_that_takes_none_says_so_and_forgets_none(tmp_path: Path) -> None:
    memory = tmp_path / "hints.json"
    hint = {"id": "a", "x": 0.5, "y": 0.5, "a": 10, "b": 10}
    memory.write_text(json.dumps({"format": 1, "hints": [hint]}))
    kept = Kept()
    with Running(
        camera, configured(colour=STEADY), load=load_tiny, folder=tmp_path, sinks={"kept": kept}
    ) as run:
        wait_until(lambda: coloured(kept), 30)
        with pytest.raises(ConfigurationError, match="this network takes no hints"):
            run.desk.add_hint(0.2, 0.2, 10, 10)
        assert [each.id for each in run.desk.hints()] == ["a"]
    assert run.error is None


def test_what_is_configured_in_vain_ends_it_with_a_line() -> None:
    wished: dict[str, Any] = {"points": ("1,1,#ff0000",)}
    with pytest.raises(ConfigurationError, match="this network takes no hints"):
        Running(camera, configured(hints=wished), load=load_tiny)


def test_a_damaged_memory_is_told_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_bytes(b"{broken")
    with Running(camera, configured(colour=STEADY), load=compact, folder=tmp_path) as run:
        assert run.desk.hints() == ()
        assert any("hints.json.broken" in line for line in run.said)
