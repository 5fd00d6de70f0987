"""picamera2 that is missing, does not fit, sees no camera, or one that is another's."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sources import fake_picamera2 as fake

from device.config import CameraSettings
from device.errors import CameraWedged, ConfigurationError, SourceLost
from device.sources.picamera2 import Camera, Picamera2Source, cameras, library

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLASH = (
    "numpy.dtype size changed, may indicate binary incompatibility. "
    "Expected 96 from C header, got 88 from PyObject"
)


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is looked into first, for modules that fail in their own way."""
    for name in ("picamera2", "picamera2.job", "libcamera"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in ("picamera2", "libcamera"):
        sys.modules.pop(name, None)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[fake.World]:
    world = fake.World().install(monkeypatch)
    yield world
    world.tidy()


def test_it_is_imported_only_when_it_is_used() -> None:
    assert "picamera2" not in sys.modules
    assert "libcamera" not in sys.modules


def test_missing_it_says_how_to_get_it(broken: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_SYSTEM", broken / "nowhere")
    with pytest.raises(ConfigurationError, match=r"not installed .*apt install.*system-site"):
        cameras()


def test_installed_beside_this_environment_it_says_how_to_make_another(
    broken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "_SYSTEM", broken)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    monkeypatch.setattr(sys, "prefix", str(broken))
    with pytest.raises(ConfigurationError, match=r"does not see the system's .*--system-site-packages"):
        cameras()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import libcamera", "no libcamera.*apt install"),
        (f"raise ValueError({_CLASH!r})", "another numpy.*simplejpeg"),
        ("raise ImportError('numpy.core.multiarray failed to import')", "another numpy.*simplejpeg"),
        (
            "raise ImportError('A module that was compiled using NumPy 1.x cannot be run in NumPy 2.2.4')",
            "another numpy",
        ),
        (
            "raise OSError('libcamera.so.0.4: cannot open shared object file')",
            "can't be imported: OSError",
        ),
        ("import yaml_of_another_planet", "can't be imported: ModuleNotFoundError: .*another_planet"),
        ("Picamera2 = MappedArray = 1", "can't be imported: .*'picamera2' is not a package"),
    ],
)
def test_where_it_can_not_be_imported_it_says_why(broken: Path, code: str, message: str) -> None:
    (broken / "picamera2.py").write_text(f"{code}\n")
    with pytest.raises(ConfigurationError, match=rf"^picamera2 .*{message}") as raised:
        cameras()
    assert raised.value.exit_code == 2
    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("world")
def test_one_that_can_not_wait_for_so_long_and_no_longer_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_result(self: object) -> None:
        """As before 0.3.17: for ever."""

    monkeypatch.setattr(fake.Job, "get_result", get_result)
    with pytest.raises(ConfigurationError, match=r"too old: 0\.3\.17 or newer"):
        cameras()


def test_cameras_are_listed_anew_each_time(world: fake.World) -> None:
    world.models = ("imx219", "imx708")
    assert [(one.number, one.model, one.usb) for one in cameras()] == [
        (0, "imx219", False),
        (1, "imx708", False),
    ]
    assert world.enumerated == 1
    with Picamera2Source(1, CameraSettings()) as camera:
        assert camera.name.startswith("imx708, 1280x720")
        cameras()
        assert world.enumerated == 2  # not while one is open
    assert Camera(0, "C270", "/base/soc/usb@7e980000/usb-port@1-1.2:1.0-046d:0825").usb


@pytest.mark.parametrize(
    ("models", "there"), [((), "no camera is attached"), (("imx219",), "no such camera")]
)
def test_a_camera_that_is_not_there_may_come(world: fake.World, models: tuple[str, ...], there: str) -> None:
    world.models = models
    with pytest.raises(SourceLost, match=rf"picamera2:2: {there}.*list-cameras"):
        Picamera2Source(2, CameraSettings())
    assert not world.opened


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (RuntimeError("Failed to acquire camera: Device or resource busy"), "in use by another program"),
        (OSError(16, "Device or resource busy"), "in use by another program"),
        (PermissionError(13, "Permission denied"), "no permission.*group video"),
        (RuntimeError("Could not open any dmaHeap device"), "can't be opened: Could not open any dmaHeap"),
    ],
)
def test_one_that_can_not_be_opened_or_started_says_why_and_leaves_nothing_behind(
    world: fake.World, error: Exception, message: str
) -> None:
    for failing in ("open", "allocate", "start"):
        world.failing = {failing: error}
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only the count
        for _ in range(5):  # as whoever waits for a camera does
            with pytest.raises(SourceLost, match=rf"picamera2:0: .*{message}"):
                Picamera2Source(0, CameraSettings())
        world.failing = {}
        assert len(os.listdir("/proc/self/fd")) <= before + 1  # noqa: PTH208
        with Picamera2Source(0, CameraSettings()):
            assert world.opened[-1].is_open


def test_a_camera_is_not_opened_twice(world: fake.World) -> None:
    with Picamera2Source(0, CameraSettings()) as camera:
        with pytest.raises(CameraWedged, match="is still open in this process"):
            Picamera2Source(0, CameraSettings())
        assert next(camera.frames()).index == 0
    assert len(world.opened) == 1


def test_a_library_that_hangs_while_it_looks_for_cameras_asks_for_a_new_process(
    world: fake.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "OPEN_S", 0.3)
    world.hanging = {"list"}
    with pytest.raises(CameraWedged, match=r"picamera2: the camera library has not answered for 0\.3 s"):
        cameras()


def test_a_process_ends_though_the_library_hangs(tmp_path: Path) -> None:
    """The hung thread does not keep the process that says so from ending."""
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
            import sys, threading
            from device.errors import CameraWedged
            from device.sources.picamera2.library import within

            try:
                within(0.2, lambda: threading.Event().wait(), "picamera2:0")
            except CameraWedged as error:
                sys.exit(error.exit_code)
        """)
    )
    done = subprocess.run([sys.executable, program], cwd=Path(__file__).parents[2], timeout=30, check=False)
    assert done.returncode == 75


@pytest.mark.usefixtures("world")
def test_threads_end() -> None:
    before = threading.active_count()
    for _ in range(3):
        with Picamera2Source(0, CameraSettings()) as camera:
            next(camera.frames())
    assert threading.active_count() == before
