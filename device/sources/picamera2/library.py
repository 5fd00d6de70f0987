"""The picamera2 library: whether it can be used here and why not, which cameras it knows, opening one."""

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib
import inspect
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from device.errors import CameraWedged, ConfigurationError, SourceLost, from_misfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

#: To find the cameras and open one: the library alone takes seconds to load on a small board.
OPEN_S: Final = 30.0
#: To stop the camera and let go of it.
CLOSE_S: Final = 4.0
#: What to do where the library hangs.
AGAIN: Final = "start tintcast again"
_TUNING: Final = "LIBCAMERA_RPI_TUNING_FILE"
_APT: Final = "sudo apt install python3-picamera2"
_VENV: Final = "python3 -m venv --system-site-packages"
#: Where apt puts it.
_SYSTEM: Final = Path("/usr/lib/python3/dist-packages/picamera2")


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera as libcamera lists it. ``number``: as in ``picamera2:1``; ``usb``: V4L2 knows it, too."""

    number: int
    model: str
    identity: str

    @property
    def usb(self) -> bool:
        """Whether it hangs on USB."""
        return "/usb" in self.identity


@dataclass(frozen=True, slots=True)
class Library:
    """What we use of picamera2 and libcamera; they have no types of ours."""

    camera: Any
    mapped: Any
    transform: Any
    colour_space: Any

    def cameras(self) -> tuple[Camera, ...]:
        """Those attached now, in the order of their numbers. Raises SourceLost where they can't be listed."""
        return tuple(
            Camera(number, str(one.get("Model", "camera")), str(one.get("Id", "")))
            for number, one in enumerate(self._listed())
        )

    def tuning_folders(self) -> tuple[Path, ...]:
        """Where the system keeps its sensors' tuning files, one set for each generation of boards."""
        generation = str(getattr(getattr(self.camera, "platform", None), "name", "vc4")).lower()
        return tuple(Path(root) / "share/libcamera/ipa/rpi" / generation for root in ("/usr/local", "/usr"))

    def open(self, number: int, tuning: Path | None) -> Any:
        """Open a camera. Raises SourceLost where it is not there, is another's, or does not answer."""
        where = f"picamera2:{number}"
        with _tuned_by(tuning):
            listed = self._listed()
            if number >= len(listed):
                raise SourceLost(
                    f"no such camera: {len(listed)} found, counted from 0"
                    if listed
                    else "no camera is attached",
                    where=where,
                    hint="`rpicam-hello --list-cameras` lists what is there; check cable and config.txt, and "
                    "that this user is in the group video",
                )
            if listed[number].get("Num", number) in getattr(self._manager, "cameras", ()):
                # It was not given back; picamera2 would take it from its owner, and let go of it for both.
                raise CameraWedged("is still open in this process", where=where, hint=AGAIN)
            camera = self.camera.__new__(self.camera)
            try:
                camera.__init__(number, tuning=None if tuning is None else str(tuning))
            except Exception as error:
                _let_go(camera)
                raise refusal(error, where) from error
            # We close it; the end of a process whose camera hangs would wait for it.
            atexit.unregister(camera.close)
            return camera

    @property
    def _manager(self) -> Any:
        """Who knows which cameras are there, and which are open here."""
        return getattr(self.camera, "_cm", None)

    def _listed(self) -> list[dict[str, Any]]:
        look_anew = getattr(self._manager, "reset", None)
        try:
            if look_anew is not None and not getattr(self._manager, "cameras", True):
                # Nobody has one open: those attached since are seen. A tuning file is read as one is found.
                look_anew()
            return list(self.camera.global_camera_info())
        except (RuntimeError, OSError) as error:
            raise refusal(error, "picamera2") from error


