from __future__ import annotations

from pathlib import Path

import pytest

from device import resources
from device.errors import TintcastError
from device.resources import bundled

ROOT = Path(__file__).parents[1]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed ``device``, empty."""
    folder = tmp_path / "site-packages" / "device"
    folder.mkdir(parents=True)
    monkeypatch.setattr(resources, "files", lambda _package: folder)
    return folder


def test_a_checkout_has_its_own_places() -> None:
    assert bundled("models") == ROOT / "models"
    assert bundled("demo.mp4") == ROOT / "tests" / "media" / "demo.mp4"


def test_an_installation_has_them_packed_in(installed: Path) -> None:
    packed = installed / "bundled" / "models" / "compact.tflite"
    packed.parent.mkdir(parents=True)
    packed.touch()
    assert bundled("models") == packed.parent
    assert bundled("models/compact.tflite") == packed


def test_packed_in_comes_first(installed: Path) -> None:
    for folder in (installed / "bundled" / "models", installed.parent / "models"):
        folder.mkdir(parents=True)
    assert bundled("models") == installed / "bundled" / "models"


def test_what_is_missing_is_named(installed: Path) -> None:
    assert installed.is_dir()
    with pytest.raises(TintcastError, match=r"models/compact\.tflite is missing in this installation"):
        bundled("models/compact.tflite")
