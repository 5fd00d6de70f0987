from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from device.errors import InputError, MissingInput, UnreadablePicture
from device.media.photograph.planes import read_planes
from device.sources.pictures import PictureFolder

STILLS = Path(__file__).parent.parent / "media" / "stills"


@pytest.fixture
def grey16() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 2**16, (48, 64), dtype=np.uint16)


def bt601(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(float) @ (0.299, 0.587, 0.114)


def test_a_folder_is_a_film_in_natural_order(tmp_path: Path) -> None:
    for name, level in (("shot 10.png", 10), ("Shot 9.png", 9), ("shot 2.PNG", 2), (".hidden.png", 0)):
        Image.new("L", (8, 6), level).save(tmp_path / name, "PNG")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "folder.png").mkdir()
    with PictureFolder(tmp_path, rate=25) as source:
        found = list(source.frames())
        assert [path.name for path in source.paths] == ["shot 2.PNG", "Shot 9.png", "shot 10.png"]
    assert [int(frame.luma[0, 0]) for frame in found] == [2, 9, 10]
    assert [(frame.index, frame.pts, frame.time_base) for frame in found] == [
        (n, n, Fraction(1, 25)) for n in range(3)
    ]


def test_grey_keeps_its_codes(tmp_path: Path, grey16: np.ndarray) -> None:
    grey8 = (grey16 >> 8).astype(np.uint8)
    for name, grey in (
        ("8.png", grey8),
        ("16.png", grey16),
        ("8.tif", grey8),
        ("16.tif", grey16),
        ("8.bmp", grey8),
    ):
        Image.fromarray(grey).save(tmp_path / name)
        luma, _, _, rotation = read_planes(tmp_path / name)
        assert luma.dtype == grey.dtype
        assert np.array_equal(luma, grey)
        assert rotation == 0


def test_the_smallest_picture_there_is(tmp_path: Path) -> None:
    (tmp_path / "dot.pgm").write_bytes(b"P5 1 1 255 \x07")
    assert read_planes(tmp_path / "dot.pgm").luma.tolist() == [[7]]


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "bmp", "ppm"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_colour_becomes_its_luma(tmp_path: Path, suffix: str, mode: str) -> None:
    if (suffix, mode) in {("ppm", "P"), ("ppm", "RGBA"), ("webp", "P"), ("bmp", "RGBA")}:
        mode = "RGB"
    with Image.open(STILLS / "coffee.jpg") as still:
        picture = still.resize((150, 100)).convert(mode)
    picture.save(tmp_path / f"a.{suffix}", **({"lossless": True} if suffix == "webp" else {}))
    luma = read_planes(tmp_path / f"a.{suffix}").luma
    assert luma.dtype == np.uint8
    assert np.abs(luma - bt601(np.asarray(picture.convert("RGB")))).max() <= 0.51


@pytest.mark.parametrize("name", ["a.png", "a.tif", "alpha.png"])
def test_deep_colour_stays_deep(tmp_path: Path, grey16: np.ndarray, name: str) -> None:
    rgb = np.stack([grey16, grey16[::-1], grey16[:, ::-1]], axis=-1)
    stored = np.dstack([rgb[..., ::-1], grey16]) if name == "alpha.png" else rgb[..., ::-1]
    assert cv2.imwrite(str(tmp_path / name), stored)
    luma = read_planes(tmp_path / name).luma
    assert luma.dtype == np.uint16
    assert np.abs(luma - bt601(rgb)).max() <= 4


def test_a_jpeg_gives_its_own_luma() -> None:
    for still in STILLS.iterdir():
        luma = read_planes(still).luma
        with Image.open(still) as picture:
            picture.draft("L", picture.size)
            assert np.array_equal(luma, np.asarray(picture))


def test_colour_comes_with_chroma_and_grey_without(tmp_path: Path) -> None:
    with Image.open(STILLS / "coffee.jpg") as still:
        odd = still.resize((151, 101))
    odd.save(tmp_path / "1.png")
    odd.convert("L").save(tmp_path / "2.png")
    colour, grey = PictureFolder(tmp_path).frames()
    assert (grey.cb, grey.cr) == (None, None)
    assert colour.cb is not None
    assert colour.cr is not None
    assert colour.cb.shape == colour.cr.shape == (51, 76)
    full = np.asarray(odd.convert("YCbCr"), float)[:100, :150]
    for plane, channel in ((colour.cb, 1), (colour.cr, 2)):
        mean = full[..., channel].reshape(50, 2, 75, 2).mean(axis=(1, 3))
        assert np.abs(plane[:50, :75] - mean).max() <= 1.5


def test_a_jpeg_that_stores_rgb_is_read_too(tmp_path: Path) -> None:
    with Image.open(STILLS / "coffee.jpg") as still:
        still.save(tmp_path / "rgb.jpg", keep_rgb=True, quality=95)
        still.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
        for name in ("rgb.jpg", "cmyk.jpg"):
            luma = read_planes(tmp_path / name).luma
            assert np.abs(luma - bt601(np.asarray(still))).mean() < 2


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_a_rotation_or_undone(tmp_path: Path, orientation: int) -> None:
    with Image.open(STILLS / "cat.jpg") as still:
        exif = Image.Exif()
        exif[0x0112] = orientation
        still.convert("L").resize((45, 30)).save(tmp_path / "a.png", exif=exif)
    luma, _, _, rotation = read_planes(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        upright = ImageOps.exif_transpose(picture)
    assert np.array_equal(np.rot90(luma, -rotation // 90), np.asarray(upright))


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "bmp"])
def test_broken_pictures_are_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"broken.{suffix}"
    with Image.open(STILLS / "cat.jpg") as still:
        still.save(path)
    whole = path.read_bytes()
    for content in (b"", b"hello", whole[: len(whole) // 2], whole[:30]):
        path.write_bytes(content)
        with pytest.raises(UnreadablePicture, match=rf"broken\.{suffix}: (not a picture|an empty)"):
            read_planes(path)


def test_a_broken_deep_picture_is_named_quietly(
    tmp_path: Path, grey16: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deep.tif"
    assert cv2.imwrite(str(path), np.dstack([grey16] * 3))
    whole = bytearray(path.read_bytes())
    whole[20:4000:7] = bytes(len(whole[20:4000:7]))
    path.write_bytes(whole)
    with pytest.raises(UnreadablePicture, match=r"deep\.tif"):
        read_planes(path)
    assert capfd.readouterr() == ("", "")


def test_the_first_broken_one_ends_the_film(tmp_path: Path) -> None:
    Image.new("L", (8, 6)).save(tmp_path / "1.png")
    (tmp_path / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    frames = PictureFolder(tmp_path).frames()
    assert next(frames).index == 0
    with pytest.raises(UnreadablePicture, match=r"2\.png"):
        next(frames)


def test_bombs_and_floats_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("F", (8, 6)).save(tmp_path / "float.tif")
    with pytest.raises(UnreadablePicture, match="16 bits"):
        read_planes(tmp_path / "float.tif")
    Image.new("L", (80, 60)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4000)  # Pillow warns of more, and refuses twice that
    assert read_planes(tmp_path / "large.png").luma.shape == (60, 80)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 2000)
    with pytest.raises(UnreadablePicture, match=r"large\.png: more than the 4,000 pixels"):
        read_planes(tmp_path / "large.png")


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MissingInput, match="no such folder"):
        PictureFolder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no pictures"):
        PictureFolder(tmp_path)
    with pytest.raises(InputError, match="not a directory"):
        PictureFolder(STILLS / "cat.jpg")
