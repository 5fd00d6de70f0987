"""What is laid out by hand: directories of TIFF, strips, and PNG of 16 bits, for any content and size."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from device.media.photograph.encode_png import write_png
from device.media.photograph.encode_tiff import write_tiff
from device.media.photograph.icc import srgb_profile
from device.media.photograph.outgoing import Outgoing, to_depth, to_eight_bits
from device.media.photograph.threads import in_order
from device.media.photograph.tiff_tags import EXIF, GPS, Directory, Entry, lay_out, read_directory
from device.media.photograph.values import Carried

ENTRIES = st.binary(min_size=1, max_size=40).map(lambda data: Entry(7, len(data), data))
FLAT = st.dictionaries(st.integers(1, 0x8000), ENTRIES, min_size=1, max_size=12)


@given(FLAT, FLAT, FLAT, st.sampled_from("<>"))
def test_directories_are_read_as_they_were_laid_out(
    first: Directory, exif: Directory, gps: Directory, order: str
) -> None:
    whole = {**first, EXIF: Entry(4, 1, bytes(4), exif), GPS: Entry(4, 1, bytes(4), gps)}
    found_order, found = read_directory(lay_out(order, whole))
    assert found_order == order
    assert (found[EXIF].below, found[GPS].below) == (exif, gps)
    assert {tag: entry for tag, entry in found.items() if tag not in {EXIF, GPS}} == first


@given(st.binary(max_size=200), st.sampled_from([b"II*\0", b"MM\0*", b""]))
def test_directories_of_nonsense_end(data: bytes, head: bytes) -> None:
    try:
        read_directory(head + data)
    except (ValueError, struct.error):
        return


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.sampled_from([np.uint8, np.uint16]),
    st.booleans(),
    st.integers(0, 99),
)
def test_strangers_read_what_we_lay_out(width: int, height: int, dtype: type, alpha: bool, seed: int) -> None:  # noqa: FBT001
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    pixels = rng.integers(0, top, (height, width, 3), dtype, endpoint=True)
    mask = rng.integers(0, top, (height, width), dtype, endpoint=True) if alpha else None
    outgoing = Outgoing(pixels, mask, Carried(), None, None, srgb_profile(), 92)
    for write in (write_png, write_tiff):
        file = io.BytesIO()
        assert write(file, outgoing) == []
        with Image.open(file) as picture:
            found = np.asarray(picture)
            assert picture.size == (width, height)
        if dtype == np.uint16:  # which Pillow reads as 8
            stored = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_UNCHANGED)
            assert stored is not None
            found = stored[..., [2, 1, 0, 3][: stored.shape[2]]]
        assert found.dtype == dtype
        assert np.array_equal(found[..., :3], pixels)
        if mask is not None:
            assert np.array_equal(found[..., 3], mask)


def test_depths() -> None:
    every = np.arange(65_536, dtype=np.uint16)[None]
    low = to_eight_bits(every)
    assert np.array_equal(low[0], np.rint(np.arange(65_536) / 257).astype(np.uint8))
    assert np.array_equal(to_depth(to_depth(low, np.dtype(np.uint16)), np.dtype(np.uint8)), low)
    assert to_eight_bits(low) is low


def test_threads_keep_the_order_and_tell_of_failures() -> None:
    assert list(in_order(lambda n: n * n, range(100))) == [n * n for n in range(100)]

    def fail(number: int) -> int:
        if number == 7:
            raise ZeroDivisionError
        return number

    with pytest.raises(ZeroDivisionError):
        list(in_order(fail, range(50)))
