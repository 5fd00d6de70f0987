from __future__ import annotations

import io
import json
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from device.media.jpeg import Facts, encode_jpeg, read_facts, read_jpeg_size, upright


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


def test_quality_makes_it_larger_and_better() -> None:
    sizes = [len(encode_jpeg(*planes(640, 480), quality)) for quality in (40, 85, 95)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 1.5


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_upright_turns_clockwise(rotation: int) -> None:
    stored = planes(64, 48)
    turned = upright(stored, rotation)
    for before, after in zip(stored, turned, strict=True):
        assert np.array_equal(after, np.rot90(before, -rotation // 90))
        assert after.flags.c_contiguous
    y, cb, cr = turned
    height, width = y.shape
    assert read_facts(encode_jpeg(y, cb, cr, 85, facts(width, height))).width == width
