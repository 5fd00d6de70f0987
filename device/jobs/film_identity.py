"""What a film's or a picture's result follows from: where it is the same, the same would be made again.

Needs neither PyAV nor OpenCV, so that the parent of a film's process can make it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from device.errors import from_os_error
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from device.config import Config, HintSettings

#: Bytes of each of the pieces of a file that its identity is made of, and how many there are.
_SAMPLE = 1 << 16
_SAMPLES = 16
#: Keys of section ``film`` that don't change the film.
_ELSEWHERE = {"stall_seconds", "keep_shots"}
#: So many things that changed are named.
_MOST_TOLD: Final = 3


@dataclass(frozen=True, slots=True)
class Ground:
    """What every result of a run stands on: the network (its sha256) and versions of what makes pixels."""

    network: str
    runtime: str
    av: str
    opencv: str


def film_identity(
    source: Path, config: Config, ground: Ground, *, sample: str | None = None
) -> dict[str, Any]:
    """Everything that the pixels of the film ``source`` and their segments follow from; JSON holds it.

    ``sample``: of its content, where that is known: then it is not read. Raises an error of the tree where
    the file, or the reference picture of the hints, can't be read.
    """
    return _of_film(_of_file(source, sample), config, ground)


def sequence_identity(
    pictures: Iterable[Path], rate: float, config: Config, ground: Ground
) -> dict[str, Any]:
    """The same of numbered pictures that become a film with ``rate`` of them a second."""
    return _of_film({**_of_pictures(pictures), "rate": rate}, config, ground)


def picture_identity(
    source: Path, config: Config, ground: Ground, *, sample: str | None = None
) -> dict[str, Any]:
    """The same of a photograph."""
    return _identity(_of_file(source, sample), config, ground) | {
        "settings": {
            "colour": config.colour.model_dump(mode="json", exclude={"steadiness"}),
            "photo": config.photo.model_dump(mode="json"),
        },
    }


def is_source(path: Path, identity: Mapping[str, Any]) -> bool:
    """Whether the file ``path`` still has the size and the time that ``identity`` says."""
    known = identity["source"]
    return "bytes" not in known or _status(path) == (known["bytes"], known["mtime_ns"])


def has_content(paths: Sequence[Path], identity: Mapping[str, Any]) -> bool:
    """Whether a film at ``paths``, its file or its pictures, has the content that ``identity`` says.

    A copy of the file has. Raises an error of the tree where one can't be read.
    """
    known = identity["source"]
    if "bytes" not in known:
        return {**known, **_of_pictures(paths)} == dict(known)
    (path,) = paths
    size, _ = _status(path)
    return bool(size == known["bytes"] and sampled_sha256(path, size) == known["sample"])


def changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, in words: source, network, hints.points, colour.saturation, versions.av."""
    found: list[str] = []
    for key in now:
        if key == "settings":
            found += _leaves(before.get(key), now[key], "")
        elif key == "source":
            found += [key] if before.get(key) != now[key] else []
        else:
            found += _leaves(before.get(key), now[key], key)
    return found


def told_changed(names: Sequence[str]) -> str:
    """The names that ``changed`` found in one line, or the first of them."""
    more = len(names) - _MOST_TOLD
    return ", ".join(names[:_MOST_TOLD]) + (f" and {more} more" if more > 0 else "")


def _leaves(before: Any, now: Any, name: str) -> list[str]:
    """Where two values differ: below mappings each place by its name."""
    if before == now:
        return []
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return [name or "settings"]
    below = f"{name}." if name else ""
    keys = dict.fromkeys([*now, *before])
    return [each for key in keys for each in _leaves(before.get(key, ...), now.get(key, ...), below + key)]


def _of_film(source: dict[str, Any], config: Config, ground: Ground) -> dict[str, Any]:
    return _identity(source, config, ground) | {
        "settings": {
            "colour": config.colour.model_dump(mode="json"),
            "film": config.film.model_dump(mode="json", exclude=_ELSEWHERE),
        },
    }


def _identity(source: dict[str, Any], config: Config, ground: Ground) -> dict[str, Any]:
    versions = asdict(ground)
    return {
        "source": source,
        "network": versions.pop("network"),
        "hints": _of_hints(config.hints),
        "versions": {"tintcast": version(), **versions},
    }


def _of_file(path: Path, sample: str | None) -> dict[str, Any]:
    size, mtime_ns = _status(path)
    return {"bytes": size, "mtime_ns": mtime_ns, "sample": sample or sampled_sha256(path, size)}


def _of_pictures(paths: Iterable[Path]) -> dict[str, Any]:
    digest, count = hashlib.sha256(), 0
    for path in paths:
        size, mtime_ns = _status(path)
        digest.update(repr((path.name, size, mtime_ns)).encode())
        count += 1
    return {"pictures": count, "sample": digest.hexdigest()}


def _of_hints(settings: HintSettings) -> dict[str, Any]:
    """What is said of the colours: of a reference its content, whatever it is called."""
    reference = settings.reference
    return {
        "points": list(settings.points),
        "reference": None if reference is None else hashlib.sha256(_content(reference)).hexdigest(),
    }


def _status(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be read") from None
    return status.st_size, status.st_mtime_ns


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be read") from None


def sampled_sha256(path: Path, size: int) -> str:
    """A hash of pieces spread over the file, its start and end among them."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for number in range(_SAMPLES):
                file.seek(max(size - _SAMPLE, 0) * number // (_SAMPLES - 1))
                digest.update(file.read(_SAMPLE))
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be read") from None
    return digest.hexdigest()
