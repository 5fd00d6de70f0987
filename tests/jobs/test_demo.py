"""The demo, whole: every frame published is received, the film keeps its sound, the sheet shows colour."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from bars import colour_bars, encoded, write_film
from PIL import Image

from device.colour.measure import colourfulness
from device.config import load_config
from device.engine import Stop
from device.errors import UnreadableFilm
from device.frames import ColourSpace, Matrix
from device.jobs.demo import demo
from device.media.facts import read_facts

if TYPE_CHECKING:
    from pathlib import Path


def test_the_demo_leaves_film_frames_and_sheet(demo_film: Path, tmp_path: Path) -> None:
    out = tmp_path / "tintcast-demo"
    seen: list[int] = []
    done = demo(
        demo_film,
        out,
        load_config(),
        stop=Stop(),
        say=lambda _: None,
        progress=lambda now, _received: seen.append(now.done),
    )
    with av.open(str(demo_film)) as source:
        count = sum(1 for _ in source.decode(video=0))
    jpegs = sorted(done.frames_folder.glob("*.jpg"))
    assert len(jpegs) == done.film.frames == done.film.delivered == done.received.frames == count
    shown = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    assert shown == ["contact-sheet.png", "demo.mp4", "frames"]
    assert seen == sorted(seen)
    assert [read_facts(path.read_bytes()).sequence for path in jpegs] == list(range(count))

    with av.open(str(done.film_path)) as film, av.open(str(demo_film)) as source:
        assert [bytes(p) for p in film.demux(audio=0)] == [bytes(p) for p in source.demux(audio=0)]

    middle = np.asarray(Image.open(io.BytesIO(jpegs[count // 2].read_bytes())).convert("RGB"))
    assert colourfulness(middle) > 10
    with Image.open(done.sheet_path) as sheet:
        assert sheet.format == "PNG"
        assert sheet.width > 1000


def test_a_film_in_colour_is_shown_as_it_was(tmp_path: Path) -> None:
    film = tmp_path / "bars.mp4"
    planes = encoded(colour_bars(), ColourSpace(Matrix.BT709), 8)
    write_film(film, planes, "yuv420p", (1, 1, 1, 1), codec="libx264", count=30)
    out = tmp_path / "demo"
    done = demo(film, out, load_config(), stop=Stop(), say=lambda _: None, progress=lambda *_: None)
    assert done.film.passed == done.film.frames == 30
    assert all(read_facts(path.read_bytes()).own_colour for path in done.frames_folder.glob("*.jpg"))
    with Image.open(done.sheet_path) as sheet:
        shown = np.asarray(sheet.convert("RGB"))
    assert np.ptp(shown[:, : shown.shape[1] // 4].astype(int), axis=2).max() > 150, "before is in colour, too"


def test_a_film_that_fails_ends_the_receiver_too(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no film")
    out = tmp_path / "demo"
    with pytest.raises(UnreadableFilm):
        demo(broken, out, load_config(), stop=Stop(), say=lambda _: None, progress=lambda *_: None)
    assert list(out.iterdir()) == []
