from __future__ import annotations

import errno
import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from exiftool import read_tags_of
from hypothesis import assume, given
from hypothesis import strategies as st
from pictures import colour, deep_colour, deep_grey, grey
from PIL import Image, ImageCms

from device.errors import ConfigurationError, InputError, SpaceError, UnwritablePicture
from device.media.made_by import DIGITAL_SOURCE_TYPE, MadeBy
from device.media.photograph import (
    Carried,
    Photograph,
    is_photograph,
    read_photograph,
    writable,
    write_photograph,
    written_name,
)
from device.media.photograph.icc import srgb_profile
from device.media.picture_names import WRITTEN

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MADE_BY = MadeBy("compact", "1.2.3")
LOSSLESS = ["png", "tif", "bmp", "tga", "ppm", "jp2"]


def like(pixels: NDArray[np.generic], form: str = "PNG", **parts: object) -> Photograph:
    return Photograph(pixels, form, **parts)  # type: ignore[arg-type]


def write(path: Path, pixels: NDArray[np.generic], source: Photograph | None = None) -> tuple[str, ...]:
    return write_photograph(path, pixels, source or like(pixels), MADE_BY, overwrite=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_eight_bits_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    for number, size in enumerate(((64, 48), (1, 1), (3, 200), (301, 7))):
        path = tmp_path / f"{number}.{suffix}"
        write(path, colour(*size))
        assert np.array_equal(np.asarray(Image.open(path).convert("RGB")), colour(*size))
        assert np.array_equal(read_photograph(path).pixels, colour(*size))
        assert [part.name for part in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize("suffix", ["png", "tif", "ppm"])
def test_sixteen_bits_come_back_as_they_were(tmp_path: Path, suffix: str) -> None:
    for number, size in enumerate(((64, 48), (1, 1), (3, 200), (301, 7), (700, 400))):
        path = tmp_path / f"{number}.{suffix}"
        assert write(path, deep_colour(*size)) == ()
        stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)  # a reader that is not ours
        assert stored is not None
        assert np.array_equal(stored[..., ::-1], deep_colour(*size))
        assert np.array_equal(read_photograph(path).pixels, deep_colour(*size))


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        ("jpg", "JPEG"),
        ("webp", "WebP"),
        ("avif", "AVIF"),
        ("jp2", "JPEG 2000"),
        ("bmp", "BMP"),
        ("tga", "TGA"),
    ],
)
def test_sixteen_bits_become_eight_where_they_must(tmp_path: Path, suffix: str, name: str) -> None:
    notes = write(tmp_path / f"a.{suffix}", deep_colour())
    assert notes[0] == f"written with 8 bits instead of 16: {name} holds no more"
    pixels = read_photograph(tmp_path / f"a.{suffix}").pixels
    assert pixels.dtype == np.uint8
    error = np.abs(pixels - deep_colour() / 257)
    assert error.max() <= 0.5 if suffix in LOSSLESS else error.mean() < 5


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "tga", "jp2", "avif"])
@pytest.mark.parametrize("deep", [False, True])
def test_alpha_stays(tmp_path: Path, suffix: str, *, deep: bool) -> None:
    pixels = deep_colour() if deep else colour()
    alpha = (deep_grey() if deep else grey())[::-1]
    source = like(pixels, alpha=alpha, form="WEBP", carried=Carried(lossless=True))
    write(tmp_path / f"a.{suffix}", pixels, source)
    found = read_photograph(tmp_path / f"a.{suffix}")
    assert found.alpha is not None
    if deep and suffix in {"png", "tif"}:
        assert np.array_equal(found.alpha, alpha)
    else:
        wanted = alpha / 257 if deep else alpha.astype(float)
        assert np.abs(found.alpha - wanted).max() <= (8 if suffix == "avif" else 0.5)


@pytest.mark.parametrize("suffix", ["jpg", "ppm", "bmp"])
def test_no_alpha_means_white(tmp_path: Path, suffix: str) -> None:
    alpha = np.zeros((48, 64), np.uint8)
    alpha[:, 32:] = 255
    notes = write(tmp_path / f"a.{suffix}", colour(), like(colour(), alpha=alpha))
    assert notes[0] == f"laid over white: {WRITTEN['.' + suffix]} holds no transparency"
    pixels = read_photograph(tmp_path / f"a.{suffix}").pixels
    assert pixels[:, :24].min() > 250
    assert np.abs(pixels[:, 40:].astype(int) - colour()[:, 40:]).mean() < 5


def test_alpha_follows_the_depth_of_the_pixels(tmp_path: Path) -> None:
    write(tmp_path / "a.png", deep_colour(), like(colour(), alpha=grey()))
    alpha = read_photograph(tmp_path / "a.png").alpha
    assert np.array_equal(alpha, grey().astype(np.uint16) * 257)  # type: ignore[arg-type]


@pytest.mark.parametrize("deep", [False, True])
def test_a_stranger_reads_who_made_the_colour(tmp_path: Path, *, deep: bool) -> None:
    paths = [tmp_path / f"a.{suffix}" for suffix in ("jpg", "png", "tif", "webp", "avif", "jp2")]
    for path in paths:
        write(path, deep_colour() if deep else colour())
    for path, found in zip(paths, read_tags_of(paths), strict=True):
        assert found["XMP-iptcExt:DigitalSourceType"] == DIGITAL_SOURCE_TYPE
        assert found["XMP-iptcExt:AISystemUsed"] == "tintcast, network compact"
        assert found["XMP-iptcExt:AISystemVersionUsed"] == "1.2.3"
        assert found["XMP-xmp:CreatorTool"] == "tintcast 1.2.3"
        if path.suffix == ".jp2":
            assert found["Jpeg2000:ColorSpace"] == 16  # sRGB, by its number
        else:
            assert found["ICC_Profile:ProfileDescription"].startswith("sRGB")


