from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.errors import UnreadableJpeg
from device.media import contact
from device.media.contact import BeforeAfter, contact_sheet, spread, write_contact_sheet

STILL = (Path(__file__).parent / "stills" / "coffee.jpg").read_bytes()


def pair(size: tuple[int, int] = (480, 640), note: str = "0:01") -> BeforeAfter:
    grey, red = np.full((*size, 3), 128, np.uint8), np.full((*size, 3), (200, 40, 30), np.uint8)
    return BeforeAfter.of_rgb(grey, red, note)


def shows(sheet: np.ndarray, colour: tuple[int, int, int]) -> tuple[slice, slice]:
    """The box of one colour."""
    rows, columns = np.nonzero((sheet == colour).all(axis=2))
    return slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)


def test_before_is_left_and_after_right() -> None:
    sheet = contact_sheet([pair()], title="film.mp4", detail="compact")
    grey, red = shows(sheet, (128, 128, 128)), shows(sheet, (200, 40, 30))
    assert grey[0] == red[0]
    assert grey[1].stop < red[1].start
    assert (grey[1].stop - grey[1].start, grey[0].stop - grey[0].start) == (420, 315)


def test_rows_of_two() -> None:
    one, two, three = (contact_sheet([pair()] * n, title="f", detail="") for n in (1, 2, 3))
    assert one.shape[0] == two.shape[0] < three.shape[0]
    assert one.shape[1] < two.shape[1] == three.shape[1]


def test_a_tinted_jpeg_is_its_own_before() -> None:
    found = BeforeAfter.of_jpeg(STILL)
    assert found.before.shape == found.after.shape == (280, 420, 3)
    assert (found.before == found.before[..., :1]).all(), "grey"
    luma = found.after.astype(float) @ (0.299, 0.587, 0.114)
    assert np.abs(luma - found.before[..., 0]).mean() < 1.5
    assert np.ptp(found.after.astype(int), axis=2).mean() > 30, "coloured"


def test_one_that_was_not_tinted_was_as_it_is() -> None:
    found = BeforeAfter.of_jpeg(STILL, own_colour=True)
    assert (found.before == found.after).all()


@pytest.mark.parametrize("jpeg", [b"", b"no picture", STILL[:2000]])
def test_a_jpeg_that_is_none(jpeg: bytes) -> None:
    with pytest.raises(UnreadableJpeg):
        BeforeAfter.of_jpeg(jpeg)


def test_pictures_of_other_shapes_keep_theirs() -> None:
    assert pair((640, 360)).before.shape == (420, 236, 3)
    wide = BeforeAfter.of_rgb(*[np.zeros((576, 720, 3), np.uint8)] * 2, pixel_aspect=Fraction(64, 45))
    assert wide.before.shape == (236, 420, 3)
    sheet = contact_sheet([pair(), pair((640, 360))], title="f", detail="")
    assert sheet.shape[0] > 420


def test_a_row_is_as_high_as_its_highest_picture() -> None:
    low, high = pair((200, 640)), pair((640, 360))
    together = contact_sheet([high, low, low, low], title="f", detail="")
    apart = contact_sheet([low, low, low, low], title="f", detail="")
    assert together.shape[0] == apart.shape[0] + high.before.shape[0] - low.before.shape[0]


TITLES = ["", "film.mp4", "a very long name " * 40, "Süß Ελλάδα 日本", "two\nlines\x1b[0m"]


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("fonts", [contact._SYSTEM_FONTS, ("no-such-font.ttf",)], ids=["system", "none"])
def test_any_title_stays_on_its_line(
    title: str, fonts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact, "_SYSTEM_FONTS", fonts)
    sheet = contact_sheet([pair()], title=title, detail="")
    ink = (sheet.astype(int).sum(axis=2) > 200)[:96]
    assert ink.any() == bool(title)
    assert not ink[:, :30].any()
    assert not ink[:, -30:].any()
    assert not ink[64:].any()


def test_spread_takes_evenly() -> None:
    assert spread(192) == [12, 36, 60, 84, 108, 132, 156, 180]
    assert spread(3) == [0, 1, 2]
    assert spread(0) == []
    with pytest.raises(ValueError, match="nothing"):
        contact_sheet([], title="f", detail="")


def test_it_is_written_as_png(tmp_path: Path) -> None:
    pairs = [pair()] * 2
    write_contact_sheet(tmp_path / "sheet.png", pairs, title="film.mp4", detail="compact")
    with Image.open(tmp_path / "sheet.png") as picture:
        assert picture.format == "PNG"
        assert np.array_equal(np.asarray(picture), contact_sheet(pairs, title="film.mp4", detail="compact"))
    assert len(list(tmp_path.iterdir())) == 1
