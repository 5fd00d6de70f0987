"""The page when things go wrong: connections that end, too many viewers, a token that is missing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
from previewed import QUARTERS, KnownDesk
from seen import SEEN, centres, pixels, see, until, wait
from web import Stream

from device.config import PreviewSettings
from device.preview import PreviewServer

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

#: R, G, B in the middle of the picture's quarters, as the page itself reads it.
CENTRES = """
    (() => {
        const image = document.getElementById("picture");
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        const at = (x, y) =>
            [...context.getImageData(canvas.width * x, canvas.height * y, 1, 1).data].slice(0, 3);
        return [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)];
    })()
"""


def test_the_page_says_that_the_connection_is_lost_and_comes_back_by_itself(
    page: Page, desk: KnownDesk, tmp_path: Path
) -> None:
    first = PreviewServer(desk, PreviewSettings(port=0), tmp_path)
    first.start()
    see(page, first)
    first.close()
    page.get_by_text("Trying again until the board answers.").wait_for()
    desk.switches.set("colour", "always", by="test")
    with PreviewServer(desk, PreviewSettings(port=first.port), tmp_path) as second:
        wait(page, SEEN)
        assert until(lambda: second.viewers == 1)
        wait(page, "document.querySelector('#set-colour :checked').value === 'always'")
        assert np.abs(centres(pixels(page)) - QUARTERS).max() <= 6
        page.goto("about:blank")


def test_a_stream_that_ended_alone_is_asked_for_again(page: Page, desk: KnownDesk, tmp_path: Path) -> None:
    with PreviewServer(desk, PreviewSettings(port=0), tmp_path) as server:
        see(page, server)
        viewers = server._viewers
        assert viewers is not None
        for viewer in list(viewers._present):
            assert viewer.task is not None
            server._loop.call_soon_threadsafe(viewer.task.cancel)  # type: ignore[union-attr]
        assert until(lambda: server.viewers == 0)
        assert until(lambda: server.viewers == 1)
        page.goto("about:blank")


def test_a_page_that_closes_lets_go_of_its_stream(page: Page, server: PreviewServer) -> None:
    see(page, server)
    assert until(lambda: server.viewers == 1)
    page.goto("about:blank")
    assert until(lambda: server.viewers == 0)


def test_a_page_that_nobody_sees_lets_go_of_its_stream_until_it_is_seen(
    page: Page, server: PreviewServer
) -> None:
    page.clock.install()
    see(page, server)
    assert until(lambda: server.viewers == 1)
    turn = """(hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(turn, True)  # noqa: FBT003 - what the page is told
    page.clock.fast_forward(3000)
    assert server.viewers == 1
    page.clock.fast_forward(8000)
    assert until(lambda: server.viewers == 0)
    page.evaluate(turn, False)  # noqa: FBT003 - as above
    assert until(lambda: server.viewers == 1)
    wait(page, SEEN)


def test_another_width_is_asked_for_where_there_is_more_room(page: Page, server: PreviewServer) -> None:
    page.set_viewport_size({"width": 330, "height": 700})
    see(page, server)
    wait(page, "document.getElementById('picture').naturalWidth === 480")
    page.set_viewport_size({"width": 1400, "height": 1000})
    wait(page, "document.getElementById('picture').naturalWidth === 640")
    assert until(lambda: server.viewers == 1)


def test_ten_pages_look_at_once(browser: Browser, tmp_path: Path) -> None:
    with (
        KnownDesk(rate=4) as desk,
        PreviewServer(desk, PreviewSettings(port=0), tmp_path) as server,
        ExitStack() as contexts,
    ):
        pages = []
        for number in range(10):
            context = browser.new_context(viewport={"width": 330 + 30 * number, "height": 300})
            contexts.callback(context.close)
            pages.append(context.new_page())
            see(pages[-1], server)
        assert until(lambda: server.viewers == 10)
        for page in pages:
            assert np.abs(np.array(page.evaluate(CENTRES)) - QUARTERS).max() <= 8


def test_one_too_many_is_told_and_gets_in_when_there_is_room(
    page: Page, desk: KnownDesk, tmp_path: Path
) -> None:
    with PreviewServer(desk, PreviewSettings(port=0, viewers=1), tmp_path) as server:
        with Stream(server.port) as stream:
            next(stream.parts())
            page.goto(server.address)
            page.get_by_text("1 look already").wait_for()
        wait(page, SEEN)
        page.goto("about:blank")


def test_the_whole_address_opens_the_page_and_leaves_no_token_behind(page: Page, lan: PreviewServer) -> None:
    token = lan.address.partition("token=")[2]
    here = f"http://127.0.0.1:{lan.port}/"
    page.goto(f"{here}?token={token}")
    wait(page, SEEN)
    assert page.url == here
    assert page.evaluate("document.cookie") == ""
    assert token not in page.content()
    page.goto(here)
    wait(page, SEEN)
    page.get_by_label("Off", exact=True).check(force=True)
    wait(page, "document.querySelector('#set-colour :checked').value === 'never'")


def test_the_page_that_asks_for_the_token_opens(browser: Browser, lan: PreviewServer) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{lan.port}/")
    page.get_by_label("Token").fill("not the token, I fear")
    page.get_by_role("button", name="Open").click()
    page.get_by_text("This is not the token.").wait_for()
    page.get_by_label("Token").fill(lan.address.partition("token=")[2])
    page.get_by_role("button", name="Open").click()
    wait(page, SEEN)
    assert page.url == f"http://127.0.0.1:{lan.port}/"
    context.close()


def test_a_link_from_elsewhere_opens_the_page_of_who_was_here_before(
    browser: Browser, lan: PreviewServer
) -> None:
    context = browser.new_context()
    page = context.new_page()
    here = f"http://127.0.0.1:{lan.port}/"
    page.goto(f"{here}?token={lan.address.partition('token=')[2]}")
    wait(page, SEEN)
    page.route(
        "http://elsewhere.test/",
        lambda route: route.fulfill(content_type="text/html", body=f'<a href="{here}">camera</a>'),
    )
    page.goto("http://elsewhere.test/")
    page.get_by_role("link").click()
    wait(page, SEEN)
    context.close()
