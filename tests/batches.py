"""Nights in miniature: folders of tiny films and pictures, and runs over them in this process."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from films import make_film
from PIL import Image

from device.config import Config
from device.engine import Stop
from device.errors import TintcastError
from device.jobs.batch.records import Ledger
from device.jobs.batch.run import ground_for, run_batch
from device.jobs.batch.status import Night

if TYPE_CHECKING:
    from pathlib import Path

    from device.jobs.batch.records import Record
    from device.jobs.batch.turns import Summary
    from device.jobs.film_identity import Ground

#: Files are taken as they are, nothing is measured, and nobody is stood back for.
BATCH: dict[str, Any] = {
    "settle_seconds": 0,
    "look_seconds": 1,
    "measure": False,
    "priority": "normal",
    "keep_free_mb": 0,
}
FILM: dict[str, Any] = {"segment_frames": 5, "preset": "ultrafast", "stall_seconds": 30}


def settings(**sections: dict[str, Any]) -> Config:
    """The configuration of a small night, and what else is wanted."""
    sections = {"batch": {}, "film": {}, **sections}
    sections["batch"] = {**BATCH, **sections["batch"]}
    sections["film"] = {**FILM, **sections["film"]}
    return Config.model_validate(sections)


def toml(**sections: dict[str, Any]) -> str:
    """The same as a file for ``--config``."""
    sections = {"batch": {}, "film": {}, **sections}
    sections["batch"] = {**BATCH, **sections["batch"]}
    sections["film"] = {**FILM, **sections["film"]}
    lines = []
    for name, keys in sections.items():
        lines += [f"[{name}]", *(f"{key} = {_value(value)}" for key, value in keys.items())]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def lay_film(path: Path, **how: Any) -> Path:
    """A small grey film."""
    path.parent.mkdir(parents=True, exist_ok=True)
    make_film(path, **{"codec": "libx264" if path.suffix != ".mkv" else "ffv1", **how})
    return path


def lay_picture(path: Path, seed: int = 1) -> Path:
    """A small grey picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(40, 215, (6, 8), dtype=np.uint8)
    Image.fromarray(np.kron(coarse, np.ones((8, 8), np.uint8))).save(path)
    return path


def _ground(config: Config, stop: Stop) -> Ground:
    key = config.network.model_dump_json()
    if key not in _GROUNDS:
        _GROUNDS[key] = ground_for(config, stop)
    return _GROUNDS[key]


_GROUNDS: dict[str, Ground] = {}


@dataclass
class Ran:
    """What one run said and left."""

    summary: Summary
    records: dict[str, Record]
    said: list[str] = field(default_factory=list)

    def outcomes(self) -> dict[str, str]:
        """What became of each file, and how where it failed."""
        return {name: each.how or each.outcome.value for name, each in self.records.items()}


def run(source: Path, out: Path, config: Config | None = None, *, night: Night | None = None) -> Ran:
    """Run a night to its end, all but report.html. What it stands on is the same for all, and asked once."""
    said: list[str] = []
    with (
        patch("device.jobs.batch.run.ground_for", _ground),
        patch("device.jobs.batch.report.Report._write_page", lambda *_: None),
    ):
        summary = run_batch(
            source, out, config or settings(), night=night or Night(), stop=Stop(), say=said.append
        )
    records = {each.relative: each for each in Ledger(out).all()}
    return Ran(summary, records, said)


class Running:
    """A night that goes on in a thread until ``stop``, which returns its exit code."""

    def __init__(self, source: Path, out: Path, config: Config) -> None:
        self.night = Night()
        self._stop = Stop()
        self._code = 0
        self._thread = threading.Thread(target=self._run, args=(source, out, config), daemon=True)
        self._thread.start()

    def stop(self) -> int:
        self._stop.request()
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self._code

    def _run(self, source: Path, out: Path, config: Config) -> None:
        try:
            run_batch(source, out, config, night=self.night, stop=self._stop, say=lambda _: None)
        except TintcastError as error:
            self._code = error.exit_code


def files(folder: Path) -> list[str]:
    """All results below ``folder``, without what is hidden and without reports."""
    found = []
    for here, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".")]
        found += [os.path.relpath(os.path.join(here, name), folder) for name in names]  # noqa: PTH118 - any name
    return sorted(set(found) - {"report.json", "report.html"})
