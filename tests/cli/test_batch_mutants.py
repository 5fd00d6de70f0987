"""Harmed films of all kinds in one queue: none stops it, and what became of each is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)

CAMPAIGN = Path(__file__).parent.parent / "campaigns" / "mutants.py"


def test_no_harmed_film_stops_the_queue() -> None:
    done = subprocess.run(
        [sys.executable, str(CAMPAIGN), "--films", "6"],
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 films, 12 outcomes told" in done.stdout
    assert "WRONG" not in done.stdout
