"""A disk on which there is no room for one file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from device.media.durable import PartFile

if TYPE_CHECKING:
    import pytest


def no_room_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing can be written to a part file that is to get the name ``name``."""
    begin = PartFile.__init__

    def begin_full(part: PartFile, path: Path) -> None:
        begin(part, path)
        if path.name == name:
            part.file.close()
            part.file = Path("/dev/full").open("w+b")  # noqa: SIM115 - the part file closes it

    monkeypatch.setattr(PartFile, "__init__", begin_full)