def load() -> Library:
    """Import picamera2 and libcamera. Raises ConfigurationError that says why it can't be, and what to do."""
    os.environ.setdefault("LIBCAMERA_LOG_LEVELS", "*:WARN")  # each look for cameras has it say who it is
    try:
        picamera2 = importlib.import_module("picamera2")
        job = importlib.import_module("picamera2.job")
        libcamera = importlib.import_module("libcamera")
        patient = "timeout" in inspect.signature(job.Job.get_result).parameters
        library = Library(
            picamera2.Picamera2, picamera2.MappedArray, libcamera.Transform, libcamera.ColorSpace
        )
    except Exception as error:  # whatever its many parts raise where they don't fit
        raise _unusable(error) from error
    if not patient:
        raise ConfigurationError(
            "picamera2 is too old: 0.3.17 or newer it has to be", hint="`sudo apt upgrade`"
        )
    return library


def cameras() -> tuple[Camera, ...]:
    """List the cameras that picamera2 knows.

    Raises ConfigurationError where the library can't be used, SourceLost where it can't list them, and
    CameraWedged where it does not answer.
    """
    return within(OPEN_S, lambda: load().cameras(), "picamera2")


def within(seconds: float, do: Callable[[], T], who: str) -> T:
    """Return what ``do`` returns, or raise what it raises; CameraWedged where it does neither in time.

    It goes on, on a thread that the end of the process does not wait for.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(do())
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            errors.append(error)

    thread = threading.Thread(target=run, name="picamera2", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise hangs(seconds, who)
    for error in errors:
        raise error
    return results[0]


def hangs(seconds: float, who: str) -> CameraWedged:
    """What to raise where the library has not answered for so long."""
    return CameraWedged(f"the camera library has not answered for {seconds:g} s", where=who, hint=AGAIN)


@contextlib.contextmanager
def _tuned_by(tuning: Path | None) -> Iterator[None]:
    """Name the tuning file as libcamera wants it named: while it looks for cameras, and no longer."""
    before = os.environ.get(_TUNING)
    try:
        if tuning is not None:
            os.environ[_TUNING] = str(tuning)
        yield
    finally:
        os.environ.pop(_TUNING, None)
        if before is not None:
            os.environ[_TUNING] = before


def _let_go(camera: Any) -> None:
    """Give back what a camera that could not be opened holds: it is opened again and again."""
    if getattr(camera, "is_open", False):
        with contextlib.suppress(Exception):
            camera.close()
        return
    manager = getattr(camera, "_cm", None)
    number = getattr(camera, "camera_idx", None)
    with contextlib.suppress(Exception):
        if manager is not None and number in manager.cameras:
            manager.cleanup(number)
    with contextlib.suppress(Exception):
        os.close(camera.notifyme_w)
    with contextlib.suppress(Exception):
        camera.notifymeread.close()


def refusal(error: Exception, where: str) -> SourceLost:
    """What it means that a camera could not be opened or started."""
    chain = _chain(error)
    text = str(chain[-1]) or type(chain[-1]).__name__
    if any(isinstance(one, PermissionError) for one in chain):
        hint = "its users are in the group video: sudo usermod -aG video USER, then log in again"
        return SourceLost("no permission to open it", where=where, hint=hint)
    if "busy" in text.lower() or any(getattr(one, "errno", 0) == errno.EBUSY for one in chain):
        return SourceLost("is in use by another program", where=where, hint="close that one")
    return SourceLost(f"can't be opened: {text}", where=where)


def _unusable(error: Exception) -> ConfigurationError:
    """Why picamera2 can't be imported, as far as it can be told apart."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing == "picamera2":
        if _SYSTEM.exists() and sys.prefix != sys.base_prefix:
            return ConfigurationError(
                "picamera2 is installed, but this environment does not see the system's packages",
                hint=f"make it with `{_VENV}`",
            )
        return ConfigurationError(
            "picamera2 is not installed", hint=f"`{_APT}`, and an environment made with `{_VENV}`"
        )
    if missing == "libcamera":
        return ConfigurationError(
            "picamera2 has no libcamera: pip's copy does not bring it",
            hint=f"`{_APT}`, and an environment made with `{_VENV}`",
        )
    for one in _chain(error):
        if (misfit := from_misfit(one)) is not None:
            return ConfigurationError(f"picamera2 can't be imported: {misfit.what}", hint=misfit.hint)
    return ConfigurationError(f"picamera2 can't be imported: {type(error).__name__}: {error}")


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found
