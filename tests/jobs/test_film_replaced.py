"""A source that becomes another while it is worked on: no film is made of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from films import make_film, panned
from PIL import Image
from redoing import coloured, config, other

from device.errors import MissingInput, SourceChanged
from device.jobs import film_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def while_it_works(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once all frames are coloured, before the film is made of them."""
    work = film_child.run_pipeline

    def run(*arguments: Any, **how: Any) -> object:
        summary = work(*arguments, **how)
        happens()
        return summary

    monkeypatch.setattr(film_child, "run_pipeline", run)


def test_a_film_that_is_replaced_or_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, new, out = tmp_path / "in.mkv", tmp_path / "new.mkv", tmp_path / "out.mkv"
    make_film(source, size=(96, 64), count=12)
    make_film(new, size=(96, 64), count=13)
    out.write_bytes(b"an older film")
    while_it_works(monkeypatch, lambda: new.replace(source))
    with pytest.raises(SourceChanged, match="changed while it was worked on"):
        coloured(source, out, config())
    monkeypatch.undo()
    while_it_works(monkeypatch, source.unlink)
    with pytest.raises(MissingInput):
        coloured(source, out, config())
    assert out.read_bytes() == b"an older film"


def test_a_folder_of_pictures_that_changes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = tmp_path / "scans", tmp_path / "out.mkv"
    settings = other(config(), batch={"rate": 12.5})
    folder.mkdir()
    for number, luma in enumerate(panned(12, (96, 64))):
        Image.fromarray(luma).save(folder / f"{number:03d}.png")

    def later() -> None:
        Image.new("L", (96, 64)).save(folder / "005.png")

    while_it_works(monkeypatch, later)
    with pytest.raises(SourceChanged, match="changed while it was worked on"):
        coloured(folder, out, settings)
    assert not out.exists()
    monkeypatch.undo()
    assert coloured(folder, out, settings).frames == 12
