from __future__ import annotations

import io
import json
import time
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from exiftool import read_tags
from PIL import Image

from device.colour.tint import jpeg_planes
from device.frames import JPEG_COLOUR, Frame, TintedFrame
from device.media.jpeg import (
    Facts,
    encode_jpeg,
    encode_within,
    facts_of,
    read_facts,
    read_jpeg_size,
    upright_planes,
)
from device.media.made_by import DIGITAL_SOURCE_TYPE

if TYPE_CHECKING:
    from pathlib import Path


def planes(width: int, height: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smooth planes with all of the range in them, as a tinted frame has."""
    rng = np.random.default_rng(seed)

    def one(h: int, w: int) -> np.ndarray:
        y, x = np.mgrid[0:h, 0:w]
        wave = np.sin(x / rng.uniform(9, 14)) + np.cos(y / rng.uniform(9, 14))
        return np.rint(127.5 + 60 * wave).astype(np.uint8)

    return one(height, width), one(-(-height // 2), -(-width // 2)), one(-(-height // 2), -(-width // 2))


def facts(width: int, height: int) -> Facts:
    base = Fraction(1, 24)
    return Facts(width=width, height=height, sequence=0, pts=0, time_base=base, network="n", device="pi")


def tint(luma: np.ndarray, *, rotation: int = 0, captured_ns: int | None = None) -> TintedFrame:
    frame = Frame(luma, JPEG_COLOUR, 0, 0, Fraction(1, 24), rotation=rotation, captured_ns=captured_ns)
    ab = np.zeros((14, 14, 2), np.float32)
    ab[:7] = (40, -30)
    return TintedFrame(frame, luma[::4, ::4], ab)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (63, 47), (641, 2), (1, 1), (1280, 720)])
def test_other_readers_see_the_planes_and_the_facts(width: int, height: int) -> None:
    y, cb, cr = planes(width, height)
    jpeg = encode_jpeg(y, cb, cr, 100, facts(width, height))
    assert read_jpeg_size(jpeg) == (width, height)

    with Image.open(io.BytesIO(jpeg)) as picture:
        assert json.loads(picture.info["comment"])["network"] == "n"
        assert picture.size == (width, height)
        picture.draft("YCbCr", None)
        assert picture.mode == "YCbCr"
        assert np.abs(np.asarray(picture)[..., 0].astype(int) - y).max() <= 2

    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as film:
        frame = next(film.decode(video=0))
        assert frame.color_range == 2
        for ours, theirs in zip((y, cb, cr), frame.planes, strict=True):
            rows = np.frombuffer(theirs, np.uint8).reshape(theirs.height, theirs.line_size)
            seen = rows[: ours.shape[0], : ours.shape[1]].astype(int)
            assert np.abs(seen - ours).max() <= 2
            assert np.abs(seen - ours).mean() < 1


def test_rows_may_be_strided_and_read_only() -> None:
    y, cb, cr = planes(64, 48)
    wide = np.zeros((48, 100), np.uint8)
    wide[:, :64] = y
    view = wide[:, :64]
    view.setflags(write=False)
    assert encode_jpeg(view, cb, cr, 85) == encode_jpeg(y, cb, cr, 85)


def test_planes_that_do_not_fit_are_refused() -> None:
    y, cb, cr = planes(64, 48)
    with pytest.raises(ValueError, match="subsampling"):
        encode_jpeg(y, cb[:-1], cr[:-1], 85)
    with pytest.raises(ValueError, match="64x48"):
        encode_jpeg(y, cb, cr, 85, facts(48, 64))


def test_xmp_says_whose_the_colour_is(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    told = replace(facts(64, 48), network='a "net" & more')
    path.write_bytes(encode_jpeg(*planes(64, 48), 85, told))
    found = read_tags(path)
    assert found["XMP-iptcExt:DigitalSourceType"] == DIGITAL_SOURCE_TYPE
    assert found["XMP-iptcExt:AISystemUsed"] == 'tintcast, network a "net" & more'
    assert read_facts(path.read_bytes()) == told
    for silent in (None, replace(told, own_colour=True)):
        path.write_bytes(encode_jpeg(*planes(64, 48), 85, silent))
        assert not [tag for tag in read_tags(path) if tag.startswith("XMP")]


def test_quality_makes_it_larger_and_better() -> None:
    sizes = [len(encode_jpeg(*planes(640, 480), quality)) for quality in (40, 85, 95)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 1.5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_tinted_frame_is_turned_upright(rotation: int) -> None:
    tinted = tint(planes(64, 48)[0], rotation=rotation)
    turned = upright_planes(tinted)
    for before, after in zip(jpeg_planes(tinted), turned, strict=True):
        assert np.array_equal(after, np.rot90(before, -rotation // 90))
    found = facts_of(tinted, sequence=3, network="n", device="pi", job="film", last=True)
    assert read_facts(encode_jpeg(*turned, 85, found)) == found
    assert (found.width, found.height) == ((64, 48) if rotation in {0, 180} else (48, 64))


def test_capture_time_is_told_in_wall_clock_time() -> None:
    before = time.time_ns()
    tinted = tint(planes(64, 48)[0], captured_ns=time.monotonic_ns() - 250_000_000)
    captured = facts_of(tinted, sequence=0, network="n", device="pi").captured_ns
    assert captured is not None
    assert abs(before - 250_000_000 - captured) < 50_000_000
    assert facts_of(tint(planes(64, 48)[0]), sequence=0, network="n", device="pi").captured_ns is None


@pytest.mark.parametrize("limit", [60_000, 20_000, 3_000])
def test_a_picture_is_made_to_fit(limit: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640), dtype=np.uint8)
    flat = np.full((240, 320), 128, np.uint8)
    whole = encode_jpeg(noise, flat, flat, 85, facts(640, 480))
    assert len(whole) > 60_000
    jpeg = encode_within((noise, flat, flat), 85, facts(640, 480), limit)
    assert limit / 4 < len(jpeg) <= limit
    found = read_facts(jpeg)
    assert found.width / found.height == pytest.approx(4 / 3, rel=0.02)
    assert encode_within((noise, flat, flat), 85, facts(640, 480), len(whole)) == whole


def test_what_can_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="100 bytes"):
        encode_within(planes(64, 48), 85, facts(64, 48), 100)
