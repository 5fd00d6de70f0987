"""What the tests need of the system: named, or got by apt."""

from __future__ import annotations

import importlib.util
import os
import shutil

from runner.steps import call, say

#: Programs that the tests start, each with the Debian package that has it.
PROGRAMS = {
    "Xvfb": "xvfb",
    "chromium": "chromium",
    "exiftool": "libimage-exiftool-perl",
    "git": "git",
    "mosquitto": "mosquitto",
    "openssl": "openssl",
}
#: The same for bare roots.
ROOT_PROGRAMS = {"mmdebstrap": "mmdebstrap"}


def provide(*, roots: bool, install: bool) -> list[str]:
    """Return a line for each thing that is missing, having got what apt has if ``install`` says so.

    ``roots``: whether bare roots are wanted; what they need is installed in any case.
    """
    if install and (packages := _missing(roots=True)):
        say(f"apt-get install {' '.join(packages)}")
        as_root = () if os.geteuid() == 0 else ("sudo",)
        apt = (*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q")
        call(*apt, "update", quiet=True)
        call(*apt, "install", "-y", "--no-install-recommends", *packages, quiet=True)
    lines = [f"{package} (apt-get install {package})" for package in _missing(roots=roots)]
    if roots and os.geteuid() != 0:
        lines.append("root's rights: bare roots are made and entered as root (sudo tests/run --all)")
    return lines


def _missing(*, roots: bool) -> list[str]:
    """Debian packages that are not there."""
    programs = PROGRAMS | (ROOT_PROGRAMS if roots else {})
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])  # where mosquitto is, off a user's path
    missing = [package for name, package in programs.items() if not shutil.which(name, path=path)]
    return missing if importlib.util.find_spec("ensurepip") else [*missing, "python3-venv"]
