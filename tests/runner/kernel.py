"""A stock kernel for the virtual machine that the tests start: Debian's, with its modules of test cameras."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

from runner.steps import HOME, FailedError, call, printed

#: Where it lies in the checkout.
PLACE: Final = HOME / ".venv-kernel"
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
        fetch = f"cd {folder} && apt-get -q download {found.group(1)} && dpkg -x *.deb ."
        call("sh", "-ec", fetch, quiet=True)
        shutil.rmtree(PLACE, ignore_errors=True)
        for part in _MODULES:
            for modules in folder.glob(f"**/lib/modules/*/kernel/{part}"):
                shutil.copytree(modules, PLACE / "modules" / part)
        (image,) = folder.glob("boot/vmlinuz-*")
        shutil.copy(image, PLACE / "vmlinuz")  # last: it says that all is there
