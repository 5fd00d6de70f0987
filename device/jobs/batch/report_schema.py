"""``report.json``: what a night has done so far, for programs; each key says what it is.

The version rises when a key changes its meaning or goes; keys may be added. Names that are no text are told
as near to it as can be (``file``), and whole as relative addresses (``href``, percent-encoded).
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

#: What every report says of itself.
FORMAT: Final = "tintcast night"


class Part(BaseModel):
    """A group of keys: frozen, and no key that is not in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(Part):
    """What it ran on."""

    board: str = Field(description="the board's name, or the processor's")
    cores: int = Field(description="processors that may be used")
    memory_mb: int | None = Field(description="memory in all (MB)")
    system: str = Field(description="kernel and kind of machine")
    python: str = Field(description="version of Python")


class NetworkUsed(Part):
    """The network."""

    name: str = Field(description="as it was asked for")
    sha256: str | None = Field(description="of its file; null: nothing was coloured yet")


class Totals(Part):
    """Over all files, earlier runs included where a number does not say otherwise."""

    films: int = Field(description="films that are done")
    pictures: int = Field(description="pictures that are done")
    skipped: int = Field(description="files that were passed over, each with its reason")
    failed: int = Field(description="files that failed, each with its reason")
    left: int = Field(description="files that are still to be done")
    arriving: int = Field(description="files that were still growing when last looked at")
    frames: int = Field(description="frames of films that are done")
    passed: int = Field(description="those of them that were in colour already, or to be left alone")
    seconds: float = Field(description="spent on what is done (seconds)")
    rate: float | None = Field(description="frames a second over all films; null: none is done")
    out_bytes: int = Field(description="what is done takes on the disk (bytes)")


class FileEntry(Part):
    """One film, picture or numbered sequence."""

    file: str = Field(description="its name under IN, to read")
    href: str = Field(description="the same as a relative address, every byte of it")
    kind: Literal["film", "picture", "sequence"] = Field(description="what it is")
    outcome: Literal["done", "skipped", "failed"] = Field(description="what became of it")
    this_run: bool = Field(description="whether that was in this run")
    how: str | None = Field(description="of what failed: crashed, hung, memory, corrupt, refused, busy ...")
    reason: str | None = Field(description="why it failed or was passed over, in one line")
    out: str | None = Field(description="relative address, under OUT, of what was made of it")
    shots: str | None = Field(description="relative address, under OUT, of its shots.json")
    job: str = Field(description="its name in topics of MQTT")
    frames: int = Field(description="frames of the film")
    passed: int = Field(description="those that were in colour already, or to be left alone")
    resumed: int = Field(description="those that an earlier run had done")
    seconds: float = Field(description="time it took, in the run that finished it (seconds)")
    rate: float = Field(description="frames a second")
    network_ms: float = Field(description="mean time of the network for a frame (milliseconds)")
    figures: dict[str, Any] = Field(description="flicker, colourfulness and more of what was tinted")
    notes: tuple[str, ...] = Field(description="what a person should know of it")
    out_bytes: int = Field(description="size of what was made of it (bytes)")
    began: str = Field(description="when work on it began (ISO 8601)")
    ended: str = Field(description="when it ended (ISO 8601)")


class NightReport(Part):
    """All of it."""

    format: Literal["tintcast night"] = Field(default=FORMAT, description="what this file is")
    version: Literal[1] = Field(default=1, description="of this format")
    tintcast: str = Field(description="version of the program")
    state: str = Field(description="scanning, measuring, working, paused, waiting, finished or stopped")
    reason: str | None = Field(description="why it pauses, waits or has stopped")
    began: str = Field(description="when this run began (ISO 8601)")
    written: str = Field(description="when this was written (ISO 8601)")
    source: str = Field(description="the folder of films, to read")
    out: str = Field(description="the folder of results, to read")
    machine: Machine = Field(description="what it ran on")
    network: NetworkUsed = Field(description="what predicted the colour")
    settings: dict[str, dict[str, Any]] = Field(description="sections of the configuration, by name")
    totals: Totals = Field(description="sums")
    files: tuple[FileEntry, ...] = Field(description="everything that has come to an end, failures first")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(NightReport.model_json_schema(), indent=1) + "\n")
