"""The rules of the house: who may import whom, what importing does, what a wheel holds, what no file says."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"cluster", "colour", "engine", "media", "mqtt", "network", "preview", "sinks", "sources"}
ABOVE_ROOMS = {"jobs", "cli"}
#: What each part of ``device`` must not know.
HIDDEN = {
    "frames": ROOMS | ABOVE_ROOMS | {"config", "resources"},
    "errors": ROOMS | ABOVE_ROOMS | {"config", "resources", "frames"},
    "config": ROOMS | ABOVE_ROOMS,
    "resources": ROOMS | ABOVE_ROOMS,
    "sources": ABOVE_ROOMS | {"network", "sinks", "mqtt", "preview"},
    "sinks": ABOVE_ROOMS | {"network", "sources", "preview"},
    "network": ABOVE_ROOMS | {"sources", "sinks", "mqtt", "media", "preview"},
    "colour": ABOVE_ROOMS | {"sources", "sinks", "mqtt", "network", "media", "preview"},
    "media": ABOVE_ROOMS | {"sources", "sinks", "mqtt", "network", "preview"},
    "mqtt": ABOVE_ROOMS | {"sources", "sinks", "network", "preview"},
    "engine": ABOVE_ROOMS | ROOMS - {"engine"},
    "preview": ABOVE_ROOMS | {"sources", "network"},
    "cluster": {"cli"},
    "jobs": {"cli"},
    "cli": set(),
}
TRAINING = {"converter", "jax", "keras", "tensorflow", "torch"}


def modules() -> list[str]:
    """Every module of ``device``, by its dotted name."""
    paths = sorted((ROOT / "device").rglob("*.py"))
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in paths]
    return [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]


def imports(source: str, package: list[str]) -> Iterator[str]:
    """Dotted names that ``source`` imports anywhere, for typing too; ``package`` is where it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def wrong_arrows(root: Path) -> list[str]:
    """Imports under ``root``/device that point the wrong way, as ``file: name`` lines."""
    wrong = []
    for path in sorted((root / "device").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        hidden = HIDDEN.get(parts[1], set())
        for name in imports(path.read_text(encoding="utf-8"), list(parts[:-1])):
            first, second = [*name.split("."), ""][:2]
            if first in TRAINING or (first == "device" and second in hidden):
                wrong.append(f"{path.relative_to(root)}: {name}")
    return wrong


def run_python(code: str, *, cwd: Path, **variables: str) -> str:
    """Standard output of ``code`` in a Python of its own; anything on standard error is a failure."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(code)],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def loaded_by(names: list[str], cwd: Path) -> set[str]:
    """Top-level modules that are loaded once ``names`` are."""
    code = f"""
        import importlib, json, sys
        for name in {names!r}:
            importlib.import_module(name)
        print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
    """
    return set(json.loads(run_python(code, cwd=cwd)))


def test_arrows_point_one_way() -> None:
    assert wrong_arrows(ROOT) == []


def test_every_part_of_device_has_a_place_in_the_house() -> None:
    assert {name.split(".")[1] for name in modules() if "." in name} <= HIDDEN.keys()


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("sources/film.py", "from device.network import Network"),
        ("sources/film.py", "from device import sinks"),
        ("sinks/mqtt.py", "from ..sources.film import FilmSource"),
        ("media/jpeg.py", "import device.jobs.film"),
        ("engine/stop.py", "def f():\n    from converter import train"),
        ("colour/tint.py", "if TYPE_CHECKING:\n    import tensorflow as tf"),
    ],
)
def test_a_wrong_arrow_is_seen(tmp_path: Path, place: str, line: str) -> None:
    path = tmp_path / "device" / place
    path.parent.mkdir(parents=True)
    path.write_text(f"from device.frames import Frame\n{line}\n")
    assert len(wrong_arrows(tmp_path)) == 1


def test_importing_device_brings_no_training_framework(tmp_path: Path) -> None:
    loaded = loaded_by(modules(), tmp_path)
    assert "device" in loaded
    assert not loaded & TRAINING


def test_importing_does_no_work(tmp_path: Path) -> None:
    code = f"""
        import importlib, sys, threading
        WORK = ("socket.connect", "socket.bind", "subprocess.Popen", "os.fork", "os.posix_spawn", "os.system")
        seen = []

        def watch(event, arguments):
            if event in WORK or (event == "open" and set(str(arguments[1])) & set("wax+")):
                seen.append(f"{{event}} {{arguments[:2]}}")

        sys.addaudithook(watch)
        for name in {modules()!r}:
            importlib.import_module(name)
        print(seen + [thread.name for thread in threading.enumerate()])
    """
    assert run_python(code, cwd=tmp_path) == "['MainThread']\n"
    assert not list(tmp_path.iterdir())


def test_receiving_loads_no_pixel_library_and_no_runtime(tmp_path: Path) -> None:
    heavy = {"ai_edge_litert", "cv2", "numpy", "PIL", "simplejpeg", "tflite_runtime"}
    assert not loaded_by(["device.jobs.receive", "device.cli"], tmp_path) & heavy


def test_the_parent_of_a_night_loads_no_codec_and_no_pixel_library(tmp_path: Path) -> None:
    heavy = {"ai_edge_litert", "av", "cv2", "jinja2", "numpy", "PIL", "simplejpeg", "tflite_runtime"}
    parent = ["device.cli.batch", "device.jobs.batch.run", "device.jobs.batch.mqtt", "device.jobs.film"]
    assert not loaded_by(parent, tmp_path) & heavy


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command: list[str | Path] = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT]
    subprocess.run(command, check=True, timeout=100)
    (built,) = folder.glob("tintcast-*-py3-none-any.whl")
    return zipfile.ZipFile(built)


def test_a_wheel_holds_both_packages_and_what_they_need(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    code = {
        path.relative_to(ROOT).as_posix()
        for part in ("device", "converter")
        for path in (ROOT / part).rglob("*.py")
    }
    assert code <= names
    assert {"device/py.typed", "device/bundled/demo.mp4"} <= names
    page = ROOT / "device/preview/page"
    assert {path.relative_to(ROOT).as_posix() for path in page.iterdir()} <= names
    templates = [path for kind in ("html", "css", "js") for path in (ROOT / "device/jobs").rglob(f"*.{kind}")]
    assert {path.relative_to(ROOT).as_posix() for path in templates} <= names
    for network in (ROOT / "models").glob("*.tflite"):
        assert {f"device/bundled/models/{network.stem}{kind}" for kind in (".tflite", ".json")} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"device", "converter"}


def test_a_wheel_asks_for_nothing_newer_than_the_old_runtime_can_have(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    lines = wheel.read(metadata).decode().splitlines()
    plain = [line for line in lines if line.startswith("Requires-Dist: ") and "extra ==" not in line]
    assert plain
    assert not [line for line in plain if re.search(r"<|==|~=", line.partition(";")[0])]
    assert {"Requires-Python: >=3.11", "License-Expression: Apache-2.0"} <= set(lines)


def test_an_unpacked_wheel_finds_what_it_carries(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    (tmp_path / "elsewhere").mkdir()
    code = """
        from device.network import find_network, read_manifest
        found = find_network("compact")
        print(found)
        print(read_manifest(found.with_suffix(".json")).name)
    """
    found, _ = run_python(code, cwd=tmp_path / "elsewhere", PYTHONPATH=str(tmp_path / "site")).splitlines()
    assert Path(found).is_relative_to(tmp_path / "site")


def test_no_file_names_a_machine_or_a_registry() -> None:
    told = re.compile(
        rb"(?<![\w.~-])/(?:work|root|Users|opt|mnt)/\w"
        rb"|pypi\.org|pythonhosted\.org|piwheels\.org|deb\.debian\.org|registry\.npmjs|--(?:extra-)?index-url"
    )
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    names = [os.fsdecode(name) for name in listing.split(b"\0") if name]
    assert len(names) > 20
    own = Path(__file__).relative_to(ROOT).as_posix()
    telling = {
        f"{name}: {match.group().decode()}"
        for name in names
        if name != own and (ROOT / name).is_file()
        for match in told.finditer((ROOT / name).read_bytes())
    }
    assert not telling
