"""Colours that people place on the page, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from previewed import QUARTERS, KnownDesk, quarters
from seen import centres, pixels, see, until, wait

from device.config import PreviewSettings
from device.preview import PreviewServer

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page


def click_at(page: Page, x: float, y: float) -> None:
    box = page.locator("#frame").bounding_box()
    assert box
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def dots(page: Page) -> list[list[float]]:
    """Where the dots are seen, as shares of the picture."""
    found: list[list[float]] = page.evaluate(
        """(() => {
            const box = document.getElementById("picture").getBoundingClientRect();
            return [...document.querySelectorAll(".dot")].map((dot) => {
                const { left, top, width, height } = dot.getBoundingClientRect();
                return [(left + width / 2 - box.left) / box.width, (top + height / 2 - box.top) / box.height];
            });
        })()"""
    )
    return found


def test_a_click_offers_likely_colours_and_one_is_placed_listed_and_taken_back(
    page: Page, server: PreviewServer, desk: KnownDesk
) -> None:
    see(page, server)
    click_at(page, 0.25, 0.7)
    page.get_by_role("dialog", name="What colour is this?").wait_for()
    page.get_by_role("button", name="#6b8f55, 25 % likely").click()
    assert until(lambda: len(desk.hints()) == 1)
    hint = desk.hints()[0]
    assert (hint.a, hint.b) == (-20, 25)
    assert (hint.x, hint.y) == pytest.approx((0.25, 0.7), abs=0.01)
    assert desk.asked[-1] == pytest.approx((0.25, 0.7), abs=0.01)
    wait(page, "document.querySelectorAll('.dot').length === 1")
    assert dots(page)[0] == pytest.approx((0.25, 0.7), abs=0.01)
    page.get_by_role("button", name="Take back colour 1, bottom left").click()
    wait(page, "document.querySelectorAll('.dot, .hint').length === 0")
    assert desk.hints() == ()
    assert page.get_by_text("None yet.").is_visible()


def test_any_other_colour_can_be_chosen(page: Page, server: PreviewServer, desk: KnownDesk) -> None:
    see(page, server)
    click_at(page, 0.5, 0.5)
    page.locator(".swatch").nth(3).wait_for()
    page.locator("#own").fill("#2040e0")
    page.get_by_role("button", name="Use it").click()
    assert until(lambda: len(desk.hints()) == 1)
    assert desk.hints()[0].b < -60


def test_hints_are_placed_by_keys_alone(page: Page, server: PreviewServer, desk: KnownDesk) -> None:
    see(page, server)
    page.focus("#target")
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp", "Enter"):
        page.keyboard.press(key)
    page.locator(".swatch").nth(3).wait_for()
    wait(page, "document.activeElement.classList.contains('swatch')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert until(lambda: len(desk.hints()) == 1)
    hint = desk.hints()[0]
    assert (hint.x, hint.y, hint.a) == pytest.approx((0.54, 0.4, -20))
    wait(page, "document.activeElement.id === 'target'")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert page.locator("#chooser").is_hidden()


def test_what_is_refused_is_told(page: Page, server: PreviewServer, desk: KnownDesk) -> None:
    for number in range(100):
        desk.add_hint(number % 10 / 10, number // 10 / 10, 0, 0)
    see(page, server)
    click_at(page, 0.55, 0.55)
    page.locator(".swatch").nth(1).click()
    page.get_by_text("there are 100 hints already").wait_for()


def test_places_are_right_in_full_screen_and_upright(browser: Browser, tmp_path: Path) -> None:
    with (
        KnownDesk(rgb=quarters(360, 640), rotation=90) as desk,
        PreviewServer(desk, PreviewSettings(port=0), tmp_path) as server,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        see(page, server)
        assert np.abs(centres(pixels(page)) - QUARTERS).max() <= 6
        page.get_by_role("button", name="Full screen").click()
        wait(page, "document.getElementById('frame').getBoundingClientRect().height === innerHeight")
        desk.add_hint(0.1, 0.9, 30, 30)
        click_at(page, 0.75, 0.25)
        page.locator(".swatch").nth(1).click()
        assert until(lambda: len(desk.hints()) == 2)
        assert (desk.hints()[1].x, desk.hints()[1].y) == pytest.approx((0.75, 0.25), abs=0.01)
        wait(page, "document.querySelectorAll('.dot').length === 2")
        assert dots(page)[0] == pytest.approx((0.1, 0.9), abs=0.01)
        page.close()


def test_a_tap_on_a_telephone_opens_the_choice_at_its_foot(
    browser: Browser, server: PreviewServer, desk: KnownDesk
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    see(page, server)
    box = page.locator("#frame").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + 0.75 * box["width"], box["y"] + 0.25 * box["height"])
    swatch = page.locator(".swatch").nth(2)
    swatch.wait_for()
    card = page.locator("#chooser").bounding_box()
    assert card
    assert (card["x"], card["width"], card["y"] + card["height"]) == (0, 390, 844)
    swatch.tap()
    assert until(lambda: len(desk.hints()) == 1)
    assert (desk.hints()[0].x, desk.hints()[0].y) == pytest.approx((0.75, 0.25), abs=0.02)
    context.close()
