"""Names of files in shells, topics, links and lines, whatever they are."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import pytest
from nights import HOSTILE_NAMES

from device.jobs.batch.naming import href, job_level, shell_word, shown
from device.mqtt.topics import is_level

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_for_shells_topics_and_links(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"printf %s {shell_word(name)}"],
        capture_output=True,
        check=True,
        timeout=10,
        cwd=tmp_path,
    )
    assert done.stdout == os.fsencode(name)
    assert "\n" not in shell_word(name)
    assert is_level(job_level(name))
    assert shown(name).isprintable()
    assert unquote_to_bytes(href(name)) == os.fsencode(name)
    assert list(tmp_path.iterdir()) == []
