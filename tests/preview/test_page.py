"""The page in a real browser: what is seen, and what its controls do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from previewed import QUARTERS, KnownDesk, quarters
from seen import RATIO, SEEN, centres, pixels, see, until, wait

from device.config import PreviewSettings
from device.media.facts import read_facts
from device.preview import PreviewServer

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

LUMA = (0.299, 0.587, 0.114)
MARKED = """
    [document.activeElement, ...document.querySelectorAll(".grip, label:has(:focus-visible)")]
        .some((each) => getComputedStyle(each).outlineStyle === "solid")
"""


def test_pixels_of_a_known_pattern_arrive_in_colour(page: Page, server: PreviewServer) -> None:
    see(page, server)
    assert np.abs(centres(pixels(page)) - QUARTERS).max() <= 6


def test_before_is_the_luma_of_the_same_stream(page: Page, server: PreviewServer) -> None:
    see(page, server)
    page.focus("#divider")
    page.keyboard.press("End")
    assert page.get_attribute("#divider", "aria-valuenow") == "100"
    seen = centres(pixels(page))
    assert np.abs(seen - np.array(QUARTERS) @ np.array(LUMA)[:, None]).max() <= 6
    assert server.viewers == 1


def test_the_slider_moves_by_keys_and_by_hand(page: Page, server: PreviewServer) -> None:
    see(page, server)
    value = page.locator("#divider")
    page.click("#compare")
    assert value.get_attribute("aria-valuenow") == "50"
    page.focus("#divider")
    for key, now in (
        ("ArrowRight", "51"),
        ("PageDown", "41"),
        ("ArrowLeft", "40"),
        ("Home", "0"),
        ("PageUp", "10"),
    ):
        page.keyboard.press(key)
        assert value.get_attribute("aria-valuenow") == now
    frame, grip = page.locator("#frame").bounding_box(), page.locator(".grip").bounding_box()
    assert frame
    assert grip
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.6, frame["y"] + 40, steps=5)
    page.mouse.up()
    assert int(value.get_attribute("aria-valuenow") or 0) == pytest.approx(60, abs=5)
    seen = centres(pixels(page))
    grey = np.ptp(seen, axis=1)
    assert grey[0] <= 3  # left of the line
    assert grey[1] > 60  # right of it
    assert page.locator("#chooser").is_hidden()
    page.click("#compare")
    assert value.get_attribute("aria-valuenow") == "0"


def test_switches_act(page: Page, server: PreviewServer, desk: KnownDesk) -> None:
    see(page, server)
    page.get_by_label("Off", exact=True).check(force=True)
    assert until(lambda: desk.switches.value("colour") == "never")
    page.wait_for_timeout(600)
    assert np.ptp(centres(pixels(page)), axis=1).max() <= 3
    page.get_by_label("Network").select_option("zhang16")
    page.get_by_label("Frame rate").select_option("10")
    page.get_by_label("Saturation").fill("1.5")
    page.get_by_label("Quality").fill("60")
    assert until(lambda: desk.switches.value("quality") == 60)
    assert until(
        lambda: (
            [desk.switches.value(name) for name in ("network", "rate", "saturation")] == ["zhang16", 10, 1.5]
        )
    )


def test_what_others_set_is_shown(page: Page, server: PreviewServer, desk: KnownDesk) -> None:
    see(page, server)
    desk.switches.set("colour", "always", by="MQTT")
    desk.switches.set("saturation", 2, by="MQTT")
    desk.switches.set("rate", 17, by="MQTT")
    wait(page, "document.querySelector('#set-saturation').value === '2'")
    assert page.get_by_label("On", exact=True).is_checked()
    assert page.get_by_label("Frame rate").input_value() == "17"


def test_the_camera_goes_off_and_on(page: Page, server: PreviewServer, desk: KnownDesk) -> None:
    see(page, server)
    page.get_by_role("switch", name="Camera").click()
    page.get_by_text("The camera is off").wait_for()
    assert desk.switches.value("live") is False
    page.get_by_role("button", name="Turn it on").click()
    wait(page, SEEN)
    assert desk.switches.value("live") is True


def test_everything_is_reached_by_keys_with_the_focus_in_sight(
    page: Page, server: PreviewServer, desk: KnownDesk
) -> None:
    see(page, server)
    reached, marked = [], True
    for _ in range(11):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.value"))
        marked &= page.evaluate(MARKED)
    assert reached[:5] == ["target", "divider", "compare", "snapshot", "fullscreen"]
    assert {"auto", "set-saturation", "set-network", "set-quality", "set-rate", "set-live"} <= set(reached)
    assert marked
    page.focus("#set-colour :checked")
    page.keyboard.press("ArrowRight")
    assert until(lambda: desk.switches.value("colour") == "always")


def test_every_control_has_a_name(page: Page, server: PreviewServer) -> None:
    see(page, server)
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [tabindex]")]
            .filter((each) => each.checkVisibility())
            .filter((each) => !(each.labels?.length || each.ariaLabel || each.textContent.trim()))
            .map((each) => each.outerHTML)"""
    )
    assert unnamed == []


