"""What is seen of the page in a real browser."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from playwright.sync_api import Error

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from playwright.sync_api import Page

    from device.preview import PreviewServer

SEEN = 'document.getElementById("picture").naturalWidth > 0 && document.getElementById("notice").hidden'
RATIO = "(({ width, height }) => width / height)(document.getElementById('frame').getBoundingClientRect())"


def see(page: Page, server: PreviewServer) -> None:
    """Open the page and wait until it shows its picture."""
    page.goto(server.address)
    wait(page, SEEN)


def wait(page: Page, expression: str) -> None:
    """Until the page says so. Not by polling in the page: its policy forbids what that does."""

    def holds() -> bool:
        try:
            return bool(page.evaluate(expression))
        except Error:  # the page is on its way to another
            return False

    assert until(holds), expression


def pixels(page: Page, selector: str = "#frame") -> NDArray[np.int64]:
    """R'G'B' of what is seen of an element."""
    seen = Image.open(io.BytesIO(page.locator(selector).screenshot()))
    return np.asarray(seen.convert("RGB"), np.int64)


def centres(picture: NDArray[np.int64]) -> NDArray[np.int64]:
    """The colours in the middle of the four quarters."""
    height, width = picture.shape[:2]
    return np.array([picture[height * y // 8, width * x // 8] for y in (1, 7) for x in (3, 6)])


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()
