"""What a night leaves, compared: with another night, and with films that were made one by one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Told of a film each time it is worked on, and different each time; and which file its shots are of.
_OF_THE_RUN = {"began", "ended", "seconds", "rate", "network_ms", "resumed", "out_mtime_ns", "out_bytes"}
_OF_THE_FILE = "made"
#: Said of what was killed as if it had crashed.
_AGAIN = "tried again"
#: What a film may take (seconds).
_FILM_S = 300.0


def results(out: Path) -> list[Path]:
    """Everything that stands under a name that people see, but for the reports."""
    found = []
    for folder, folders, files in os.walk(out):  # what goes meanwhile is passed over
        folders[:] = [name for name in folders if not name.startswith(".")]
        names = [name for name in files if not (name.startswith((".", "report.")) or name.endswith(".part"))]
        found += [Path(folder) / name for name in names]
    return sorted(found)


def differences(one: Path, other: Path) -> Iterator[str]:
    """In what two folders of results differ: films, pictures, shots, stills, records."""
    names = [
        {path.relative_to(out).as_posix() for path in (*results(out), *out.rglob(".*.shots/*"))}
        for out in (one, other)
    ]
    yield from (f"{name}: only in one of them" for name in sorted(names[0] ^ names[1]))
    for name in sorted(names[0] & names[1]):
        first, second = one / name, other / name
        if first.read_bytes() == second.read_bytes():
            continue
        if name.endswith("shots.json"):
            if _shots(first) != _shots(second):
                yield f"{name}: says something else"
        elif first.suffix in {".mp4", ".mov", ".mkv"}:
            yield from (f"{name}: {what}" for what in _of_films(first, second))
        else:
            yield f"{name}: other bytes"
    yield from (f"record of {name}" for name in _other_records(one, other))
    for out in (one, other):
        left = [path for path in out.rglob("*") if path.name.endswith((".part", ".next.json"))]
        left += out.rglob(".*.tintcast")
        yield from (f"left behind: {path.relative_to(out)}" for path in left)


def as_films_alone(source: Path, out: Path, config: Path) -> Iterator[str]:
    """In what the films in ``out`` differ from those that ``tintcast film`` makes, one by one."""
    alone = out.with_name("by-film")
    for path in results(out):
        film = next(source.rglob(f"{path.stem}.*"))
        made = alone / path.relative_to(out)
        made.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "device.cli", "film", str(film), str(made)]
        subprocess.run([*command, "--config", str(config)], check=True, capture_output=True, timeout=_FILM_S)
        yield from (f"{path.name}: {what}" for what in _of_films(path, made))


def _shots(path: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(path.read_bytes())
    said.pop(_OF_THE_FILE)
    return said


def _of_films(one: Path, other: Path) -> Iterator[str]:
    packets = [_packets(path) for path in (one, other)]
    if packets[0] != packets[1]:
        yield "its packets are others"
    pictures = [_pictures(path) for path in (one, other)]
    if pictures[0] != pictures[1]:
        yield f"its frames are others, {len(pictures[0])} and {len(pictures[1])}"


def _packets(path: Path) -> list[tuple[Any, ...]]:
    with av.open(str(path)) as film:
        return [
            (packet.stream_index, packet.pts, packet.dts, packet.duration, hashlib.sha256(packet).hexdigest())
            for packet in film.demux()
            if packet.size
        ]


def _pictures(path: Path) -> list[tuple[int | None, str]]:
    with av.open(str(path)) as film:
        return [
            (frame.pts, hashlib.sha256(b"".join(map(bytes, frame.planes))).hexdigest())
            for frame in film.decode(video=0)
        ]


def _other_records(one: Path, other: Path) -> Iterator[str]:
    first, second = (
        {
            path.relative_to(out).as_posix(): _record(path)
            for path in (out / ".tintcast" / "jobs").rglob("*.json")
        }
        for out in (one, other)
    )
    for name in sorted({*first, *second}):
        said = [records.get(name, {}) for records in (first, second)]
        keys = [key for key in {**said[0], **said[1]} if said[0].get(key) != said[1].get(key)]
        if keys:
            yield f"{name}: {', '.join(keys)}"


def _record(path: Path) -> dict[str, Any]:
    said = {key: value for key, value in json.loads(path.read_bytes()).items() if key not in _OF_THE_RUN}
    return {**said, "notes": [note for note in said["notes"] if note != _AGAIN]}