def test_figures_and_state_are_shown(page: Page, server: PreviewServer, desk: KnownDesk) -> None:
    see(page, server)
    for name, shown in (
        ("fps", "30.0 fps"),
        ("network", "11 ms"),
        ("age", "14 ms"),
        ("drops", "3"),
        ("temperature", "52 °C"),
    ):
        row = page.locator(f"#figure-{name} dd")
        assert row.inner_text().split() == shown.split()
    wait(page, "document.querySelector('#figure-viewers dd').textContent === '1'")
    assert page.locator("#state").inner_text() == "Live"
    desk.told = {"own_colour": True, "throttled": ["under-voltage"], "temperature_c": None}
    page.get_by_text("Live: its own colour passes").wait_for()
    page.get_by_text("under-voltage").wait_for()
    assert page.locator("#figure-temperature dd").inner_text().startswith("\u2013")
    desk.told = {"state": "resting"}
    page.locator("#state", has_text="Resting").wait_for()
    desk.told = {"state": "waiting for camera: imx219: unplugged"}
    page.get_by_text("imx219: unplugged. It comes back by itself.").wait_for()


def test_a_snapshot_is_saved(page: Page, server: PreviewServer) -> None:
    see(page, server)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Snapshot").click()
    download = waiting.value
    assert download.suggested_filename.startswith("tintcast-")
    assert read_facts(download.path().read_bytes()).width == 640


def test_full_screen_and_back(page: Page, server: PreviewServer) -> None:
    see(page, server)
    button = page.get_by_role("button", name="Full screen")
    button.click()
    wait(page, "document.fullscreenElement?.id === 'stage'")
    assert button.get_attribute("aria-pressed") == "true"
    assert np.abs(centres(pixels(page)) - QUARTERS).max() <= 6
    button.click()
    wait(page, "document.fullscreenElement === null")


def test_a_telephone_shows_all_without_scrolling_sideways(browser: Browser, server: PreviewServer) -> None:
    for width, height in ((390, 844), (320, 568), (844, 390)):
        context = browser.new_context(
            viewport={"width": width, "height": height}, is_mobile=True, has_touch=True, device_scale_factor=2
        )
        page = context.new_page()
        see(page, server)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        small = page.evaluate(
            """() => [...document.querySelectorAll("button, select, .segments label")]
                .filter((each) => each.offsetParent && each.getBoundingClientRect().height < 38)
                .map((each) => each.outerHTML)"""
        )
        assert small == []
        context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_dark_and_light_can_both_be_read(browser: Browser, server: PreviewServer, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 800})  # type: ignore[arg-type]
    page = context.new_page()
    see(page, server)
    ground = pixels(page, "body")[-1, 2].mean()
    text = page.evaluate("getComputedStyle(document.body).color.match(/\\d+/g).map(Number)")
    assert (ground > 200) == (scheme == "light")
    assert abs(float(np.mean(text)) - ground) > 150
    context.close()


def test_nothing_moves_while_the_page_fills(page: Page, server: PreviewServer) -> None:
    page.add_init_script(
        """window.moved = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.moved += entry.value)))
            .observe({ type: "layout-shift", buffered: true });"""
    )
    see(page, server)
    page.wait_for_timeout(1500)
    page.reload()
    wait(page, SEEN)
    page.wait_for_timeout(1500)
    assert page.evaluate("window.moved") < 0.1


def test_a_picture_that_changes_its_shape_is_shown_whole(browser: Browser, tmp_path: Path) -> None:
    with (
        KnownDesk(rgb=quarters(360, 640)) as desk,
        PreviewServer(desk, PreviewSettings(port=0), tmp_path) as server,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        see(page, server)
        assert page.evaluate(RATIO) == pytest.approx(360 / 640, rel=0.02)
        desk.rgb = quarters(640, 360)
        wait(page, f"{RATIO} > 1.7")
        assert np.abs(centres(pixels(page)) - QUARTERS).max() <= 6
        page.close()
