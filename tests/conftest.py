"""What every room's tests share: the material beside the checkout, where it is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from disks import can_mount
from hypothesis import settings

from device.media.scheduling import as_before

if TYPE_CHECKING:
    from collections.abc import Iterator

# An example that is slow on a busy machine is no failure; pytest-timeout ends what hangs. What a run tries
# follows from the tests alone, so that it judges a change and not the dice; "search" tries other examples.
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("TINTCAST_SHARED", ROOT.parent / "shared"))
LEFT_OUT = pytest.StashKey[dict[str, int]]()


@pytest.fixture(autouse=True)
def _ordinary() -> Iterator[None]:
    """Films of AV1 that a test makes by itself leave this process with real time, and all that it starts."""
    with as_before():
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of photographs and films beside the checkout; tests without it are left out, and counted."""
    return SHARED


@pytest.fixture(scope="session")
def demo_film() -> Path:
    """The demo's film: grey, 192 frames at 24 a second, with sound."""
    return ROOT / "tests" / "media" / "demo.mp4"


@pytest.fixture(scope="session")
def films(shared: Path) -> list[Path]:
    """Real films, by name."""
    found = sorted(p for p in (shared / "data" / "videos").iterdir() if p.suffix in {".mp4", ".mov", ".mkv"})
    assert found, f"{shared} holds no films"
    return found


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what can't be had here: the same rooms are tested on films of our own, and without disks."""
    wanting = {
        f"on real photographs and films are left out: no {SHARED} (or TINTCAST_SHARED)": []
        if SHARED.is_dir()
        else [item for item in items if "shared" in getattr(item, "fixturenames", ())],
        "on small disks are left out: mounting them takes root's rights": _wanting_disks(items),
    }
    config.stash[LEFT_OUT] = {why: len(left) for why, left in wanting.items()}
    left_out = [item for left in wanting.values() for item in left]
    if left_out:
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)


def _wanting_disks(items: list[pytest.Item]) -> list[pytest.Item]:
    wanting = [item for item in items if item.get_closest_marker("mounts")]
    return [] if not wanting or can_mount() else wanting


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out, so that a green run without it is not taken for a whole one."""
    for why, count in config.stash.get(LEFT_OUT, {}).items():
        if count:
            terminalreporter.write_line(f"{count} tests {why}")
