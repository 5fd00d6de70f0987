from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from pictures import colour, deep_colour, deep_grey, grey
from PIL import Image, ImageCms
from profiles import (
    ADOBE,
    PROPHOTO,
    SRGB,
    cmyk_profile,
    gamma,
    grey_profile,
    parametric,
    profile,
    rgb_profile,
    table,
)

from device.media.photograph import read_photograph
from device.media.photograph.icc import srgb_profile, to_srgb

if TYPE_CHECKING:
    from pathlib import Path

SRGB_CURVE = parametric(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def encode(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)


def by_lcms(pixels: np.ndarray, icc: bytes, mode: str) -> np.ndarray:
    """What Little CMS makes of 8 bits."""
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform))


DOT_GAIN = table((np.linspace(0, 1, 300) * 0.8 + 0.2 * np.linspace(0, 1, 300) ** 2) ** 1.7)
GREY_CURVES = {
    "gamma 2.2": gamma(2.2),
    "gamma 1.8": gamma(1.8),
    "linear": b"curv" + bytes(8),
    "dot gain": DOT_GAIN,
    "sRGB": SRGB_CURVE,
    "power": parametric(0, 2.2),
    "offset": parametric(2, 2.0, 0.9, 0.1, 0.0),
    "toe": parametric(1, 2.0, 1.1, -0.1),
    "seven": parametric(4, 2.4, 0.94, 0.06, 0.0774, 0.04045, 0.0, 0.0),
}


@pytest.mark.parametrize("name", GREY_CURVES)
def test_grey_goes_through_its_curve(name: str) -> None:
    icc = grey_profile(GREY_CURVES[name])
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    ours, note = to_srgb(ramp, icc)
    assert note is None
    error = np.abs(ours.astype(int) - by_lcms(ramp, icc, "L")[..., 1])
    dark = 20 if name == "linear" else 0  # there Little CMS's own tables for 8 bits are too coarse
    assert error[:, dark:].max() <= 1
    deep = np.tile(np.linspace(0, 65_535, 4096).astype(np.uint16), (2, 1))
    fine, _ = to_srgb(deep, icc)
    assert fine.dtype == np.uint16
    assert np.abs(fine / 257 - np.interp(deep / 257, np.arange(256), ours[0])).max() < 1.5
    assert len(np.unique(fine)) > 3000


def test_a_curve_of_lightness() -> None:
    icc = grey_profile(b"curv" + bytes(8), pcs=b"Lab ")
    ramp = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    ours, _ = to_srgb(ramp, icc)
    assert np.abs(ours.astype(int) - by_lcms(ramp, icc, "L")[..., 1]).max() <= 1
    assert abs(int(ours[0, 128]) - 119.6) < 1  # L* of 50


def test_middle_grey_of_known_gamma() -> None:
    half = np.full((2, 2), 32_768, np.uint16)
    for exponent in (1.0, 1.8, 2.2):
        exact = round(exponent * 256) / 256
        value = to_srgb(half, grey_profile(gamma(exponent)))[0][0, 0]
        assert abs(value - 65_535 * encode(np.array((32_768 / 65_535) ** exact))) <= 1


@pytest.mark.parametrize("primaries", [ADOBE, PROPHOTO])
def test_wide_gamuts_become_srgb(primaries: tuple[tuple[float, float, float], ...]) -> None:
    icc = rgb_profile(primaries, gamma(2.2 if primaries is ADOBE else 1.8))
    low, note = to_srgb(colour(), icc)
    assert note is None
    assert np.array_equal(low, by_lcms(colour(), icc, "RGB"))
    assert np.abs(low.astype(int) - colour()).max() > 10
    deep, note = to_srgb(colour().astype(np.uint16) * np.uint16(257), icc)
    assert note is None
    assert np.abs(deep / 257 - low).max() < 1.2
    assert len(np.unique(to_srgb(deep_colour(256, 192), icc)[0])) > 15_000


def test_neutral_stays_neutral() -> None:
    ramp = np.repeat(np.linspace(0, 65_535, 3000).astype(np.uint16)[None, :, None], 3, axis=2)
    out, _ = to_srgb(ramp, rgb_profile(PROPHOTO, gamma(1.8)))
    assert np.ptp(out.astype(int), axis=-1).max() <= 12
    assert (out[0, 0].tolist(), int(out[0, -1].min()) > 65_500) == ([0, 0, 0], True)


def test_what_is_srgb_already_is_not_touched() -> None:
    for icc in (srgb_profile(), rgb_profile(SRGB, SRGB_CURVE)):
        for pixels in (colour(), deep_colour(), grey(), deep_grey()):
            out, note = to_srgb(pixels, icc)
            assert out is pixels
            assert note is None


def test_our_profile_never_changes() -> None:
    assert srgb_profile() == srgb_profile()
    assert srgb_profile()[24:36] == bytes.fromhex("07d0 0001 0001 0000 0000 0000")
    assert ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile())).profile.xcolor_space == "RGB "


CMYK = profile(b"CMYK", {})


