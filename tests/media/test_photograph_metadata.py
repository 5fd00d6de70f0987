"""What a picture says of itself, from every format into every other, read back by a stranger."""

from __future__ import annotations

import struct
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from exiftool import read_tags, read_tags_of
from pictures import colour, deep_grey, grey
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from device.media.made_by import DIGITAL_SOURCE_TYPE, MadeBy
from device.media.photograph import exif as exif_room
from device.media.photograph import read_photograph, write_photograph
from device.media.photograph.quality import estimate_quality

if TYPE_CHECKING:
    from pathlib import Path

MADE_BY = MadeBy("compact", "1.2.3")
HOLDING = ["jpg", "png", "tif", "webp", "avif", "jp2"]
#: As ExifTool is told to write it.
TOLD = {
    "EXIF:Make": "Zeiß Ikon",
    "EXIF:Model": "Contax II",
    "EXIF:DateTimeOriginal": "1936:03:09 14:05:00",
    "EXIF:ImageDescription": "Tents by the road",
    "EXIF:Artist": "D. L.",
    "EXIF:Copyright": "public domain",
    "EXIF:ISO": 64,
    "EXIF:FocalLength": 50,
    "EXIF:UserComment": "found in a drawer",
    "EXIF:GPSLatitude": 35.0525,
    "EXIF:GPSLatitudeRef": "N",
    "EXIF:GPSLongitude": 120.4856,
    "EXIF:GPSLongitudeRef": "W",
    "XMP-dc:Title": "Prärie",
    "XMP-dc:Subject": "road",
    "XMP-xmp:Rating": 5,
    "XMP-photoshop:Instructions": "handle with care",
    "XMP-iptcExt:DigitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/negativeFilm",
}
IPTC = {"IPTC:Keywords": "Straße", "IPTC:By-line": "Dorothea", "IPTC:CodedCharacterSet": "UTF8"}
#: As it is to be found again.
FOUND: dict[str, Any] = {
    "IFD0:Make": "Zeiß Ikon",
    "IFD0:Model": "Contax II",
    "ExifIFD:DateTimeOriginal": "1936:03:09 14:05:00",
    "IFD0:ImageDescription": "Tents by the road",
    "IFD0:Artist": "D. L.",
    "IFD0:Copyright": "public domain",
    "ExifIFD:ISO": 64,
    "ExifIFD:FocalLength": 50,
    "ExifIFD:UserComment": "found in a drawer",
    "GPS:GPSLatitude": 35.0525,
    "GPS:GPSLongitude": 120.4856,
    "GPS:GPSLongitudeRef": "W",
    "XMP-dc:Title": "Prärie",
    "XMP-dc:Subject": "road",
    "XMP-xmp:Rating": 5,
    "XMP-photoshop:Instructions": "handle with care",
    "XMP-iptcExt:DigitalSourceType": DIGITAL_SOURCE_TYPE,
    "XMP-iptcExt:AISystemUsed": "tintcast, network compact",
}


def tell(path: Path, told: dict[str, Any]) -> None:
    """Let ExifTool write tags into a file."""
    arguments = [f"-{tag}={value}" for tag, value in told.items()]
    command = ["exiftool", "-q", "-overwrite_original", "-n", *arguments, path]
    subprocess.run(command, check=True, timeout=60)


def made_of(source: Path, suffixes: list[str]) -> dict[str, dict[str, Any]]:
    """What ExifTool finds in the pictures of these kinds that are made of ``source``."""
    photograph = read_photograph(source)
    pixels = photograph.pixels
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    paths = [source.with_name(f"{source.stem}-out.{suffix}") for suffix in suffixes]
    for path in paths:
        notes = write_photograph(path, pixels, photograph, MADE_BY, overwrite=True)
        assert all("holds no metadata" in note for note in notes)
    return dict(zip(suffixes, read_tags_of(paths), strict=True))


@pytest.mark.parametrize("of", ["jpg", "png", "tif", "webp", "avif"])
def test_everything_goes_over(tmp_path: Path, of: str) -> None:
    path = tmp_path / f"source.{of}"
    Image.fromarray(grey()).save(path)
    tell(path, TOLD | (IPTC if of in {"jpg", "png", "tif"} else {}))
    for into, found in made_of(path, HOLDING).items():
        for tag, value in FOUND.items():
            wanted = pytest.approx(value) if isinstance(value, float) else value
            assert found.get(tag) == wanted, (into, tag)
        if of in {"jpg", "png", "tif"} and into in {"jpg", "png", "tif"}:
            assert (found["IPTC:Keywords"], found["IPTC:By-line"]) == ("Straße", "Dorothea"), into


#: Where each kind of file has its resolution, and how many of its units make an inch.
RESOLUTION = {
    "jpg": ("JFIF:XResolution", "JFIF:YResolution", 1),
    "png": ("PNG-pHYs:PixelsPerUnitX", "PNG-pHYs:PixelsPerUnitY", 39.37),
    "tif": ("IFD0:XResolution", "IFD0:YResolution", 1),
    "bmp": ("File:PixelsPerMeterX", "File:PixelsPerMeterY", 39.37),
}


