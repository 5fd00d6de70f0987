from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from pictures import colour, deep_colour, deep_grey, grey
from PIL import Image, ImageOps

from device.errors import InputError, MissingInput, UnreadablePicture
from device.media.photograph import read_photograph

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from device.media.photograph import Photograph


def saved(path: Path, pixels: NDArray[np.generic], mode: str | None = None, **settings: object) -> Photograph:
    """Write pixels by Pillow, turned into ``mode``, and read them."""
    picture = Image.fromarray(pixels)
    (picture if mode is None else picture.convert(mode)).save(path, **settings)  # type: ignore[arg-type]
    return read_photograph(path)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "tga", "pgm", "jp2", "pcx", "sgi", "im"])
@pytest.mark.filterwarnings("ignore:IM image format")
def test_grey_comes_as_it_is(tmp_path: Path, suffix: str) -> None:
    photograph = saved(tmp_path / f"a.{suffix}", grey())
    assert photograph.pixels.dtype == np.uint8
    assert np.array_equal(photograph.pixels, grey())
    assert (photograph.alpha, photograph.notes) == (None, ())
    assert (photograph.width, photograph.height) == (64, 48)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "tga", "ppm", "jp2", "qoi", "sgi", "dds"])
def test_colour_comes_as_it_is(tmp_path: Path, suffix: str) -> None:
    photograph = saved(tmp_path / f"a.{suffix}", colour())
    assert np.array_equal(photograph.pixels, colour())


@pytest.mark.parametrize("suffix", ["jpg", "webp", "avif"])
def test_formats_that_lose_something(tmp_path: Path, suffix: str) -> None:
    photograph = saved(tmp_path / f"a.{suffix}", colour(), quality=95)
    assert np.abs(photograph.pixels.astype(int) - colour()).mean() < 5
    assert photograph.form == {"jpg": "JPEG", "webp": "WEBP", "avif": "AVIF"}[suffix]


@pytest.mark.parametrize("name", ["a.png", "a.tif", "be.tif", "a.jp2", "a.pgm", "white.tif", "12.tif"])
def test_sixteen_bits_of_grey_stay(tmp_path: Path, name: str) -> None:
    path, wanted = tmp_path / name, deep_grey()
    if name == "a.pgm":
        path.write_bytes(b"P5 64 48 65535 " + wanted.astype(">u2").tobytes())
    elif name == "be.tif":
        Image.frombytes("I;16B", (64, 48), wanted.astype(">u2").tobytes()).save(path)
    elif name == "white.tif":
        Image.fromarray(65_535 - wanted).save(path, tiffinfo={262: 0})
    elif name == "12.tif":
        codes = wanted >> 4
        pairs = codes.reshape(-1, 2).astype(np.uint32)
        packed = (pairs[:, 0] << 12 | pairs[:, 1]).astype(">u4").tobytes()
        rows = b"".join(packed[at + 1 : at + 4] for at in range(0, len(packed), 4))
        _plain_tiff(path, rows, bits=(12,), photometric=1)
        wanted = np.rint(codes * (65_535 / 4095)).astype(np.uint16)
    else:
        Image.fromarray(wanted).save(path)
    pixels = read_photograph(path).pixels
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, wanted)


