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

from runner import checkout, virtual_camera
from runner.needs import LIBRARIES, PROGRAMS
from runner.steps import HOME, REPORT, VENV, FailedError, call, passed_count, printed, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Where the checkout, the material beside it and pip's cache lie in a root.
INSIDE = Path("/home/tintcast")
SHARED_INSIDE = Path("/home/shared")
CACHE_INSIDE = Path("/var/cache/pip")


#: Tests that stay in the checkout: the converter's, those that look at it, those with a server, and long ones
#: that no release makes a difference to.
NOT_HERE = (
    "--ignore=tests/converter",
    "--ignore=tests/test_house.py",
    "--ignore=tests/sources/test_stream_rtsp.py",
    *(
        f"--ignore=tests/{name}.py"
        for name in (
            "cli/test_batch_mutants",
            "jobs/test_batch_disk_full",
            "jobs/test_batch_killed",
            "jobs/test_batch_night",
            "jobs/test_batch_real_films",
            "jobs/test_batch_report_page",
            "jobs/test_batch_rules",
            "jobs/test_film_guest",
            "jobs/test_redo_kills",
            "jobs/test_supervise_rest",
        )
    ),
    "--deselect=tests/test_resources.py::test_a_checkout_has_its_own_places",
)


@dataclass(frozen=True, slots=True)
class Root:
    """A Debian release, and the environment that is tested there."""

    suite: str
    install: tuple[str, ...]
    without: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    #: Whether its libcamera has a virtual camera.
    camera: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """The way into a root: what is mounted for each command, and the variables it runs under."""

    place: Path
    mounts: tuple[str, ...]
    variables: tuple[str, ...]


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
        # Where nobody asks for a runtime, the only one that is there is taken; commands ask for it.
        without=("ai-edge-litert",),
        variables=("TINTCAST_NETWORK_RUNTIME=tflite-runtime",),
    ),
    Root("trixie", install=(".[test]",), camera=True),
)


def test(root: Root, for_pytest: Sequence[str]) -> int:
    """Make ``root``, run the README's first command and the tests in it; returns how many passed."""
    checkout.build()  # its pip knows how packages are reached from here
    with tempfile.TemporaryDirectory(prefix="tintcast-") as folder:
        Path(folder).chmod(0o755)  # apt downloads as a user of its own
        place = Path(folder) / root.suite
        say(f"{root.suite}: making a bare root")
        options = (f"--aptopt={line}" for line in _apt_options())
        include = "--include=python3-venv,ca-certificates"
        call("mmdebstrap", "--quiet", "--variant=minbase", include, *options, root.suite, place, *_mirror())
        home = _below(place, INSIDE)
        for name in checkout.files():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOME / name, home / name)
        door = _open_door(place)

        first = _readme_command()
        say(f"{root.suite}: {first}")
        call(*_through(door, "sh", "-c", first))
        for pattern in ("*.mp4", "frames/**/*.jpg", "contact-sheet.png"):
            if not any(path.stat().st_size for path in (home / "tintcast-demo").glob(pattern)):
                raise FailedError(f"{root.suite}: the demo left no {pattern}")

        say(f"{root.suite}: {' '.join(root.install)}")
        apt, pip = ("apt-get", "-q"), str(VENV / "bin/pip")
        call(*_through(door, *apt, "update"), quiet=True)
        packages = [*PROGRAMS.values(), *LIBRARIES.values()]
        call(*_through(door, *apt, "install", "-y", "--no-install-recommends", *packages), quiet=True)
        call(*_through(door, "python3", "-m", "venv", str(VENV)))
        call(*_through(door, pip, "install", *root.install), quiet=True)
        call(*_through(door, pip, "check"))
        if root.without:
            call(*_through(door, pip, "uninstall", "-y", *root.without))

        say(f"{root.suite}: pytest")
        pytest = (str(VENV / "bin/pytest"), f"--junitxml={REPORT}", *NOT_HERE, *for_pytest)
        call(*_through(door, "env", *root.variables, *pytest))
        passed = passed_count(home)

        def run(*command: str, quiet: bool = True) -> None:
            call(*_through(door, *command), quiet=quiet)

        if root.camera and not for_pytest:
            virtual_camera.check(run, INSIDE)
        return passed


def _readme_command() -> str:
    """The first command that the README gives."""
    found = re.search(r"^```sh\n(python3 -m venv .*)\n", (HOME / "README.md").read_text(), re.MULTILINE)
    if not found:
        raise FailedError("README.md no longer begins with a command that starts with python3 -m venv")
    return found.group(1)


def _open_door(place: Path) -> Door:
    """The way into the root at ``place``, with packages reached as they are from here."""
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
        "PIP_QUIET": "2",
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
    mounts = [_mount(source, _below(place, target)) for target, source in binds.items()]
    return Door(place, tuple(mounts), tuple(f"{key}={value}" for key, value in variables.items()))


def _through(door: Door, *command: str) -> list[str]:
    """The command that runs ``command`` in the checkout inside the root; the mounts end with it."""
    enter = ["chroot", str(door.place), "env", "-i", *door.variables]
    work = ["sh", "-c", f'cd {INSIDE} && exec "$@"', "sh", *command]
    script = "\n".join([*door.mounts, f"exec {shlex.join([*enter, *work])}"])
    namespace = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={door.place}/proc"]
    return [*namespace, "sh", "-ec", script]


def _mount(source: Path, at: Path) -> str:
    """The shell lines that show ``source`` at ``at``."""
    if source.is_dir():
        make = [["mkdir", "-p", str(at)]]
    else:
        make = [["mkdir", "-p", str(at.parent)], ["touch", str(at)]]
    return "\n".join(shlex.join(words) for words in [*make, ["mount", "--rbind", str(source), str(at)]])


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