@pytest.mark.parametrize("of", RESOLUTION)
def test_resolution_goes_over(tmp_path: Path, of: str) -> None:
    Image.fromarray(grey()).save(tmp_path / f"source.{of}", dpi=(300, 150))
    for into, found in made_of(tmp_path / f"source.{of}", list(RESOLUTION)).items():
        across, down, unit = RESOLUTION[into]
        assert found[across] / unit == pytest.approx(300, abs=0.1)
        assert found[down] / unit == pytest.approx(150, abs=0.1)


@pytest.mark.parametrize("of", ["jpg", "tif", "png"])
def test_what_was_turned_says_that_it_is_upright(tmp_path: Path, of: str) -> None:
    path = tmp_path / f"source.{of}"
    Image.fromarray(grey()).save(path)
    tell(
        path,
        {
            "IFD0:Orientation": 6,
            "XMP-tiff:Orientation": 6,
            "ExifIFD:ExifImageWidth": 64,
            "ExifIFD:ExifImageHeight": 48,
            "ExifIFD:ColorSpace": 65_535,
            "EXIF:Make": "Leica",
            "XMP-photoshop:ColorMode": 1,
        },
    )
    for into, found in made_of(path, HOLDING).items():
        assert found.get("IFD0:Orientation", 1) == 1
        assert not {"XMP-tiff:Orientation", "XMP-photoshop:ColorMode"} & found.keys()
        assert found["IFD0:Make"] == "Leica"
        assert (found["ExifIFD:ExifImageWidth"], found["ExifIFD:ExifImageHeight"]) == (48, 64)
        assert found["ExifIFD:ColorSpace"] == 1
        with Image.open(tmp_path / f"source-out.{into}") as picture:
            assert picture.size == (48, 64)
        assert read_photograph(tmp_path / f"source-out.{into}").pixels.shape == (64, 48, 3)


def test_the_old_preview_is_left_out(tmp_path: Path) -> None:
    Image.fromarray(grey()).save(tmp_path / "small.jpg")
    Image.fromarray(grey(640, 480)).save(tmp_path / "source.jpg")
    tell(tmp_path / "source.jpg", {"EXIF:Make": "Canon"})
    command = ["exiftool", "-q", "-overwrite_original", f"-ThumbnailImage<={tmp_path / 'small.jpg'}"]
    subprocess.run([*command, tmp_path / "source.jpg"], check=True, timeout=60)
    assert "IFD1:ThumbnailImage" in read_tags(tmp_path / "source.jpg")
    found = made_of(tmp_path / "source.jpg", ["jpg"])["jpg"]
    assert found["IFD0:Make"] == "Canon"
    assert not any("Thumbnail" in tag for tag in found)


def test_makers_notes_stay_where_they_were(tmp_path: Path) -> None:
    note = b"Acme\0\0" + bytes(range(200))
    exif = Image.Exif()
    exif[0x010F] = "Acme"
    exif.get_ifd(0x8769)[0x927C] = note
    Image.fromarray(grey()).save(tmp_path / "a.jpg", exif=exif)
    before = (tmp_path / "a.jpg").read_bytes()
    for suffix in ("jpg", "png", "webp"):
        photograph = read_photograph(tmp_path / "a.jpg")
        write_photograph(tmp_path / f"b.{suffix}", colour(), photograph, MADE_BY, overwrite=False)
        after = read_photograph(tmp_path / f"b.{suffix}").carried.exif
        assert after is not None
        assert after.index(note) == before.index(note) - before.index(b"Exif\0\0") - 6


def test_text_of_a_png_goes_over(tmp_path: Path) -> None:
    text = PngInfo()
    text.add_text("Title", "A road")
    text.add_itxt("Author", "Δωροθέα")
    text.add_text("Comment", "under glass", zip=True)
    Image.fromarray(deep_grey()).save(tmp_path / "a.png", pnginfo=text)
    photograph = read_photograph(tmp_path / "a.png")
    write_photograph(tmp_path / "b.png", colour(), photograph, MADE_BY, overwrite=False)
    with Image.open(tmp_path / "b.png") as picture:
        found = picture.text  # type: ignore[attr-defined]
    assert (found["Title"], found["Author"], found["Comment"]) == ("A road", "Δωροθέα", "under glass")
    write_photograph(tmp_path / "b.jpg", colour(), photograph, MADE_BY, overwrite=False)
    assert read_tags(tmp_path / "b.jpg")["File:Comment"] == "under glass"


def test_a_comment_goes_over(tmp_path: Path) -> None:
    Image.fromarray(grey()).save(tmp_path / "a.jpg", comment="on the back: Lübeck")
    for suffix, tag in (("jpg", "File:Comment"), ("png", "PNG:Comment")):
        photograph = read_photograph(tmp_path / "a.jpg")
        write_photograph(tmp_path / f"b.{suffix}", colour(), photograph, MADE_BY, overwrite=False)
        assert read_tags(tmp_path / f"b.{suffix}")[tag] == "on the back: Lübeck"