@pytest.mark.parametrize(
    ("pixels", "icc", "said"),
    [
        (grey(), rgb_profile(ADOBE, gamma(2.2)), "is for RGB and the picture is grey"),
        (colour(), grey_profile(gamma(2.2)), "is for grey and the picture is RGB"),
        (colour(), CMYK, "is for CMYK and the picture is RGB"),
        (colour(), b"not a profile at all", "is broken"),
        (colour(), b"", "is broken"),
        (colour(), rgb_profile(ADOBE, gamma(2.2))[:200], "is broken"),
        (deep_colour(), rgb_profile(ADOBE, gamma(2.2))[:330], "is broken"),
        (grey(), grey_profile(gamma(2.2))[:190], "is broken"),
        (deep_grey(), grey_profile(b"nope" + bytes(20)), "is broken"),
        (deep_grey(), grey_profile(table(np.linspace(0, 1, 9))[:20]), "is broken"),
        (deep_grey(), grey_profile(parametric(9, 1.0)), "is broken"),
        (colour(), profile(b"RGB ", {}), "is broken"),
        (grey(), profile(b"GRAY", {}), "is broken"),
    ],
)
def test_profiles_that_lie_are_left_out_with_a_word(pixels: np.ndarray, icc: bytes, said: str) -> None:
    out, note = to_srgb(pixels, icc)
    assert out is pixels
    assert note is not None
    assert said in note
    assert "taken as sRGB" in note
    assert "\n" not in note


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "avif"])
def test_profiles_are_found_in_files(tmp_path: Path, suffix: str) -> None:
    lossless = {"lossless": True} if suffix == "webp" else {"quality": 98}
    icc = rgb_profile(ADOBE, gamma(2.2))
    Image.fromarray(colour()).save(tmp_path / f"a.{suffix}", icc_profile=icc, **lossless)  # type: ignore[arg-type]
    photograph = read_photograph(tmp_path / f"a.{suffix}")
    with Image.open(tmp_path / f"a.{suffix}") as stored:
        wanted = by_lcms(np.asarray(stored), icc, "RGB")
    assert np.abs(photograph.pixels.astype(int) - wanted).mean() < 1
    assert photograph.notes == ()


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_grey_profiles_are_found_in_files(tmp_path: Path, suffix: str) -> None:
    icc = grey_profile(gamma(1.8))
    for name, pixels in (("8", grey()), ("16", deep_grey())):
        if (name, suffix) == ("16", "jpg"):
            continue
        path = tmp_path / f"{name}.{suffix}"
        Image.fromarray(pixels).save(path, icc_profile=icc, quality=100)
        photograph = read_photograph(path)
        assert photograph.pixels.dtype == pixels.dtype
        wanted = encode((pixels / np.iinfo(pixels.dtype).max) ** (461 / 256))
        error = np.abs(photograph.pixels / np.iinfo(pixels.dtype).max - wanted)
        assert error.max() < (0.02 if suffix == "jpg" else 0.003)


def test_a_deep_scan_in_a_wide_gamut(tmp_path: Path) -> None:
    """A PNG as a scanner makes it: 16 bits of colour and its own profile."""
    icc = rgb_profile(ADOBE, gamma(2.2))
    whole = cv2.imencode(".png", deep_colour()[..., ::-1])[1].tobytes()
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG", icc_profile=icc)
    small = file.getvalue()
    at = small.index(b"iCCP") - 4
    length = int.from_bytes(small[at : at + 4]) + 12
    (tmp_path / "a.png").write_bytes(whole[:33] + small[at : at + length] + whole[33:])
    photograph = read_photograph(tmp_path / "a.png")
    assert photograph.pixels.dtype == np.uint16
    assert photograph.notes == ()
    assert np.array_equal(photograph.pixels, to_srgb(deep_colour(), icc)[0])


def test_cmyk_with_a_lying_profile(tmp_path: Path) -> None:
    picture = Image.fromarray(colour()).convert("CMYK")
    for name, icc, note in (
        ("a.jpg", rgb_profile(ADOBE, gamma(2.2)), "CMYK with a profile for RGB: its colours are approximate"),
        ("b.jpg", b"nonsense", "CMYK with a broken profile: its colours are approximate"),
        ("c.tif", CMYK, "CMYK with a broken profile: its colours are approximate"),
    ):
        picture.save(tmp_path / name, icc_profile=icc)
        photograph = read_photograph(tmp_path / name)
        assert photograph.notes == (note,)
        assert np.abs(photograph.pixels.astype(int) - colour()).mean() < 8


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_goes_through_its_profile(tmp_path: Path, suffix: str) -> None:
    icc, picture = cmyk_profile(), Image.fromarray(colour()).convert("CMYK")
    picture.save(tmp_path / f"a.{suffix}", icc_profile=icc, quality=100)
    photograph = read_photograph(tmp_path / f"a.{suffix}")
    assert photograph.notes == ()
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(icc)),
        ImageCms.createProfile("sRGB"),
        "CMYK",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    wanted = np.asarray(ImageCms.applyTransform(picture, transform))
    assert np.abs(photograph.pixels.astype(int) - wanted).mean() < (6 if suffix == "jpg" else 0.01)
    assert np.abs(photograph.pixels.astype(int) - colour()).mean() > 10
