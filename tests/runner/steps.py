"""One step of a run: a command with a deadline, its heading, its failure."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Sequence

HOME = Path(__file__).resolve().parents[2]
#: The environment of a checkout, and what pytest leaves there; relative to the checkout.
VENV = Path(".venv-tests")
REPORT = VENV / "report.xml"
STARTED = time.monotonic()
#: Seconds after which a step is given up.
DEADLINE = 2700.0


class FailedError(Exception):
    """A step that did not end well."""


def say(text: str) -> None:
    """Head the output of the step that follows, with the seconds since the start."""
    print(f"----- {time.monotonic() - STARTED:.0f} s: {text}", flush=True)


def call(*command: str | Path, quiet: bool = False) -> None:
    """Run one step in the checkout; past its deadline, or when we are stopped, its whole group ends.

    ``quiet``: what it prints is shown only when it fails. Raises FailedError.
    """
    words = [str(word) for word in command]
    with (
        tempfile.TemporaryFile() if quiet else contextlib.nullcontext() as output,
        subprocess.Popen(
            words,
            cwd=HOME,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if quiet else None,
            start_new_session=True,
        ) as process,
    ):
        try:
            status = process.wait(DEADLINE)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise FailedError(f"{_shown(words)}: not done after {DEADLINE:.0f} s") from None
            raise
        if status:
            if output:
                output.seek(0)
                print(output.read().decode(errors="replace"), flush=True)
            raise FailedError(f"{_shown(words)}: exit status {status}")


def printed(*command: str | Path) -> str:
    """What a short command prints, run in the checkout."""
    done = subprocess.run(command, cwd=HOME, check=True, stdout=subprocess.PIPE, text=True, timeout=60)
    return done.stdout


def passed_count(checkout: Path) -> int:
    """How many tests passed in ``checkout``; a skipped one is a failure: what it needs has to be there."""
    suite = ET.parse(checkout / REPORT).getroot().find("testsuite")  # noqa: S314 - pytest wrote it just now
    if suite is None:
        raise FailedError("pytest left no report")
    tests, skipped = int(suite.attrib["tests"]), int(suite.attrib["skipped"])
    if skipped or not tests:
        raise FailedError(f"{tests} tests, {skipped} of them skipped: none may be, and one must run")
    return tests


def _shown(words: Sequence[str]) -> str:
    """``words`` short enough for one line."""
    text = " ".join(shlex.join(words).split())
    return text if len(text) < 160 else f"{text[:60]} ... {text[-90:]}"
