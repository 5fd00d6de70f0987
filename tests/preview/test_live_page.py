"""The page of a real live job: the command as its user starts it, its network, and a browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from seen import SEEN, pixels, until, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page


@contextmanager
def live(state: Path, *arguments: str) -> Iterator[str]:
    """The address that ``tintcast live pattern`` prints; it ends in good order."""
    command = [
        sys.executable,
        "-m",
        "device.cli",
        "live",
        "pattern",
        "--size",
        "320x240",
        "--rate",
        "10",
        "--port",
        "0",
    ]
    with subprocess.Popen(
        [*command, *arguments],
        env={**os.environ, "XDG_STATE_HOME": str(state), "STATE_DIRECTORY": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout
            lines = iter(process.stdout.readline, "")
            yield next(match.group() for line in lines if (match := re.search(r"http://\S+", line)))
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    assert process.returncode in {0, 130}


def centre(page: Page) -> np.ndarray:
    """The mean colour around the middle of the picture."""
    picture = pixels(page)
    height, width = picture.shape[:2]
    return picture[height * 4 // 10 : height * 6 // 10, width * 4 // 10 : width * 6 // 10].mean((0, 1))


def test_a_colour_that_is_placed_acts_soon_and_survives_a_restart(page: Page, tmp_path: Path) -> None:
    with live(tmp_path) as address:
        page.goto(address)
        wait(page, SEEN)
        wait(page, "document.querySelector('#figure-network dd').textContent.includes('ms')")
        box = page.locator("#frame").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.locator(".swatch:not(.empty)").first.wait_for()
        before = centre(page)
        page.locator("#own").fill("#1030ff")
        page.get_by_role("button", name="Use it").click()
        assert until(lambda: _blueness(centre(page)) > _blueness(before) + 10)
    with live(tmp_path) as address:
        page.goto(address)
        wait(page, SEEN)
        wait(page, "document.querySelectorAll('.dot').length === 1")
        page.get_by_role("button", name="Take back").click()
        wait(page, "document.querySelectorAll('.dot').length === 0")
        page.goto("about:blank")


def test_colour_off_is_grey_and_the_camera_goes_off_and_on(page: Page, tmp_path: Path) -> None:
    with live(tmp_path) as address:
        page.goto(address)
        wait(page, SEEN)
        page.get_by_label("Off", exact=True).check(force=True)
        assert until(lambda: bool(np.ptp(pixels(page)[40:-40, 80:-80], axis=2).mean() < 3))
        page.get_by_role("switch", name="Camera").click()
        page.get_by_text("The camera is off").wait_for()
        page.get_by_role("button", name="Turn it on").click()
        wait(page, SEEN)
        page.goto("about:blank")


def _blueness(colour: np.ndarray) -> float:
    return float(colour[2] - colour[:2].mean())
