"""Bare Debian roots: the README's first command as it stands there, then the tests of the board's half."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner import checkout
from runner.needs import PROGRAMS
from runner.steps import HOME, REPORT, VENV, FailedError, call, passed_count, printed, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Where the checkout, the material beside it and pip's cache lie in a root.
INSIDE = Path("/home/tintcast")
SHARED_INSIDE = Path("/home/shared")
CACHE_INSIDE = Path("/var/cache/pip")


@dataclass(frozen=True, slots=True)
class Root:
    """A Debian release, and the environment that is tested there."""

    suite: str
    install: tuple[str, ...]
    variables: tuple[str, ...] = ()


ROOTS = (
    Root(
        "bookworm",
        install=(
            ".[test,tflite-runtime]",
            "numpy==1.26.4",
            "opencv-python-headless==4.11.0.86",
            "tflite-runtime==2.14.0",
            "ai-edge-litert==2.3.0",
            "paho-mqtt==2.2.0",
        ),
        variables=("TINTCAST_NETWORK_RUNTIME=tflite-runtime",),
    ),
    Root("trixie", install=(".[test]",)),
)


def test(root: Root, for_pytest: Sequence[str]) -> int:
    """Make ``root``, run the README's first command and the tests in it; returns how many passed."""
    checkout.build()  # its pip knows how packages are reached from here
    with tempfile.TemporaryDirectory(prefix="tintcast-") as folder:
        Path(folder).chmod(0o755)  # apt downloads as a user of its own
        place = Path(folder) / root.suite
        home = _below(place, INSIDE)
        say(f"{root.suite}: making a bare root")
        options = (f"--aptopt={line}" for line in _apt_options())
        include = "--include=python3-venv,ca-certificates"
        call("mmdebstrap", "--quiet", "--variant=minbase", include, *options, root.suite, place, *_mirror())
        for name in checkout.files():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOME / name, home / name)

        first = _readme_command()
        say(f"{root.suite}: {first}")
        _call_inside(place, "sh", "-c", first)
        for pattern in ("*.mp4", "frames/**/*.jpg", "contact-sheet.png"):
            if not any(path.stat().st_size for path in (home / "tintcast-demo").glob(pattern)):
                raise FailedError(f"{root.suite}: the demo left no {pattern}")

        say(f"{root.suite}: {' '.join(root.install)}")
        _call_inside(place, "apt-get", "-q", "update")
        _call_inside(place, "apt-get", "-qq", "install", "-y", "--no-install-recommends", *PROGRAMS)
        _call_inside(place, "python3", "-m", "venv", VENV)
        _call_inside(place, VENV / "bin/pip", "install", "-qq", *root.install)
        _call_inside(place, VENV / "bin/pip", "check")
        say(f"{root.suite}: pytest")
        pytest = (str(VENV / "bin/pytest"), f"--junitxml={REPORT}", "--ignore=tests/converter", *for_pytest)
        _call_inside(place, "env", *root.variables, *pytest)
        return passed_count(home)


def _readme_command() -> str:
    """The first command that the README gives."""
    found = re.search(r"^```sh\n(python3 -m venv .*)\n", (HOME / "README.md").read_text(), re.MULTILINE)
    if not found:
        raise FailedError("README.md no longer begins with a command that starts with python3 -m venv")
    return found.group(1)


def _call_inside(place: Path, *command: str | Path) -> None:
    """Run ``command`` in the checkout inside the root at ``place``, packages being reached as they are here.

    Mounts stand in a namespace of their own and end with the command.
    """
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        **_package_variables(),
    }
    binds = {Path(name): Path(name).resolve() for name in ("/dev", "/sys", "/etc/resolv.conf", "/etc/hosts")}
    for path in _named_paths(variables.values()):
        shown = path if _below(place, path).exists() else _topmost_missing(place, path)
        binds[shown] = shown
    cache = Path(printed(VENV / "bin/pip", "cache", "dir").strip())
    cache.mkdir(parents=True, exist_ok=True)
    binds[CACHE_INSIDE] = cache
    variables["PIP_CACHE_DIR"] = str(CACHE_INSIDE)
    shared = Path(os.environ.get("TINTCAST_SHARED", HOME.parent / "shared"))
    if shared.is_dir():
        binds[SHARED_INSIDE] = shared.resolve()
    enter = ["chroot", str(place), "env", "-i", *(f"{key}={value}" for key, value in variables.items())]
    work = ["sh", "-c", f'cd {INSIDE} && exec "$@"', "sh", *(str(word) for word in command)]
    script = [*(_bind(place, *pair) for pair in binds.items()), f"exec {shlex.join([*enter, *work])}"]
    namespace = ("unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={place / 'proc'}")
    call(*namespace, "sh", "-ec", "\n".join(script))


def _bind(place: Path, target: Path, source: Path) -> str:
    """The shell line that shows ``source`` as ``target`` in the root at ``place``."""
    at, folder = _below(place, target), _below(place, target if source.is_dir() else target.parent)
    touch = [] if source.is_dir() else [shlex.join(["touch", str(at)])]
    mount = shlex.join(["mount", "--rbind", str(source), str(at)])
    return "; ".join([shlex.join(["mkdir", "-p", str(folder)]), *touch, mount])


def _below(place: Path, path: Path) -> Path:
    return place / path.relative_to("/")


def _topmost_missing(place: Path, path: Path) -> Path:
    """The highest folder above ``path`` that the root lacks: an index names its files relative to itself."""
    return next(p for p in (*reversed(path.parents), path) if not _below(place, p).exists())


def _package_variables() -> dict[str, str]:
    """Variables that say how packages are reached from here; pip's configuration becomes PIP_* ones."""
    passed_on = re.compile(r"(?i)pip_.*|.*_proxy|ssl_cert_(file|dir)|(requests|curl)_ca_bundle|ci")
    settings = re.findall(
        r"^(\w+)\.([\w-]+)=(.*)$", printed(VENV / "bin/pip", "config", "list"), re.MULTILINE
    )
    from_pip = {
        f"PIP_{key.upper().replace('-', '_')}": " ".join(ast.literal_eval(value).split())
        for _, key, value in settings
    }
    return from_pip | {key: value for key, value in os.environ.items() if passed_on.fullmatch(key)}


def _named_paths(values: Iterable[str]) -> list[Path]:
    """Files and folders of this machine that ``values`` name, as paths or as file: addresses."""
    words = (word.removeprefix("file://") for value in values for word in value.split())
    named = {Path(word) for word in words if word.startswith("/") and ":" not in word}
    return sorted(path for path in named if path.exists())


def _apt_options() -> list[str]:
    """How this machine reaches a Debian mirror: proxies and checks."""
    return re.findall(
        r'^(Acquire::(?:https?::|Check-|Retries).* ".+";)$', printed("apt-config", "dump"), re.MULTILINE
    )


def _mirror() -> list[str]:
    """The Debian archive that this machine uses; none on another system: mmdebstrap knows one."""
    listing = printed("apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian", "Label: Debian")
    return sorted(set(listing.split()))[:1]
