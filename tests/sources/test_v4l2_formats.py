from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from hypothesis import given
from hypothesis import strategies as st

from device.config import CameraSettings
from device.errors import ConfigurationError, SourceLost
from device.frames import JPEG_COLOUR, ColourSpace, Matrix
from device.sources.v4l2.choice import Choice, choose
from device.sources.v4l2.device import Agreed, Offer
from device.sources.v4l2.formats import PIXELS, PREFERRED, DamagedFrameError, MjpegDecoder, colour_space

sides = st.integers(1, 9)


def agreed(name: str, width: int, height: int, row_bytes: int = 0, **more: int) -> Agreed:
    colour = {"colorspace": 0, "encoding": 0, "quantization": 0} | more
    return Agreed(name, width, height, row_bytes, 0, **colour)


def numbered(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def laid(name: str, planes: list[np.ndarray], row_bytes: int) -> bytes:
    """Planes as they lie in a buffer of this format with rows this long; the last row ends with its data."""
    luma, cb, cr = planes
    if name in {"YUYV", "YVYU", "UYVY", "VYUY"}:
        order = {"Y": iter((luma[:, 0::2], luma[:, 1::2])), "U": iter((cb,)), "V": iter((cr,))}
        rows = [np.stack([next(order[letter]) for letter in name], axis=2).reshape(luma.shape[0], -1)]
        lengths = [row_bytes]
    elif name in {"NV12", "NV21"}:
        pair = (cb, cr) if name == "NV12" else (cr, cb)
        rows = [luma, np.stack(pair, axis=2).reshape(cb.shape[0], -1)]
        lengths = [row_bytes, row_bytes]
    elif name in {"YU12", "YV12"}:
        rows = [luma, cb, cr] if name == "YU12" else [luma, cr, cb]
        lengths = [row_bytes, (row_bytes + 1) // 2, (row_bytes + 1) // 2]
    else:
        rows, lengths = [luma], [row_bytes]
    padded = [
        np.pad(plane, ((0, 0), (0, length - plane.shape[1])), constant_values=7)
        for plane, length in zip(rows, lengths, strict=True)
    ]
    whole = b"".join(plane.tobytes() for plane in padded)
    return whole[: len(whole) - (lengths[-1] - rows[-1].shape[1])]


@given(
    name=st.sampled_from([name for name, pixels in PIXELS.items() if pixels.depth == 8]),
    half=st.tuples(sides, sides),
    padding=st.integers(0, 5),
    seed=st.integers(0, 99),
)
def test_planes_are_what_was_laid_down(name: str, half: tuple[int, int], padding: int, seed: int) -> None:
    width, height = 2 * half[0], 2 * half[1]
    packed = name in {"YUYV", "YVYU", "UYVY", "VYUY"}
    chroma = (height, width // 2) if packed else (height // 2, width // 2)
    planes = [numbered((height, width), seed), numbered(chroma, seed + 1), numbered(chroma, seed + 2)]
    row_bytes = (2 * width if packed else width) + 2 * padding
    data = laid(name, planes, row_bytes)
    buffer = np.frombuffer(bytearray(data), np.uint8)
    found = PIXELS[name].take(buffer, agreed(name, width, height, row_bytes))
    buffer[:] = 0  # the driver fills it again
    expected = planes if not PIXELS[name].grey else [planes[0], None, None]
    for got, wanted in zip(found, expected, strict=True):
        assert (got is None) is (wanted is None)
        assert got is None or np.array_equal(got, wanted)
    with pytest.raises(DamagedFrameError):
        PIXELS[name].take(np.frombuffer(data[:-1], np.uint8), agreed(name, width, height, row_bytes))


@pytest.mark.parametrize(("name", "depth"), [("Y10", 10), ("Y12", 12), ("Y16", 16)])
def test_deep_grey_keeps_its_bits(name: str, depth: int) -> None:
    codes = np.arange(6 * 4, dtype=np.uint16).reshape(4, 6) * ((1 << depth) // 24)
    data = np.pad(codes, ((0, 0), (0, 2))).astype("<u2").tobytes()
    planes = PIXELS[name].take(np.frombuffer(data, np.uint8), agreed(name, 6, 4, 16))
    assert np.array_equal(planes.luma, codes)
    assert PIXELS[name].depth == depth


def jpeg(luma: np.ndarray, chroma: np.ndarray) -> bytes:
    encoded: bytes = simplejpeg.encode_jpeg_yuv_planes(luma, chroma, 255 - chroma, quality=100)
    return encoded


def soft(rows: int, columns: int) -> np.ndarray:
    return np.add.outer(np.arange(rows), 2 * np.arange(columns)).astype(np.uint8)


@pytest.mark.parametrize("tables", [True, False])
@pytest.mark.parametrize("rest", [b"", b"\0" * 500])
def test_mjpeg_keeps_planes_and_sampling(*, tables: bool, rest: bytes) -> None:
    luma, chroma = soft(48, 64), soft(48, 32)
    data = jpeg(luma, chroma)
    if not tables:  # many cameras leave them out
        data = re.sub(rb"\xff\xc4(..)", lambda m: b"\xff\xc4" + m.group(1), data, flags=re.DOTALL)
        while (at := data.find(b"\xff\xc4")) >= 0:
            data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    decoder = MjpegDecoder()
    for _ in range(2):
        planes = decoder.take(np.frombuffer(data + rest, np.uint8), agreed("MJPG", 64, 48))
        assert planes.cb is not None
        assert planes.cr is not None
        assert planes.cb.shape == (48, 32)
        assert np.abs(planes.luma.astype(int) - luma).max() <= 2
        assert np.abs(planes.cb.astype(int) - chroma).max() <= 2
        assert np.abs(planes.cr.astype(int) - (255 - chroma)).max() <= 2


def test_a_damaged_jpeg_is_told_apart_and_the_next_is_read() -> None:
    luma = numbered((48, 64), 3)
    data = jpeg(luma, soft(48, 32))
    decoder = MjpegDecoder()
    half = data[: len(data) // 2]
    for bad in (b"", b"\0" * 100, half, half + b"\xff\xd5\x13" + data[len(half) :], half + bytes(len(half))):
        whole = decoder.take(np.frombuffer(data, np.uint8), agreed("MJPG", 64, 48))
        assert np.abs(whole.luma.astype(int) - luma).max() <= 2
        with pytest.raises(DamagedFrameError):
            decoder.take(np.frombuffer(bad, np.uint8), agreed("MJPG", 64, 48))


def test_a_camera_that_leaves_out_the_end_of_each_picture_is_read() -> None:
    data = jpeg(soft(48, 64), soft(48, 32))[:-2]
    decoder = MjpegDecoder()
    for _ in range(3):
        assert decoder.take(np.frombuffer(data, np.uint8), agreed("MJPG", 64, 48)).luma.shape == (48, 64)


@pytest.mark.parametrize(
    ("said", "means"),
    [
        (agreed("YUYV", 2, 2), ColourSpace()),
        (agreed("YUYV", 2, 2, quantization=1), ColourSpace(full_range=True)),
        (agreed("YUYV", 2, 2, colorspace=3), ColourSpace(Matrix.BT709)),
        (agreed("YUYV", 2, 2, colorspace=3, encoding=1), ColourSpace(Matrix.BT601)),
        (agreed("NV12", 2, 2, colorspace=8, quantization=1), ColourSpace(Matrix.BT601, full_range=True)),
        (agreed("NV12", 2, 2, colorspace=7), JPEG_COLOUR),
        (agreed("YU12", 2, 2, colorspace=10), ColourSpace(Matrix.BT2020)),
        (agreed("MJPG", 2, 2, colorspace=3, quantization=2), JPEG_COLOUR),
        (agreed("GREY", 2, 2), ColourSpace(full_range=True)),
        (agreed("GREY", 2, 2, quantization=2), ColourSpace()),
    ],
)
def test_colour_by_the_drivers_fields(said: Agreed, means: ColourSpace) -> None:
    assert colour_space(said) == means


#: As a webcam on USB 2 lists them: uncompressed only small or slow.
WEBCAM = {
    ("YUYV", (640, 480)): 30,
    ("YUYV", (1280, 720)): 10,
    ("YUYV", (1920, 1080)): 5,
    ("MJPG", (640, 480)): 30,
    ("MJPG", (1280, 720)): 30,
    ("MJPG", (1920, 1080)): 30,
    ("H264", (3840, 2160)): 30,
}


def chosen(lists: dict[tuple[str, tuple[int, int]], float], **asked: object) -> Choice:
    offers = [Offer(name, size, size) for name, size in lists]
    settings = CameraSettings.model_validate(asked)
    return choose(offers, lambda name, size: Fraction(lists[name, size]), settings, Path("/dev/video0"))


@pytest.mark.parametrize(
    ("asked", "choice"),
    [
        ({}, Choice("MJPG", (1280, 720), Fraction(30))),
        ({"width": 640, "height": 480}, Choice("YUYV", (640, 480), Fraction(30))),
        ({"width": 1920}, Choice("MJPG", (1920, 1080), Fraction(30))),
        ({"width": 1280, "height": 720, "rate": 10}, Choice("YUYV", (1280, 720), Fraction(10))),
        ({"width": 1920, "height": 1080, "rate": 60}, Choice("MJPG", (1920, 1080), Fraction(30))),
        ({"pixel_format": "YUYV", "width": 1280}, Choice("YUYV", (1280, 720), Fraction(10))),
        ({"width": 4000, "height": 3000}, Choice("MJPG", (1920, 1080), Fraction(30))),
    ],
)
def test_a_webcams_best(asked: dict[str, object], choice: Choice) -> None:
    assert chosen(WEBCAM, **asked) == choice


def test_smooth_and_smaller_where_no_size_is_asked_for() -> None:
    slow = {("YUYV", (1280, 720)): 10, ("YUYV", (640, 480)): 30}
    assert chosen(slow).size == (640, 480)
    assert chosen(slow, rate=10).size == (1280, 720)
    assert chosen(slow, width=1280).size == (1280, 720)


def test_colour_before_grey_where_all_else_is_equal() -> None:
    size = (640, 480)
    assert chosen({("GREY", size): 30, ("YUYV", size): 30}).name == "YUYV"
    assert chosen({("GREY", size): 30, ("MJPG", size): 30}).name == "MJPG"
    assert chosen({("Y16", size): 30, ("GREY", size): 30}).name == "GREY"
    assert chosen({("GREY", size): 30, ("YUYV", size): 5}).name == "GREY"


def test_a_range_of_sizes_is_met_on_its_steps() -> None:
    offer = Offer("NV12", (32, 32), (1920, 1080), (16, 8))
    settings = CameraSettings(width=1000, height=1100)
    choice = choose([offer], lambda *_: Fraction(0), settings, Path("/dev/video0"))
    assert choice == Choice("NV12", (992, 1080), Fraction(30))


def test_what_can_not_be_read_is_said() -> None:
    with pytest.raises(SourceLost, match="BA81, H264"):
        chosen({("BA81", (640, 480)): 30, ("H264", (640, 480)): 30})
    with pytest.raises(ConfigurationError, match=r"has no GREY.*YUYV, MJPG"):
        chosen(WEBCAM, pixel_format="GREY")
    assert "H264" not in PREFERRED
