from __future__ import annotations

import errno
import json
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from exiftool import read_tags
from PIL import Image

from device.errors import InputError, SpaceError
from device.frames import JPEG_COLOUR, ColourSpace, Frame, TintedFrame, Window
from device.media.facts import read_facts
from device.media.made_by import DIGITAL_SOURCE_TYPE
from device.resources import version
from device.sinks.pictures import PictureSink, merged

if TYPE_CHECKING:
    from pathlib import Path

SKY, GRASS = (0.0, -24.0), (-16.0, 20.0)


def tinted(index: int = 0, *, rotation: int = 0, window: Window | None = None, depth: int = 8) -> TintedFrame:
    """A grey ramp: sky over grass in Lab."""
    ramp = np.tile(np.linspace(60, 190, 64), (48, 1)) * 2 ** (depth - 8)
    luma = ramp.astype(np.uint8 if depth == 8 else np.uint16)
    frame = Frame(luma, JPEG_COLOUR, index, index, Fraction(1, 24), depth=depth, rotation=rotation)
    ab = np.zeros((14, 14, 2), np.float32)
    ab[:7], ab[7:] = SKY, GRASS
    return TintedFrame(frame, luma[::3, ::3], ab, window=window)


def sink(folder: Path, kind: str) -> PictureSink:
    return PictureSink(folder, kind, network="compact", device="pi", job="film", quality=95)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_numbered_pictures_with_their_facts(tmp_path: Path, kind: str) -> None:
    with sink(tmp_path / "new" / "folder", kind) as pictures:
        for index in (0, 1, 12):
            pictures.write(tinted(index))
    written = sorted((tmp_path / "new" / "folder").iterdir())
    assert [path.stem for path in written] == ["000000", "000001", "000012"]
    for index, path in zip((0, 1, 12), written, strict=True):
        with Image.open(path) as picture:
            assert picture.size == (64, 48)
            comment = picture.info["comment" if kind == "jpeg" else "Comment"]
            facts = json.loads(comment)
            assert (facts["sequence"], facts["network"], facts["job"]) == (index, "compact", "film")
            sky, grass = (np.asarray(picture.convert("RGB")).astype(int)[row, 32] for row in (8, 40))
        assert sky[2] > sky[0] + 20, "sky is blue"
        assert grass[1] > grass[2] + 20, "grass is green"
    if kind == "jpeg":
        assert read_facts(written[2].read_bytes()).sequence == 12


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_where_the_colour_was_made_the_picture_says_so_and_only_there(tmp_path: Path, kind: str) -> None:
    made, own = tinted(0), tinted(1)
    plane = np.full((24, 32), 140, np.uint8)
    own = replace(own, frame=replace(own.frame, cb=plane, cr=plane), own_colour=True)
    with sink(tmp_path, kind) as pictures:
        pictures.write(made)
        pictures.write(own)
    first, second = (read_tags(path) for path in sorted(tmp_path.iterdir()))
    assert first["XMP-iptcExt:DigitalSourceType"] == DIGITAL_SOURCE_TYPE
    assert first["XMP-iptcExt:AISystemUsed"] == "tintcast, network compact"
    assert first["XMP-iptcExt:AISystemVersionUsed"] == version()
    assert not [tag for tag in second if tag.startswith("XMP")]
    for found in (first, second):
        assert json.loads(found["File:Comment" if kind == "jpeg" else "PNG:Comment"])["device"] == "pi"


def test_jpeg_and_png_show_the_same(tmp_path: Path) -> None:
    seen = {}
    for kind in ("jpeg", "png"):
        with sink(tmp_path, kind) as pictures:
            pictures.write(tinted(rotation=90))
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            assert picture.size == (48, 64)
            seen[path.suffix] = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(seen[".jpg"] - seen[".png"]).mean() < 5


def test_16_bits_and_limited_range_come_out_as_bright() -> None:
    plain = merged(tinted()).astype(int)
    assert np.abs(merged(tinted(depth=16)).astype(int) - plain).max() <= 2
    limited = tinted()
    codes = np.rint(16 + limited.frame.luma * (219 / 255)).astype(np.uint8)
    frame = Frame(codes, ColourSpace(), 0, 0, Fraction(1, 24))
    assert np.abs(merged(TintedFrame(frame, codes, limited.ab)).astype(int) - plain).max() <= 3


def test_no_colour_outside_the_window() -> None:
    rgb = merged(tinted(window=Window(8, 4, 40, 40))).astype(int)
    chroma = rgb.max(axis=2) - rgb.min(axis=2)
    assert chroma[4:44, 8:48].min() > 10
    chroma[4:44, 8:48] = 0
    assert chroma.max() == 0


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_a_full_disk_leaves_what_is_finished(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    pictures = sink(tmp_path, kind)
    pictures.write(tinted(0))
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SpaceError, match="no space left"):
        pictures.write(tinted(1))
    pictures.abort()
    assert [path.stem for path in tmp_path.iterdir()] == ["000000"]


def test_a_folder_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="can't be made"):
        sink(tmp_path / "file" / "folder", "png")
