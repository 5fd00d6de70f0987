"""No source leaves a thread or a descriptor behind, however it ends: it is opened again for ever."""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from films import make_film
from sources import fake_picamera2 as fake
from sources.http_server import mjpeg, serving, silence

from device.config import CameraSettings
from device.errors import InputError, SourceLost
from device.sources.choose import open_source
from device.sources.film import FilmSource
from device.sources.pattern import PatternSource
from device.sources.pictures import PictureFolder
from device.sources.stream import source as stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.sources import LiveSource, Source

#: A thread that was left to itself has so long to end, in seconds: as long as its server may be silent.
GRACE_S = 15.0


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    make_film(path, count=12)
    return path


@pytest.fixture
def opener(
    request: pytest.FixtureRequest, film: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Source]]:
    """How to open the source that the test is about."""
    name: str = request.param
    with contextlib.ExitStack() as stack:
        if name == "picamera2":
            fake.World(wait_s=0.01).install(monkeypatch)
            yield lambda: open_source(CameraSettings(source="picamera2"))
        elif name == "http":
            server = stack.enter_context(serving(camera=mjpeg(rate=50)))
            yield lambda: open_source(CameraSettings(source=server.address("/camera"), stall_seconds=0.5))
        else:
            known: dict[str, Callable[[], Source]] = {
                "pattern": lambda: PatternSource((64, 48), 50),
                "film": lambda: FilmSource(film),
                "played film": lambda: open_source(CameraSettings(source=str(film), loop=True)),
                "pictures": lambda: PictureFolder(pictures),
            }
            yield known[name]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(12):
        (folder / f"{number}.pgm").write_bytes(b"P5 16 16 255\n" + bytes([number] * 256))
    return folder


def held() -> tuple[Counter[str], list[str]]:
    """What this process has open, by name, and its threads."""
    gc.collect()
    names: Counter[str] = Counter()
    for entry in list(os.scandir("/proc/self/fd")):  # with the listing's own, which is closed by then
        with contextlib.suppress(OSError):
            names[str(Path(entry.path).readlink()).partition(":[")[0]] += 1
    threads = (thread.name for thread in threading.enumerate())
    return names, sorted(name for name in threads if "process_request" not in name)  # the server's own


def nothing_left(before: tuple[Counter[str], list[str]]) -> None:
    deadline = time.monotonic() + GRACE_S
    while (now := held()) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    files, threads = now
    assert files - before[0] == Counter()
    assert threads == before[1]


def not_read(source: Source) -> None:
    with source:
        pass


def read_a_little(source: Source) -> None:
    with source:
        assert len(list(itertools.islice(source.frames(), 3))) == 3


def taken_badly(source: Source) -> None:
    """Whoever takes its frames fails."""
    with contextlib.suppress(ZeroDivisionError), source:
        for frame in source.frames():
            assert frame.width // 0


def closed_by_another_thread(source: Source) -> None:
    def read() -> None:
        with contextlib.suppress(InputError), source:
            for number, _ in enumerate(source.frames()):
                if number == 1:
                    come.set()

    come = threading.Event()
    reader = threading.Thread(target=read, name="reader")
    reader.start()
    assert come.wait(20)
    source.close()
    reader.join(20)
    assert not reader.is_alive()


SOURCES = ["pattern", "film", "played film", "pictures", "picamera2", "http"]
WAYS = [not_read, read_a_little, taken_badly, closed_by_another_thread]


@pytest.mark.parametrize("opener", SOURCES, indirect=True)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_source_leaves_nothing(opener: Callable[[], Source], way: Callable[[Source], None]) -> None:
    way(opener())  # what is loaded when it is first used stays
    before = settled()
    for _ in range(3):
        way(opener())
    nothing_left(before)


def settled() -> tuple[Counter[str], list[str]]:
    """What is held once nothing more goes."""
    now, since = held(), time.monotonic()
    while time.monotonic() - since < 0.3:
        time.sleep(0.05)
        if (later := held()) != now:
            now, since = later, time.monotonic()
    return now


@pytest.mark.parametrize(
    "source", ["/dev/null", "/dev/video99", "v4l2:/dev/zero", "picamera2:7", "http://localhost:9/none"]
)
def test_one_that_can_not_be_had_leaves_nothing(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.World().install(monkeypatch)

    def tried() -> None:
        def frames(opened: LiveSource) -> None:
            with opened:
                list(opened.frames())

        with pytest.raises(InputError):
            frames(open_source(CameraSettings(source=source, stall_seconds=0.5)))

    tried()
    before = settled()
    for _ in range(5):
        tried()
    nothing_left(before)


def test_a_silent_server_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_OPEN_S", 1.0)
    with serving(camera=silence) as server:
        for _ in range(3):
            with open_source(CameraSettings(source=server.address("/camera"))) as source:
                closer = threading.Timer(0.3, source.close)
                closer.start()
                with contextlib.suppress(SourceLost):
                    assert list(source.frames()) == []
                closer.join()
        deadline = time.monotonic() + GRACE_S
        while (reading := "stream" in held()[1]) and time.monotonic() < deadline:
            time.sleep(0.1)
    assert not reading
