from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from device.config import CameraSettings
from device.errors import SourceLost
from device.sources.choose import open_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.frames import Frame
    from device.sources import LiveSource

#: The one that apt's GStreamer belongs to.
SYSTEM_PYTHON = "/usr/bin/python3"
PASSWORD = "d:g/st@?#%20"  # noqa: S105 - of this test alone


@dataclass(frozen=True)
class RtspServer:
    process: subprocess.Popen[str]
    port: int

    def open(self, path: str, **more: Any) -> LiveSource:
        return open_source(CameraSettings(source=f"rtsp://127.0.0.1:{self.port}{path}", **more))


@contextlib.contextmanager
def rtsp_server(*login: str, port: int = 0) -> Iterator[RtspServer]:
    script = Path(__file__).with_name("rtsp_server.py")
    command = [SYSTEM_PYTHON, str(script), str(port), *login]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]}
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield RtspServer(process, int(line))
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server() -> Iterator[RtspServer]:
    with rtsp_server() as one:
        yield one


def lost(source: LiveSource) -> tuple[SourceLost, float]:
    """Why the source is lost, and after how long."""
    began = time.monotonic()
    with source, pytest.raises(SourceLost) as failure:
        for _ in source.frames():
            pass
    return failure.value, time.monotonic() - began


def lost_after(frames: Iterator[Frame]) -> tuple[SourceLost, float]:
    began = time.monotonic()
    with pytest.raises(SourceLost) as failure:
        for _ in frames:
            pass
    return failure.value, time.monotonic() - began


def comes_back(server: RtspServer, path: str) -> bool:
    """Whether there is a frame again: a server that was stopped first has to see to its old clients."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with server.open(path) as source, contextlib.suppress(SourceLost):
            return next(source.frames()).luma.shape == (240, 320)
        time.sleep(0.5)
    return False


@pytest.mark.parametrize(("path", "codec", "full"), [("/h264", "h264", False), ("/mjpeg", "mjpeg", True)])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_over_rtsp(server: RtspServer, path: str, codec: str, *, full: bool, transport: str) -> None:
    with server.open(path, transport=transport) as source:
        frames = list(itertools.islice(source.frames(), 30))
        assert f"{codec} 320x240" in source.name
        assert source.corrupt == 0
    for frame in frames:
        assert frame.luma.shape == (240, 320)
        assert frame.colour_space.full_range is full
        assert frame.cb is not None
        assert frame.cb.shape == (120, 160)
        assert int(frame.luma.max()) > 200, "the ball is there"
    indices = [frame.index for frame in frames]
    assert indices == sorted(set(indices))
    seconds = (frames[-1].pts - frames[5].pts) / 1e9
    assert seconds == pytest.approx((indices[-1] - indices[5]) / 25, abs=0.15), "by the camera's own clock"
    captured = [frame.captured_ns or 0 for frame in frames]
    assert captured == sorted(captured)


def test_no_such_stream_and_none_with_a_picture(server: RtspServer) -> None:
    error, after = lost(server.open("/none"))
    assert "no such stream (404)" in str(error)
    assert after < 5
    error, after = lost(server.open("/sound"))
    assert after < 15


def test_digest_authentication(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    with rtsp_server("ann", PASSWORD) as guarded:
        with guarded.open("/h264", user="ann", password_file=file) as source:
            assert next(source.frames()).luma.shape == (240, 320)
            assert PASSWORD not in source.name
        file.write_text("wrong")
        error, _ = lost(guarded.open("/h264", user="ann", password_file=file))
        assert "refuses user and password" in str(error)
        assert "wrong" not in str(error)
        error, _ = lost(guarded.open("/h264"))
        assert "camera.password_file" in str(error)


@pytest.mark.parametrize("path", ["/h264", "/mjpeg"])
def test_a_server_that_dies_is_noticed_at_once(path: str) -> None:
    with rtsp_server() as mortal:
        source = mortal.open(path)
        with source:
            frames = source.frames()
            next(frames)
            mortal.process.kill()
            _, after = lost_after(frames)
    assert after < 2


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_server_that_stands_still_is_noticed_in_time(transport: str) -> None:
    with rtsp_server() as sleepy:
        source = sleepy.open("/h264", transport=transport, stall_seconds=1.5)
        with source:
            frames = source.frames()
            next(frames)
            sleepy.process.send_signal(signal.SIGSTOP)
            error, after = lost_after(frames)
        assert 1 < after < 4
        assert "1.5 s" in str(error)
        sleepy.process.send_signal(signal.SIGCONT)
        assert comes_back(sleepy, "/h264")


def test_one_that_takes_the_connection_and_says_nothing() -> None:
    with rtsp_server() as sleepy:
        sleepy.process.send_signal(signal.SIGSTOP)
        error, after = lost(sleepy.open("/h264"))
    assert "10 s" in str(error)
    assert 8 < after < 15


@pytest.mark.timeout(300)
def test_live_waits_for_a_server_that_died_and_goes_on(tmp_path: Path) -> None:
    seen = 0

    def count(pictures: IO[bytes]) -> None:
        nonlocal seen
        while block := pictures.read(4096):
            seen += block.count(b"\xff\xd8\xff")

    def wait(what: str, there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not there():
            assert time.monotonic() < deadline, f"{what}: {seen} pictures, {said.read_text()}"
            time.sleep(0.1)

    said = tmp_path / "said"
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(rtsp_server())
        address = f"rtsp://127.0.0.1:{first.port}/h264"
        command = [sys.executable, "-m", "device.cli", "live", address, "--no-page", "--stdout", "mjpeg"]
        live = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stack.enter_context(said.open("wb")),
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path)},
            cwd=Path(__file__).parents[2],
        )
        stack.enter_context(live)
        stack.callback(live.kill)
        assert live.stdout is not None
        threading.Thread(target=count, args=[live.stdout], daemon=True).start()
        wait("pictures", lambda: seen > 5)
        first.process.kill()
        wait("its word", lambda: f"waiting for camera: {address}: " in said.read_text())
        before = seen
        stack.enter_context(rtsp_server(port=first.port))
        wait("pictures again", lambda: seen > before + 5)
        assert "back after" in said.read_text()
        live.send_signal(signal.SIGINT)
        assert live.wait(20) in {0, 130}