def _plain_tiff(
    path: Path, samples: bytes, *, bits: tuple[int, ...], photometric: int, extra: int = -1
) -> None:
    """A TIFF of 64 by 48 in one strip, little-endian."""
    entries = [
        (256, 3, 1, 64),
        (257, 3, 1, 48),
        (258, 3, len(bits), bits[0]),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, len(bits)),
        (278, 3, 1, 48),
        (279, 4, 1, len(samples)),
    ]
    if extra >= 0:
        entries.append((338, 3, 1, extra))
    at = 8 + len(samples)
    if len(bits) > 2:
        entries[2] = (258, 3, len(bits), at)
        samples += struct.pack(f"<{len(bits)}H", *bits)
        at = 8 + len(samples)
    elif len(bits) == 2:
        entries[2] = (258, 3, 2, bits[0] | bits[1] << 16)
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    path.write_bytes(b"II*\0" + struct.pack("<I", at) + samples + directory + bytes(4))


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.ppm", "be.ppm", "a.jp2"])
def test_sixteen_bits_of_colour_stay(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "be.ppm":
        path.write_bytes(b"P6\n# a comment\n64 48\n65535\n" + deep_colour().astype(">u2").tobytes())
    else:
        assert cv2.imwrite(str(path), deep_colour()[..., ::-1])
    pixels = read_photograph(path).pixels
    assert pixels.dtype == np.uint16
    error = np.abs(pixels.astype(int) - deep_colour())
    assert error.max() == 0 or (name == "a.jp2" and error.mean() < 400)  # OpenCV writes it with a loss


@pytest.mark.parametrize("kind", ["premultiplied", "cmyk"])
def test_where_sixteen_bits_become_eight_it_is_said(tmp_path: Path, kind: str) -> None:
    samples = np.dstack(
        [deep_colour(), deep_grey() if kind == "cmyk" else np.full((48, 64), 65_535, np.uint16)]
    )
    photometric, extra = (5, -1) if kind == "cmyk" else (2, 1)
    _plain_tiff(tmp_path / "a.tif", samples.tobytes(), bits=(16,) * 4, photometric=photometric, extra=extra)
    photograph = read_photograph(tmp_path / "a.tif")
    assert photograph.pixels.dtype == np.uint8
    assert "read with 8 bits of its 16: CMYK, or alpha that is multiplied in" in photograph.notes


def test_ten_bits_fill_sixteen(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"P6 1 1 1023 " + struct.pack(">3H", 1023, 512, 0))
    assert read_photograph(tmp_path / "a.ppm").pixels.tolist() == [[[65_535, 32_800, 0]]]


@pytest.mark.parametrize(
    ("mode", "suffix"), [("LA", "png"), ("LA", "tif"), ("RGBA", "png"), ("RGBA", "webp"), ("RGBA", "tga")]
)
def test_alpha_is_kept_apart(tmp_path: Path, mode: str, suffix: str) -> None:
    alpha = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))
    pixels = np.dstack([grey(), alpha] if mode == "LA" else [colour(), alpha])
    photograph = saved(
        tmp_path / f"a.{suffix}", pixels, **({"lossless": True, "exact": True} if suffix == "webp" else {})
    )
    assert photograph.alpha is not None
    assert np.array_equal(photograph.alpha, alpha)
    assert np.array_equal(photograph.pixels, grey() if mode == "LA" else colour())


@pytest.mark.parametrize("name", ["a.png", "a.tif", "grey.png"])
def test_deep_alpha_is_kept_apart(tmp_path: Path, name: str) -> None:
    alpha = deep_grey()[::-1]
    if name == "grey.png":
        stored = np.dstack([deep_grey(), alpha]).astype(">u2")
        rows = b"".join(b"\0" + row.tobytes() for row in stored)
        (tmp_path / name).write_bytes(png(64, 48, rows, depth=16, kind=4))
    else:
        assert cv2.imwrite(str(tmp_path / name), np.dstack([deep_colour()[..., ::-1], alpha]))
    photograph = read_photograph(tmp_path / name)
    assert photograph.alpha is not None
    assert np.array_equal(photograph.alpha, alpha)
    assert np.array_equal(photograph.pixels, deep_grey() if name == "grey.png" else deep_colour())


