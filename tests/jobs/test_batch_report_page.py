"""A night's page in a real browser: it loads nothing, runs nothing of anybody else's, and fits a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browsers import chromium
from nights import jpeg, lay_film, record

from device.config import load_config
from device.jobs.batch.naming import shell_word
from device.jobs.batch.records import Outcome
from device.jobs.batch.report import Report
from device.jobs.batch.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

EVIL = "</script><img src=x onerror=alert(1)>'\"&.mp4"
LONG = "a-name-without-any-space-" * 8 + ".mp4"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night of a dozen films, some with names that would like to be more, and a failure."""
    folder = tmp_path_factory.mktemp("out")
    names = [EVIL, LONG, *(f"reel-{number}.mp4" for number in range(10))]
    for number, name in enumerate(names):
        lay_film(folder, name.replace("/", "-"), [jpeg(10 * number + shot) for shot in range(4)], own=(3,))
    records = [record(name.replace("/", "-")) for name in names]
    records.append(record(f"x{EVIL}", Outcome.FAILED, reason=EVIL))
    said: list[str] = []
    Report(folder.parent / "in", folder, load_config(), say=said.append).close(
        Status(state="finished", records=tuple(records)), records
    )
    assert said == []
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(params=["light", "dark"])
def page(out: Path, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=request.param)
    page = context.new_page()
    troubles: list[str] = []
    page.on("request", lambda each: troubles.append(each.url) if not _own(each.url) else None)
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    page.on("console", lambda line: troubles.append(line.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto((out / "report.html").as_uri())
    yield page
    context.close()
    assert troubles == []


def _own(url: str) -> bool:
    return url.startswith("data:") or url.endswith("/report.html")


def test_it_shows_everything_on_a_phone_without_scrolling_sideways(page: Page) -> None:
    assert page.locator("details.film").count() == 12
    page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".failures .name").inner_text() == f"x{EVIL}"
    assert page.locator(".shot img").count() == 48
    loaded = "(image) => { image.loading = 'eager'; return image.decode().then(() => image.naturalWidth) }"
    assert page.locator(".shot img").first.evaluate(loaded) > 100
    assert page.locator(".own").count() == 12


def test_a_film_is_found_by_its_name(page: Page) -> None:
    page.locator("#find").fill("REEL 7")
    assert page.locator("details.film:visible .name").all_inner_texts() == ["reel-7.mp4"]


def test_shots_are_shown_as_they_were(page: Page) -> None:
    page.locator("details.film").first.evaluate("(film) => { film.open = true }")
    page.locator("#grey").check()
    filters = (
        page.locator("details.film")
        .first.locator(".shot img")
        .evaluate_all("(images) => images.map((image) => getComputedStyle(image).filter)")
    )
    assert [each != "none" for each in filters] == [True, True, False, True]


def test_the_line_to_redo_a_shot_is_copied_whole(out: Path, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    film = page.locator("details.film", has_text="onerror")
    film.evaluate(
        "(each) => { for (const all of [each, ...each.querySelectorAll('details')]) all.open = true }"
    )
    film.locator("button.copy").nth(1).click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == f"tintcast redo {shell_word(out / EVIL.replace('/', '-'))} --shot 2"
