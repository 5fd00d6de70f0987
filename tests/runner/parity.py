"""An environment with PyTorch: converted releases against its own definitions of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from runner import checkout
from runner.steps import HOME, VENV, call, say

TORCH = VENV / "torch"
SHARED = Path(os.environ.get("TINTCAST_SHARED", HOME.parent / "shared")) / "data/photos/val.tar"
STILLS = Path("tests/media/stills")


def test() -> None:
    """Make the environment, once, and compare. Raises FailedError where colours differ."""
    checkout.build()
    if not (HOME / TORCH / "built").exists():
        say(f"building {TORCH}")
        call(sys.executable, "-m", "venv", "--clear", TORCH)
        call(TORCH / "bin/pip", "install", "numpy", "torch", quiet=True)
        (HOME / TORCH / "built").touch()
    say("PyTorch's releases, converted, against PyTorch")
    program = ("-m", "tests.campaigns.torch_parity", "--torch-python", TORCH / "bin/python")
    call(VENV / "bin/python", *program, "--photos", SHARED if SHARED.exists() else STILLS)
