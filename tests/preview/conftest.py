"""The page as it is served, and a real browser to look at it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browsers import chromium
from previewed import KnownDesk

from device.config import PreviewSettings
from device.preview import PreviewServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[KnownDesk]:
    with KnownDesk(tmp_path / "hints.json") as known:
        yield known


@pytest.fixture
def server(desk: KnownDesk, tmp_path: Path) -> Iterator[PreviewServer]:
    """For this machine only."""
    with PreviewServer(desk, PreviewSettings(port=0), tmp_path) as serving:
        yield serving


@pytest.fixture
def lan(desk: KnownDesk, tmp_path: Path) -> Iterator[PreviewServer]:
    """For the network, with a token."""
    with PreviewServer(desk, PreviewSettings(port=0, lan=True), tmp_path) as serving:
        yield serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each module."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window; what its scripts complain of is a failure."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield opened
    context.close()
    assert complaints == []
