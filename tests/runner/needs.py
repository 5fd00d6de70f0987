"""What the tests need of the system: named, or got by apt."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from runner import kernel
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
#: What playwright's own program needs, below /usr.
LIBRARIES = {"lib/*/libatomic.so.1": "libatomic1"}
#: For the checkout alone: an RTSP server for the system's Python, by files below /usr.
FILES = {
    "lib/*/girepository-1.0/GstRtspServer-1.0.typelib": "gir1.2-gst-rtsp-server-1.0",
    "lib/*/gstreamer-1.0/libgstrtp.so": "gstreamer1.0-plugins-good",
    "lib/*/gstreamer-1.0/libgstvideotestsrc.so": "gstreamer1.0-plugins-base",
    "lib/*/gstreamer-1.0/libgstx264.so": "gstreamer1.0-plugins-ugly",
    "lib/python3/dist-packages/gi": "python3-gi",
}
#: What runs a virtual machine.
MACHINE_PROGRAMS = {"qemu-system-x86_64": "qemu-system-x86"}
#: What makes bare roots.
ROOT_PROGRAMS = {"mmdebstrap": "mmdebstrap"}


def provide(*, roots: bool, machine: bool, install: bool) -> list[str]:
    """Return a line for each thing that is missing, having got what apt has if ``install`` says so.

    ``roots``: whether bare roots are wanted; what they need is installed in any case. ``machine``: whether
    a virtual machine is.
    """
    packages = _missing(roots=True, machine=machine) if install else []
    without_kernel = machine and install and not kernel.is_there()
    if packages or without_kernel:
        say(f"apt-get install {' '.join(packages)}" if packages else "apt-get update")
        as_root = () if os.geteuid() == 0 else ("sudo",)
        apt = (*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q")
        call(*apt, "update", quiet=True)
        call(*apt, "install", "-y", "--no-install-recommends", *packages, quiet=True)
    if without_kernel:
        say("getting a kernel that has a test camera")
        kernel.get()
    lines = [f"{package} (apt-get install {package})" for package in _missing(roots=roots, machine=machine)]
    if machine and not kernel.is_there():
        lines.append("a kernel that has a test camera (tests/run --install --machine)")
    if roots and os.geteuid() != 0:
        lines.append("root's rights: bare roots are made and entered as root (sudo tests/run --all)")
    return lines


def _missing(*, roots: bool, machine: bool) -> list[str]:
    """Debian packages that are not there."""
    programs = PROGRAMS | (MACHINE_PROGRAMS if machine else {}) | (ROOT_PROGRAMS if roots else {})
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])  # where mosquitto is, off a user's path
    missing = [package for name, package in programs.items() if not shutil.which(name, path=path)]
    files = FILES | LIBRARIES
    missing += [package for pattern, package in files.items() if not any(Path("/usr").glob(pattern))]
    return missing if importlib.util.find_spec("ensurepip") else [*missing, "python3-venv"]
