"""The real picamera2 in a bare root, on libcamera's virtual camera, in an environment as on a board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runner.steps import say

if TYPE_CHECKING:
    from collections.abc import Callable

#: From apt, as on a board: libcamera with its binding, and what picamera2 has no wheels of.
PACKAGES = ("python3-libcamera", "libcamera-ipa", "python3-prctl", "python3-numpy")
#: What makes the heap.
COMPILER = ("tcc", "libc6-dev", "linux-libc-dev")
#: Debian has no package of it; Raspberry Pi OS has.
PICAMERA2 = "picamera2==0.3.38"
#: Seconds after which the check is ended from outside.
DEADLINE = 240
PLACE = Path("tests/virtual_camera")
VENV = Path(".venv-camera")


def check(run: Callable[..., None], inside: Path) -> None:
    """Run the check by ``run``, which runs commands in the root in the checkout at ``inside``."""
    say("trixie: picamera2 on libcamera's virtual camera")
    run("apt-get", "-q", "install", "-y", "--no-install-recommends", *PACKAGES, *COMPILER)
    run("python3", "-m", "venv", "--system-site-packages", str(VENV))
    run(str(VENV / "bin/pip"), "install", "--ignore-installed", ".")
    run(str(VENV / "bin/pip"), "install", PICAMERA2)
    heap, configuration = inside / PLACE / "heap.so", Path("/usr/share/libcamera/pipeline/virtual")
    run("tcc", "-shared", "-o", str(heap), str(PLACE / "heap.c"))
    run("install", "-D", "-t", str(configuration), str(PLACE / "virtual.yaml"))
    variables = (f"PYTHONPATH={inside / PLACE}", f"LD_PRELOAD={heap}")
    command = (str(VENV / "bin/python"), str(PLACE / "check.py"))
    run("env", *variables, "timeout", "-k", "5", str(DEADLINE), *command, quiet=False)
