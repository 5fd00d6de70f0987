"""Brings an official release into a cache: whole, checked, or not there at all."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from converter.download import Limits, discard, download
from converter.networks import zhang16
from converter.networks.graph import check_weights
from converter.weights.caffe import read_caffemodel
from converter.weights.prototxt import read_prototxt
from device.errors import NetworkFileError
from device.media.durable import move, writable
from device.network import file_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from converter.releases import Release, ReleaseFile

    Told = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file in the cache: its sha256, what it was told by, and whether it was there before."""

    path: Path
    sha256: str
    told_by: str
    was_there: bool


def cache_folder() -> Path:
    """Where releases are kept unless another folder is named: this user's cache."""
    return Path(platformdirs.user_cache_dir("tintcast")) / "releases"


def fetch(
    release: Release, folder: Path, *, limits: Limits | None = None, told: Told = lambda *_: None
) -> list[Fetched]:
    """Every file of ``release`` in ``folder``, downloaded where it is not there yet, and checked in any case.

    ``told`` hears a file's name, how many bytes are there, and of how many. Raises DownloadFailed where no
    address gives a file, NetworkFileError for one that is another than the release's, SpaceError.
    """
    limits = limits or Limits()
    return [_fetch(file, folder, limits, told) for file in release.files]


def _fetch(file: ReleaseFile, folder: Path, limits: Limits, told: Told) -> Fetched:
    path = folder / file.name
    if path.exists():
        return Fetched(path, file_sha256(path), _check(file, path, path), was_there=True)
    part = folder / f"{file.name}.part"
    by_hand = f"by hand: bring {file.addresses[0]} with a browser, save it as {path} and run this again"

    def tell(have: int, total: int | None) -> None:
        told(file.name, have, total)

    resumed = download(file.addresses, part, limits=limits, told=tell, by_hand=by_hand)
    try:
        told_by = _check(file, part, path)
    except NetworkFileError:
        discard(part)
        if not resumed:
            raise
        # The two halves may be of two files: once more, in one piece.
        download(file.addresses, part, limits=limits, told=tell, by_hand=by_hand)
        try:
            told_by = _check(file, part, path)
        except NetworkFileError:
            discard(part)
            raise
    with writable(path):
        move(part, path)
    discard(part)
    return Fetched(path, file_sha256(path), told_by, was_there=False)


def _check(file: ReleaseFile, found: Path, path: Path) -> str:
    """What tells that ``found``, which is or will be ``path``, is the release's file."""
    if not file.digest:
        _check_layers(found, path)
        return "its layers' names and shapes"
    with writable(found), found.open("rb") as stream:
        digest = hashlib.file_digest(stream, file.algorithm).hexdigest()
    if not digest.startswith(file.digest):
        raise NetworkFileError(
            f"its {file.algorithm} is {digest[: max(len(file.digest), 12)]}, the release's {file.digest}",
            where=path,
            hint="remove it and run this again"
            if found == path
            else "the site gave another file; nothing is kept",
        )
    whole = len(file.digest) == len(digest)
    return file.algorithm if whole else f"the start of its {file.algorithm}, {file.digest}"


def _check_layers(found: Path, path: Path) -> None:
    """Refuse a .caffemodel that does not fit the .prototxt beside it."""
    description = path.with_name("colorization_deploy_v2.prototxt")
    graph = read_prototxt(description)
    ends = zhang16.find_ends(graph, description)
    weights = read_caffemodel(found)
    # The head is filled from the points, whatever the file holds there.
    points = np.zeros((graph[ends.logits].channels, 2), np.float32)
    check_weights(graph, weights | zhang16.head(graph, ends, points, zhang16.TEMPERATURE), path)
