"""Names of picture files: which are read, which hold colour, and what a picture in colour is called."""

from __future__ import annotations

from pathlib import PurePath

#: What can be written, by the end of the name: Pillow's names of the formats.
WRITTEN = {
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".icb": "TGA",
    ".jfif": "JPEG",
    ".jp2": "JPEG2000",
    ".jpe": "JPEG",
    ".jpeg": "JPEG",
    ".jpf": "JPEG2000",
    ".jpg": "JPEG",
    ".jpx": "JPEG2000",
    ".pnm": "PPM",
    ".png": "PNG",
    ".ppm": "PPM",
    ".tga": "TGA",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".vda": "TGA",
    ".vst": "TGA",
    ".webp": "WEBP",
}
#: Read as well, but not written: no colour, 256 colours, or a program's own kind of file. And how a result of
#: each is called.
_RENAMED = {
    ".pbm": ".ppm",
    ".pgm": ".ppm",
    ".mpo": ".jpg",
    ".avifs": ".avif",
    ".j2c": ".jp2",
    ".j2k": ".jp2",
    ".jpc": ".jp2",
}
_TO_PNG = {
    ".apng", ".bw", ".cur", ".dcx", ".dds", ".gif", ".icns", ".ico", ".im", ".msp", ".pcx", ".psd", ".qoi",
    ".ras", ".rgb", ".rgba", ".sgi", ".xbm", ".xpm",
}  # fmt: skip
#: Pictures, too, but Pillow doesn't read them: so that they are listed as not read, and not passed over.
UNREAD = {".heic", ".heif", ".hif", ".jxl"}
#: What cameras call their raw files: these hold a small preview, which is not the photograph.
RAW = {
    ".3fr", ".arw", ".cr2", ".cr3", ".dng", ".erf", ".iiq", ".kdc", ".mrw", ".nef", ".nrw", ".orf", ".pef",
    ".raf", ".raw", ".rw2", ".sr2", ".srf", ".srw", ".x3f",
}  # fmt: skip
_SUFFIXES = frozenset(WRITTEN) | frozenset(_RENAMED) | _TO_PNG | UNREAD | RAW


def is_photograph(name: str) -> bool:
    """Whether a file of this name is to be taken for a picture, in a folder of anything."""
    return PurePath(name).suffix.lower() in _SUFFIXES


def writable(suffix: str) -> bool:
    """Whether a file whose name ends so (``.jpg``) can be written, in colour."""
    return suffix.lower() in WRITTEN


def written_name(name: str) -> str:
    """The name that a picture has once it is in colour: its own, or one that ends for a format with colour.

    ``a.pgm`` becomes ``a.ppm``, ``a.gif`` (256 colours) ``a.png``. Two pictures may come to the same name.
    """
    path = PurePath(name)
    suffix = path.suffix.lower()
    if suffix in WRITTEN:
        return name
    return path.stem + _RENAMED.get(suffix, ".png")
