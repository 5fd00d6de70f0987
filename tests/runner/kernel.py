"""What the tests make a virtual machine of: Debian's stock kernel with its test cameras, and a shell."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

from runner.steps import HOME, FailedError, call, printed

#: Where it lies in the checkout.
PLACE: Final = HOME / ".venv-kernel"
#: Linked statically, it runs where there is nothing else.
_SHELL: Final = "busybox-static"
#: What of its modules is kept: cameras, and the way to files of ours.
_MODULES: Final = ("drivers/media", "drivers/virtio", "fs/9p", "fs/fscache", "fs/netfs", "net/9p")


def is_there() -> bool:
    """Whether the kernel is there."""
    return (PLACE / "vmlinuz").exists()


def get() -> None:
    """Download and unpack it; nothing of it is installed. Raises FailedError."""
    said = printed("apt-cache", "depends", "linux-image-amd64")
    found = re.search(r"Depends: (linux-image-\S+)", said)
    if not found:
        raise FailedError("apt knows of no linux-image-amd64")
    with tempfile.TemporaryDirectory(prefix="tintcast-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # apt downloads as a user of its own
        fetch = f"cd {folder} && apt-get -q download {found.group(1)} {_SHELL}"
        unpack = 'for package in *.deb; do dpkg -x "$package" .; done'
        call("sh", "-ec", f"{fetch}\n{unpack}", quiet=True)
        shutil.rmtree(PLACE, ignore_errors=True)
        for part in _MODULES:
            for modules in folder.glob(f"**/lib/modules/*/kernel/{part}"):
                shutil.copytree(modules, PLACE / "modules" / part)
        (shell,) = folder.glob("**/bin/busybox")
        shutil.copy(shell, PLACE / "busybox")
        (image,) = folder.glob("boot/vmlinuz-*")
        shutil.copy(image, PLACE / "vmlinuz")  # last: it says that all is there
