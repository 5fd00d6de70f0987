"""The checkout's own environment: lint, types, all tests."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runner.steps import HOME, REPORT, VENV, call, passed_count, say

if TYPE_CHECKING:
    from collections.abc import Sequence

BUILT = HOME / VENV / "built"
PASSED = HOME / VENV / "passed"
#: Not named test_*.py: only who names it runs it.
MACHINE_TESTS = "tests/campaigns/vivid.py"
CHECKS = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("mypy", "tests/run", "tests/runner", "tests/conftest.py"),
)


def test(for_pytest: Sequence[str]) -> int:
    """Check the code and run the tests; returns how many passed. A whole run that passed is remembered."""
    tree = _tree_hash()
    build()
    for tool, *arguments in CHECKS:
        say(" ".join((tool, *arguments)))
        call(VENV / "bin" / tool, *arguments)
    say("pytest")
    call(VENV / "bin/pytest", f"--junitxml={REPORT}", *for_pytest)
    count = passed_count(HOME)
    if not for_pytest:
        PASSED.write_text(tree)
    return count


def test_machine(for_pytest: Sequence[str]) -> int:
    """Run the tests that need a virtual machine; returns how many passed."""
    build()
    say("a virtual machine: pytest")
    call(VENV / "bin/pytest", f"--junitxml={REPORT}", MACHINE_TESTS, *for_pytest)
    return passed_count(HOME)


def has_passed() -> bool:
    """Whether all tests have passed on this very tree."""
    return PASSED.exists() and PASSED.read_text() == _tree_hash()


def build() -> None:
    """Make the environment, with the converter and the test tools; kept while its recipe stays the same."""
    recipe = hashlib.sha256((HOME / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if BUILT.exists() and BUILT.read_text() == recipe:
        return
    say(f"building {VENV}")
    call(sys.executable, "-m", "venv", "--clear", VENV)
    call(VENV / "bin/pip", "install", "-e", ".[convert,test]", quiet=True)
    call(VENV / "bin/pip", "check")
    BUILT.write_text(recipe)


def files() -> list[Path]:
    """The checkout's files, relative: tracked ones and new ones, without what git ignores."""
    trusting = ("-c", f"safe.directory={HOME}")
    command = ("git", *trusting, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listing = subprocess.run(command, cwd=HOME, check=True, stdout=subprocess.PIPE, timeout=60).stdout
    names = (Path(os.fsdecode(name)) for name in sorted(set(listing.split(b"\0"))) if name)
    return [name for name in names if (HOME / name).is_file()]


def _tree_hash() -> str:
    """One hash for all that the checkout holds, and for the Python that runs it."""
    digest = hashlib.sha256(sys.version.encode())
    for name in files():
        digest.update(f"{name}\0{(HOME / name).stat().st_mode}\0".encode())
        digest.update(hashlib.sha256((HOME / name).read_bytes()).digest())
    return digest.hexdigest()
