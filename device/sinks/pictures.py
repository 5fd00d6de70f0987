"""Tinted frames as numbered pictures in a folder, each whole or not there at all."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from device.colour.lightness import lightness
from device.colour.merge import merge_reference
from device.colour.own import own_rgb
from device.errors import from_os_error
from device.media.durable import copy_file, write_bytes
from device.media.jpeg import encode_jpeg, facts_of, upright_planes, xmp_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from device.frames import TintedFrame
    from device.media.facts import Facts

_SUFFIXES = {"jpeg": ".jpg", "png": ".png"}
#: What files of a kind begin with.
_MAGIC = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG"}
_PNG_LEVEL = 4  # of zlib: half the time of the default, 2 % larger


class PictureSink:
    """Writes ``000000.jpg`` (or ``.png``) and on, by the frame's index, into ``folder``, which it makes.

    ``jpeg``: from planes, at ``quality`` 1..100. ``png``: by the reference merge. Both are upright and carry
    their facts, a PNG as the text ``Comment``; where their colour was made, XMP says so. Of a frame that
    passes as it is, the file that it came from is copied byte for byte, where ``originals`` (by the frame's
    index) holds it, upright and of the same kind. Raises SpaceError on a full disk, else InputError where the
    folder can't be written; what was written before stays.
    """

    def __init__(
        self,
        folder: Path,
        kind: Literal["jpeg", "png"] = "jpeg",
        *,
        network: str,
        device: str,
        quality: int = 92,
        job: str | None = None,
        originals: Sequence[Path] = (),
    ) -> None:
        self._folder, self._kind, self._quality = folder, kind, quality
        self._network, self._device, self._job = network, device, job
        self._originals = originals
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise from_os_error(error, where=folder, doing="can't be made") from error

    def write(self, tinted: TintedFrame) -> None:
        """Write one picture."""
        index = tinted.frame.index
        target = self._folder / f"{index:06}{_SUFFIXES[self._kind]}"
        if tinted.own_colour and (original := self._original(tinted)):
            copy_file(original, target)
            return
        facts = facts_of(tinted, sequence=index, network=self._network, device=self._device, job=self._job)
        if self._kind == "jpeg":
            write_bytes(target, encode_jpeg(*upright_planes(tinted), self._quality, facts))
        else:
            write_bytes(target, _png(tinted, facts))

    def _original(self, tinted: TintedFrame) -> Path | None:
        """The file that a frame came from, if it can stand for what would be written."""
        index = tinted.frame.index
        if tinted.frame.rotation or index >= len(self._originals):
            return None
        with self._originals[index].open("rb") as file:
            same_kind = file.read(len(_MAGIC[self._kind])) == _MAGIC[self._kind]
        return self._originals[index] if same_kind else None

    def close(self) -> None:
        """Nothing is left to do: every picture is complete."""

    def abort(self) -> None:
        """Keep what is complete, which is all there is."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Every picture is complete, whatever happened."""


def _png(tinted: TintedFrame, facts: Facts) -> bytes:
    text = PngInfo()
    text.add_text("Comment", facts.to_bytes().decode("ascii"))
    if xmp := xmp_of(facts):
        text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    file = io.BytesIO()
    Image.fromarray(merged(tinted)).save(file, "PNG", compress_level=_PNG_LEVEL, pnginfo=text)
    return file.getvalue()


def merged(tinted: TintedFrame) -> NDArray[np.uint8]:
    """R'G'B' (H, W, 3) uint8 of a tinted frame, upright: by the reference merge, grey outside its window.

    A frame whose own colour passes is what its planes say.
    """
    frame = tinted.frame
    rgb = own_rgb(frame) if tinted.own_colour else _tinted_rgb(tinted)
    return np.ascontiguousarray(np.rot90(rgb, -frame.rotation // 90))


def _tinted_rgb(tinted: TintedFrame) -> NDArray[np.uint8]:
    frame = tinted.frame
    full = lightness(frame.luma, frame.colour_space, frame.depth)
    if tinted.window is None:
        return merge_reference(full, tinted.ab)
    inside = tinted.window.slices
    rgb = merge_reference(full, np.zeros((1, 1, 2), np.float32))
    rgb[inside] = merge_reference(full[inside], tinted.ab)
    return rgb
