"""A virtual machine with a stock kernel, for what only a kernel has: its test cameras.

It shares this machine's files, read-only, and runs one Python script in the tests' own environment. It runs
with and without hardware's help (KVM).
"""

from __future__ import annotations

import lzma
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: Where `tests/run --install` unpacks the kernel.
KERNEL: Final = ROOT / ".venv-kernel"
#: It boots in 10 seconds, on a busy machine in 40; after so many it hangs.
_BOOT_S: Final = 90.0
#: What the machine reaches our files with.
_FILES: Final = ("virtio_pci", "9pnet_virtio", "9p")

_INIT: Final = """#!/bin/busybox sh
B=/bin/busybox
fail() {{ echo "init: $1 failed"; $B poweroff -f; }}
$B mount -t proc none /proc
while read module options; do $B insmod /modules/$module.ko $options || fail "$module"; done < /order
$B mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose files /files || fail files
$B mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /files/srv || fail out
$B touch /files/srv/booted
for kind in proc sysfs devtmpfs; do
    $B mount -t $kind none /files/$(case $kind in sysfs) echo sys;; devtmpfs) echo dev;; *) echo proc;; esac)
done
$B mkdir -p /files/dev/shm && $B mount -t tmpfs none /files/dev/shm
$B chroot /files {command} > /files/srv/output 2>&1
echo $? > /files/srv/status
$B sync
$B poweroff -f
"""


def run_in_machine(script: Path, out: Path, modules: dict[str, str], *, seconds: float) -> str:
    """Run ``script`` as root of a machine with ``modules`` (name: options) loaded; return what it prints.

    ``out``: an empty folder, where the script finds it as /srv. Fails where it exits with anything but 0.
    """
    boot = out.parent / f"{out.name}-boot"
    boot.mkdir()
    kernel, image = _kernel(), boot / "initramfs"
    image.write_bytes(_initramfs(kernel, script, modules))
    command = [
        *("timeout", "-k", "5", str(seconds)),  # it ends then even where nobody waits for it any more
        *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-smp", "2", "-m", "1024"),
        *("-cpu", "max", "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(kernel / "vmlinuz"), "-initrd", str(image)),
        *("-append", "console=ttyS0 quiet panic=-1 random.trust_cpu=on"),
        *_share("files", Path("/"), "readonly=on,multidevs=remap"),
        *_share("out", out, "multidevs=remap"),
    ]
    console = _run(command, out / "booted", seconds)
    output, status = out / "output", out / "status"
    said = output.read_text(errors="replace") if output.exists() else ""
    ended = status.read_text().strip() if status.exists() else "no status"
    assert ended == "0", f"{script.name} in a machine: {ended}\n{said}\n{console[-3000:]}"
    return said


def _run(command: list[str], booted: Path, seconds: float) -> str:
    """Run a machine to its end, and return its console; one that hangs while it boots is started again.

    Without hardware's help that happens now and then, whatever boots there.
    """
    for last in (False, False, True):
        with (
            tempfile.TemporaryFile("w+", errors="replace") as console,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                process.wait(_BOOT_S)
            except subprocess.TimeoutExpired:
                if not last and not booted.exists():
                    os.killpg(process.pid, signal.SIGKILL)
                    continue
                process.wait(seconds + 30)
            console.seek(0)
            return console.read()
    raise AssertionError("the last one is waited for")


def _share(tag: str, folder: Path, options: str) -> tuple[str, ...]:
    return (
        *("-fsdev", f"local,id={tag},path={folder},security_model=none,{options}"),
        *("-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"),
    )


def _kernel() -> Path:
    assert (KERNEL / "vmlinuz").exists(), "no kernel to test with: tests/run --install --machine gets one"
    return KERNEL


def _initramfs(kernel: Path, script: Path, modules: dict[str, str]) -> bytes:
    """A root that loads modules, mounts our files, and runs the script in them."""
    found = {path.name.partition(".")[0]: path for path in kernel.rglob("*.ko*")}
    order: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for name, options in (dict.fromkeys(_FILES, "") | modules).items():
        _add(name, options, found, order, files)
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
        "HOME": "/srv",
        "TMPDIR": "/srv",
    }
    environment = [f"{key}={value}" for key, value in variables.items()]
    command = shlex.join(["/usr/bin/env", "-i", *environment, sys.executable, "-B", str(script)])
    entries = [(name, 0o40755, b"") for name in ("bin", "dev", "proc", "modules", "files")]
    entries += [
        ("bin/busybox", 0o100755, (kernel / "busybox").read_bytes()),
        ("init", 0o100755, _INIT.format(command=command).encode()),
        ("order", 0o100644, "".join(f"{name} {options}\n" for name, options in order.items()).encode()),
    ]
    entries += [(f"modules/{name}.ko", 0o100644, content) for name, content in files.items()]
    return b"".join(_cpio(name, mode, content) for name, mode, content in [*entries, ("TRAILER!!!", 0, b"")])


def _add(
    name: str, options: str, found: dict[str, Path], order: dict[str, str], files: dict[str, bytes]
) -> None:
    """Put module ``name`` behind those it depends on; what is built in needs no module."""
    if name in order or name not in found:
        return
    content = found[name].read_bytes()
    if found[name].suffix == ".xz":
        content = lzma.decompress(content)
    said = re.search(rb"\0depends=([^\0]*)\0", content)
    for needed in said.group(1).decode().split(",") if said else ():
        _add(
            needed.replace("-", "_") if needed.replace("-", "_") in found else needed, "", found, order, files
        )
    order[name] = options
    files[name] = content


def _cpio(name: str, mode: int, content: bytes) -> bytes:
    """One entry of a cpio archive in the format that kernels read ("newc")."""
    path = name.encode() + b"\0"
    numbers = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + path
    return head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4)