def test_colour_that_was_there_is_not_called_made(tmp_path: Path) -> None:
    paths = [tmp_path / f"a.{suffix}" for suffix in ("jpg", "png", "tif", "ppm")]
    for path in paths:
        assert write_photograph(path, colour(), like(colour()), None, overwrite=False) == ()
        assert b"machine" not in path.read_bytes()
    for found in read_tags_of(paths):
        assert not any("DigitalSource" in tag or "CreatorTool" in tag for tag in found)


def test_files_that_hold_no_metadata_say_what_they_can(tmp_path: Path) -> None:
    write(tmp_path / "a.ppm", colour())
    line = b"# Colour made by a machine: tintcast 1.2.3, network compact\n"
    assert (tmp_path / "a.ppm").read_bytes().startswith(b"P6\n" + line)
    for suffix in ("bmp", "tga"):
        (note,) = write(tmp_path / f"a.{suffix}", colour())
        assert note.endswith("holds no metadata: nothing in it says that its colour was made by a machine")


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp", "avif"])
def test_our_profile_is_in_it(tmp_path: Path, suffix: str) -> None:
    write(tmp_path / f"a.{suffix}", colour())
    with Image.open(tmp_path / f"a.{suffix}") as picture:
        assert picture.info["icc_profile"] == srgb_profile()
    ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))


def test_the_same_picture_makes_the_same_file(tmp_path: Path) -> None:
    for suffix in WRITTEN:
        for name in ("a", "b"):
            write(tmp_path / f"{name}{suffix}", colour())
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def jpeg_quality(path: Path) -> int | None:
    return read_photograph(path).carried.quality


def test_a_jpeg_is_written_no_worse_than_it_came(tmp_path: Path) -> None:
    for came, wanted in ((50, 92), (92, 92), (97, 97), (100, 100)):
        Image.fromarray(grey()).save(tmp_path / f"{came}.jpg", quality=came)
        source = read_photograph(tmp_path / f"{came}.jpg")
        assert source.carried.quality == came
        write(tmp_path / f"{came}-out.jpg", colour(), source)
        assert jpeg_quality(tmp_path / f"{came}-out.jpg") == wanted
    write_photograph(tmp_path / "q.jpg", colour(), like(colour()), MADE_BY, overwrite=False, quality=70)
    assert jpeg_quality(tmp_path / "q.jpg") == 70


def test_webp_loses_nothing_where_it_came_so(tmp_path: Path) -> None:
    Image.fromarray(colour()).save(tmp_path / "a.webp", lossless=True)
    write(tmp_path / "b.webp", colour()[::-1], read_photograph(tmp_path / "a.webp"))
    assert np.array_equal(read_photograph(tmp_path / "b.webp").pixels, colour()[::-1])


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"dear to me")
    with pytest.raises(ConfigurationError, match=r"a\.png: is there already \(--overwrite replaces it\)"):
        write(path, colour())
    assert path.read_bytes() == b"dear to me"
    write_photograph(path, colour(), like(colour()), MADE_BY, overwrite=True)
    assert np.array_equal(read_photograph(path).pixels, colour())
    (tmp_path / "link.png").symlink_to("nowhere")
    with pytest.raises(ConfigurationError, match="is there already"):
        write(tmp_path / "link.png", colour())


@pytest.mark.parametrize("name", ["a.gif", "a.pgm", "a", "a.pdf", "a.psd", "a.txt"])
def test_names_without_colour_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no kind of picture that is written has this name .*\.png"):
        write(tmp_path / name, colour())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("suffix", "side"), [("webp", 16_384), ("jpg", 65_501), ("tga", 65_536)])
def test_pictures_that_are_too_long_for_a_format(tmp_path: Path, suffix: str, side: int) -> None:
    long = np.zeros((1, side, 3), np.uint8)
    with pytest.raises(UnwritablePicture, match=rf"a\.{suffix}: \w+ holds at most [0-9,]+ pixels a side"):
        write(tmp_path / f"a.{suffix}", long)
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "a.png", long)
    write(tmp_path / "a.tif", long)
    assert read_photograph(tmp_path / "a.tif").width == side


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SpaceError, match="no space left"):
        write(tmp_path / f"a.{suffix}", colour())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        write(tmp_path / "none" / "a.png", colour())


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("a.jpg", "a.jpg"),
        ("A.JPEG", "A.JPEG"),
        ("scan.1.TIF", "scan.1.TIF"),
        ("a.gif", "a.png"),
        ("a.pgm", "a.ppm"),
        ("a.PBM", "a.ppm"),
        ("a.mpo", "a.jpg"),
        ("a.psd", "a.png"),
        ("a.j2k", "a.jp2"),
        ("a", "a.png"),
        (".hidden", ".hidden.png"),
    ],
)
def test_names_of_results(name: str, result: str) -> None:
    assert written_name(name) == result


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_every_name_has_one_that_can_be_written(name: str) -> None:
    assume(name not in {".", ".."})  # no names of files
    result = written_name(name)
    assert writable(result[result.rindex(".") :])
    assert written_name(result) == result


def test_what_is_taken_for_a_picture() -> None:
    assert all(map(is_photograph, ("a.jpg", "A.PNG", "x.tar.tiff", "b.heic", "c.NEF", "d.gif")))
    assert not any(map(is_photograph, ("a.txt", "png", ".png", "a.png.part", "a.mp4", "a.xmp", "a.pdf")))