def test_broken_metadata_is_left_out_with_a_word(tmp_path: Path) -> None:
    Image.fromarray(grey()).save(
        tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\0\0", xmp=b"<x:xmpmeta broken"
    )
    photograph = read_photograph(tmp_path / "a.jpg")
    assert photograph.notes == ("its Exif is broken and was left out", "its XMP is broken and was left out")
    write_photograph(tmp_path / "b.jpg", colour(), photograph, MADE_BY, overwrite=False)
    assert read_tags(tmp_path / "b.jpg")["XMP-iptcExt:DigitalSourceType"] == DIGITAL_SOURCE_TYPE


def test_what_a_jpeg_can_not_hold_is_said(tmp_path: Path) -> None:
    Image.fromarray(grey()).save(tmp_path / "a.png")
    tell(tmp_path / "a.png", {"XMP-dc:Description": "x" * 70_000, "EXIF:UserComment": "y" * 70_000})
    photograph = read_photograph(tmp_path / "a.png")
    notes = write_photograph(tmp_path / "b.jpg", colour(), photograph, MADE_BY, overwrite=False)
    assert notes == (
        "its Exif was left out: longer than a JPEG holds",
        "its XMP was left out: longer than a JPEG holds",
    )
    found = read_tags(tmp_path / "b.jpg")
    assert found["XMP-iptcExt:DigitalSourceType"] == DIGITAL_SOURCE_TYPE
    assert write_photograph(tmp_path / "b.tif", colour(), photograph, MADE_BY, overwrite=False) == ()
    assert read_tags(tmp_path / "b.tif")["XMP-dc:Description"] == "x" * 70_000


def test_exif_in_either_byte_order(tmp_path: Path) -> None:
    for order in ("II", "MM"):
        path = tmp_path / f"{order}.jpg"
        Image.fromarray(grey()).save(path)
        command = [
            "exiftool",
            "-q",
            "-overwrite_original",
            f"-ExifByteOrder={order}",
            "-EXIF:Make=Agfa",
            "-n",
        ]
        subprocess.run([*command, "-EXIF:ISO=200", "-EXIF:Orientation=3", path], check=True, timeout=60)
        photograph = read_photograph(path)
        assert photograph.carried.exif is not None
        assert photograph.carried.exif.startswith(order.encode())
        write_photograph(tmp_path / f"{order}.tif", colour(), photograph, MADE_BY, overwrite=False)
        found = read_tags(tmp_path / f"{order}.tif")
        assert (found["IFD0:Make"], found["ExifIFD:ISO"], found["IFD0:Orientation"]) == ("Agfa", 200, 1)
        assert found["File:ExifByteOrder"] == order
        assert np.array_equal(read_photograph(tmp_path / f"{order}.tif").pixels, colour())


@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"II*\0",
        b"nonsense" * 9,
        b"II*\0\x08\0\0\0\xff\xff" + bytes(99),
        b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4),
    ],
)
def test_structures_that_lead_nowhere(exif: bytes) -> None:
    assert exif_room.orientation(exif) == 1
    try:
        assert len(exif_room.upright(exif, 1, 1)) == len(exif)
    except ValueError as error:
        assert str(error)  # noqa: PT017  # either is fine, but nothing else, and no hang


def test_quality_is_told_from_the_table(tmp_path: Path) -> None:
    for quality in (1, 10, 49, 50, 75, 90, 99, 100):
        Image.fromarray(grey()).save(tmp_path / "a.jpg", quality=quality)
        with Image.open(tmp_path / "a.jpg") as picture:
            assert abs((estimate_quality(picture.quantization) or 0) - quality) <= 1  # type: ignore[attr-defined]
    assert estimate_quality(None) is None
    assert estimate_quality({}) is None
    assert estimate_quality({0: [1, 2, 3]}) is None


def test_metadata_as_older_programs_put_it_into_png(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Rollei", 8
    text = PngInfo()
    for name, packet in (("exif", exif.tobytes()), ("xmp", MadeBy("older", "0").xmp())):
        rows = "\n".join(packet.hex()[at : at + 72] for at in range(0, 2 * len(packet), 72))
        text.add_text(f"Raw profile type {name}", f"\n{name}\n{len(packet):8}\n{rows}\n", zip=True)
    Image.fromarray(grey()).save(tmp_path / "a.png", pnginfo=text)
    assert read_photograph(tmp_path / "a.png").pixels.shape == (64, 48)
    found = made_of(tmp_path / "a.png", ["png"])["png"]
    assert (found["IFD0:Make"], found["IFD0:Orientation"]) == ("Rollei", 1)
    assert found["XMP-xmp:CreatorTool"] == "tintcast 0"
    assert found["XMP-iptcExt:AISystemUsed"] == "tintcast, network compact"
    assert b"Raw profile type" not in (tmp_path / "a-out.png").read_bytes()