def png(width: int, height: int, rows: bytes, *, depth: int = 8, kind: int = 0, chunks: bytes = b"") -> bytes:
    """A PNG by hand; ``rows`` begin with their filter; ``chunks`` go before them."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + data + chunk(b"IEND", b"")


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def test_one_colour_can_be_transparent(tmp_path: Path) -> None:
    for number, (pixels, clear) in enumerate(
        (
            (grey(), int(grey()[5, 5])),
            (deep_grey(), int(deep_grey()[5, 5])),
            (colour(), tuple(map(int, colour()[5, 5]))),
        )
    ):
        photograph = saved(tmp_path / f"{number}.png", pixels, transparency=clear)
        assert photograph.alpha is not None
        assert photograph.alpha.dtype == pixels.dtype
        seen = pixels != clear if pixels.ndim == 2 else (pixels != np.array(clear)).any(axis=-1)
        assert np.array_equal(photograph.alpha, seen * np.iinfo(pixels.dtype).max)
        assert np.array_equal(photograph.pixels, pixels)


@pytest.mark.parametrize(
    ("suffix", "transparency"),
    [("png", 7), ("png", bytes(range(256))), ("png", None), ("gif", 7), ("gif", None)],
)
def test_palettes(tmp_path: Path, suffix: str, transparency: int | bytes | None) -> None:
    palette = Image.fromarray(colour()).convert("P", palette=Image.Palette.ADAPTIVE)
    palette.save(tmp_path / f"a.{suffix}", **({} if transparency is None else {"transparency": transparency}))  # type: ignore[arg-type]
    photograph = read_photograph(tmp_path / f"a.{suffix}")
    assert np.array_equal(photograph.pixels, np.asarray(palette.convert("RGB")))
    index = np.asarray(palette)
    if transparency is None:
        assert photograph.alpha is None
    elif isinstance(transparency, bytes):
        assert np.array_equal(photograph.alpha, index)  # type: ignore[arg-type]
    else:
        assert np.array_equal(photograph.alpha, np.where(index == transparency, 0, 255))  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["png", "tif", "pbm", "bmp", "xbm"])
def test_one_bit(tmp_path: Path, suffix: str) -> None:
    bits = Image.fromarray(grey()).convert("1")
    bits.save(tmp_path / f"a.{suffix}")
    assert np.array_equal(read_photograph(tmp_path / f"a.{suffix}").pixels, np.asarray(bits) * np.uint8(255))


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_cmyk_without_a_profile_says_so(tmp_path: Path, suffix: str) -> None:
    photograph = saved(tmp_path / f"a.{suffix}", colour(), "CMYK")
    assert np.abs(photograph.pixels.astype(int) - colour()).mean() < 5
    assert photograph.notes == ("CMYK without a profile: its colours are approximate",)


@pytest.mark.parametrize(
    ("suffix", "note"),
    [
        ("gif", "the first of 3 frames"),
        ("png", "the first of 3 frames"),
        ("webp", "the first of 3 frames"),
        ("avif", "the first of 3 frames"),
        ("tif", "the first of 3 pages"),
        ("mpo", "the first of 3 pictures"),
    ],
)
def test_the_first_of_several(tmp_path: Path, suffix: str, note: str) -> None:
    first, *rest = (Image.fromarray(np.roll(colour(), 9 * n, axis=1)) for n in range(3))
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=rest)
    photograph = read_photograph(tmp_path / f"a.{suffix}")
    assert photograph.notes == (note,)
    assert np.abs(photograph.pixels.astype(int) - colour()).mean() < (30 if suffix == "gif" else 8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_orientation_is_undone(tmp_path: Path, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"lossless": True} if suffix == "webp" else {}
    Image.fromarray(colour()).save(tmp_path / f"a.{suffix}", exif=exif, **lossless)  # type: ignore[arg-type]
    with Image.open(tmp_path / f"a.{suffix}") as stored:
        upright = np.asarray(ImageOps.exif_transpose(stored).convert("RGB"))
    pixels = read_photograph(tmp_path / f"a.{suffix}").pixels
    assert pixels.shape == ((64, 48, 3) if orientation > 4 else (48, 64, 3))
    assert np.abs(pixels.astype(int) - upright).max() <= (2 if suffix == "jpg" else 0)


def test_a_deep_tiff_is_turned_once(tmp_path: Path) -> None:
    for tag, name in ((3, "grey.tif"), (6, "turned.tif")):
        Image.fromarray(deep_grey()).save(tmp_path / name, tiffinfo={274: tag})
    assert np.array_equal(read_photograph(tmp_path / "grey.tif").pixels, deep_grey()[::-1, ::-1])
    assert np.array_equal(read_photograph(tmp_path / "turned.tif").pixels, np.rot90(deep_grey(), -1))


def test_what_the_name_says_does_not_count(tmp_path: Path) -> None:
    Image.fromarray(grey()).save(tmp_path / "a.png", "JPEG")
    assert read_photograph(tmp_path / "a.png").form == "JPEG"


def jpeg(**settings: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(colour(320, 240)).save(file, "JPEG", **settings)  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize("settings", [{}, {"progressive": True}, {"keep_rgb": True}, {"subsampling": 0}])
def test_jpegs_of_all_kinds(tmp_path: Path, settings: dict[str, object]) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(quality=95, **settings))
    photograph = read_photograph(tmp_path / "a.jpg")
    assert np.abs(photograph.pixels.astype(int) - colour(320, 240)).mean() < 3
    assert photograph.carried.quality in {94, 95}


def test_what_is_wrong_with_a_jpeg_is_said(tmp_path: Path) -> None:
    whole, path = jpeg(), tmp_path / "a.jpg"
    wanted = np.asarray(Image.open(io.BytesIO(whole)))
    for content, note in (
        (whole + b"left behind", ()),
        (whole.replace(b"\xff\xdb", b"\0\0\xff\xdb", 1), ()),
        (whole[:-2], ("its end marker is missing, nothing else",)),
    ):
        path.write_bytes(content)
        photograph = read_photograph(path)
        assert photograph.notes == note
        assert np.abs(photograph.pixels.astype(int) - wanted).max() <= 2
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + whole[middle + 200 :])
    (note,) = read_photograph(path).notes
    assert note.startswith("damaged, parts of it may look wrong: corrupt JPEG data")


def broken(tmp_path: Path, name: str, content: bytes) -> str:
    """What is said of a file of this content."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadablePicture) as caught:
        read_photograph(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    return line.removeprefix(f"{path}: ")


def test_broken_files_say_why(tmp_path: Path) -> None:
    assert broken(tmp_path, "a.png", b"") == "an empty file"
    assert broken(tmp_path, "a.png", b"Dear diary\n" * 99) == "not a picture, or a broken one"
    assert "truncated" in broken(tmp_path, "a.jpg", jpeg()[:2000])
    rows = b"".join(b"\0" + row.tobytes() for row in grey())
    whole = png(64, 48, rows)
    assert "truncated" in broken(tmp_path, "a.png", whole[:900])
    assert broken(tmp_path, "a.png", png(0, 48, b"")).startswith("not a picture, or a broken one")
    assert broken(tmp_path, "a.tif", b"II*\0\x08\0\0\0" + bytes(40)).startswith(
        "not a picture, or a broken one"
    )
    assert "HEIC is not read" in broken(tmp_path, "a.heic", b"\0\0\0 ftypheic" + bytes(99))
    assert "develop it first" in broken(tmp_path, "a.NEF", b"II*\0" + bytes(99))
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000)))
    assert "too large" in broken(tmp_path, "a.png", png(64, 48, rows, chunks=text))


