"""The page by its name in a local network, and links to it: browsers tell it nothing of sites."""

from __future__ import annotations

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from web import token_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from device.preview import PreviewServer


class _Links(BaseHTTPRequestHandler):
    """A site with one link: to what its own address names behind a ?."""

    def do_GET(self) -> None:
        body = f'<!doctype html><a href="{self.path.partition("?")[2]}">look</a>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Links) as site:
        thread = threading.Thread(target=site.serve_forever, daemon=True)
        thread.start()
        yield f"http://elsewhere.example:{site.server_port}/"
        site.shutdown()
        thread.join(10)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody to whom every name leads to this machine."""
    path = shutil.which("chromium")
    args = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * 127.0.0.1"]
    opened = browser.browser_type.launch(executable_path=path, args=args)
    yield opened.new_context()
    opened.close()


def follow(page: Page, elsewhere: str, link: str) -> None:
    page.goto(f"{elsewhere}?{link}")
    page.get_by_text("look").click()


def test_links_of_other_sites_lead_in(lan: PreviewServer, visitor: BrowserContext, elsewhere: str) -> None:
    page = visitor.new_page()
    ours = f"http://camera.lan:{lan.port}/"
    asked = []
    page.on("request", lambda request: asked.append(request.all_headers()))
    follow(page, elsewhere, ours)
    page.get_by_label("Token").wait_for()
    assert not any("sec-fetch-site" in headers for headers in asked)
    follow(page, elsewhere, f"{ours}?token={token_of(lan)}")
    page.locator("#compare").wait_for()
    assert page.url == ours
    follow(page, elsewhere, ours)
    page.locator("#compare").wait_for()
    assert page.url == ours


def test_the_token_typed_leads_in(lan: PreviewServer, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto(f"http://camera.lan:{lan.port}/")
    page.get_by_label("Token").fill(token_of(lan))
    page.get_by_text("Open", exact=True).click()
    page.locator("#compare").wait_for()
    assert page.url == f"http://camera.lan:{lan.port}/"