@pytest.mark.parametrize("suffix", ["png", "tif", "jp2"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_deep_files_that_are_cut_short(
    tmp_path: Path, suffix: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = cv2.imencode(f".{suffix}", deep_colour())[1].tobytes()
    assert "not a picture, or a broken one" in broken(
        tmp_path, f"a.{suffix}", whole[: int(len(whole) * share)]
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["f.tif", "i.tif"])
def test_more_than_sixteen_bits_are_refused(tmp_path: Path, name: str) -> None:
    pixels = grey().astype(np.float32) if name == "f.tif" else grey().astype(np.int32) << 20
    Image.fromarray(pixels).save(tmp_path / name)
    assert "more than 16 bits, is not read" in broken(tmp_path, name, (tmp_path / name).read_bytes())


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    bomb = png(200_000, 200_000, bytes(1000))
    assert broken(tmp_path, "a.png", bomb) == (
        "more than the 178,956,970 pixels that a picture may have (scale it down first)"
    )


def test_a_hundred_megapixels_are_read(tmp_path: Path) -> None:
    Image.new("1", (12_500, 8_000), 1).save(tmp_path / "a.tif", compression="group4")
    photograph = read_photograph(tmp_path / "a.tif")
    assert photograph.pixels.shape == (8_000, 12_500)
    assert photograph.pixels.min() == 255


def test_what_is_no_file_at_all(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UnreadablePicture, match=r"folder\.png: a folder, not a picture"):
        read_photograph(tmp_path / "folder.png")
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UnreadablePicture, match=r"pipe\.png: not a file"):
        read_photograph(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("nowhere.png")
    for name in ("link.png", "none.png"):
        with pytest.raises(MissingInput, match="no such picture"):
            read_photograph(tmp_path / name)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything: the refusal is the system's own, put there by hand."""
    Image.fromarray(grey()).save(tmp_path / "a.png")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(InputError, match=r"a\.png: can't be read: permission denied"):
        read_photograph(tmp_path / "a.png")


def mutated(whole: bytes, rng: np.random.Generator) -> bytes:
    """A file with a few bytes changed or missing, half of them in its header."""
    data = bytearray(whole)
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(0, min(len(data), int(rng.choice([300, len(data)])))))
        if rng.random() < 0.7:
            data[at] = int(rng.choice([0, 127, 128, 255, rng.integers(256)]))
        else:
            del data[at : at + int(rng.integers(1, 9))]
    return bytes(data)


@pytest.mark.parametrize(
    "suffix",
    [
        "jpg",
        "png",
        "tif",
        "webp",
        "avif",
        "gif",
        "jp2",
        "bmp",
        "tga",
        "ppm",
        "qoi",
        "ico",
        "dds",
        "pcx",
        "sgi",
    ],
)
def test_broken_in_any_way_it_is_read_or_refused(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Leica"
    more = {"exif": exif} if suffix in {"jpg", "png", "tif", "webp", "avif"} else {}
    Image.fromarray(colour()).save(path, **more)  # type: ignore[arg-type]
    sound, rng = path.read_bytes(), np.random.default_rng(7)
    said: list[str] = []
    for _ in range(60):
        path.write_bytes(mutated(sound, rng))
        try:
            photograph = read_photograph(path)
        except UnreadablePicture as error:
            said.append(str(error))
        else:
            assert photograph.pixels.shape[0] > 0
    assert said
    assert not any("\n" in line for line in said)
    assert capfd.readouterr() == ("", "")


def test_several_threads_read_at_once(tmp_path: Path) -> None:
    for number in range(12):
        path = tmp_path / f"{number}.{('tif', 'png', 'jpg')[number % 3]}"
        Image.fromarray(np.roll(colour(), number, axis=1)).save(path)
        if number % 4 == 0:
            path.write_bytes(mutated(path.read_bytes(), np.random.default_rng(number)))
    filters = warnings.filters[:]

    def read(path: Path) -> str:
        try:
            return read_photograph(path).form
        except UnreadablePicture as error:
            return error.what

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(read, sorted(tmp_path.iterdir()) * 5))
    assert together == [read(path) for path in sorted(tmp_path.iterdir())] * 5
    assert warnings.filters == filters


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(cv2.imencode(".png", deep_colour()[..., ::-1])[1].tobytes())
    assert np.array_equal(read_photograph(path).pixels, deep_colour())
