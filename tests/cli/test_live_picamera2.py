"""``tintcast live`` on a camera of picamera2."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from live import TINY

from device.media.facts import read_facts
from device.media.jpeg import read_jpeg_size

PROGRAM = Path(__file__).with_name("live_picamera2.py")


def started(state: Path, hangs: str, *words: str) -> subprocess.Popen[bytes]:
    """``tintcast live`` in a process of its own, as JPEGs on standard output."""
    command = [sys.executable, PROGRAM, hangs, "live", *words, "--stdout", "mjpeg", "--no-page"]
    return subprocess.Popen(
        [*command, "--network", TINY, "--size", "640x480"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"XDG_STATE_HOME": str(state), "PATH": "/usr/bin:/bin"},
    )


def test_the_first_camera_of_picamera2_is_shown(tmp_path: Path) -> None:
    with started(tmp_path, "never") as process:
        assert process.stdout is not None
        data = bytearray()
        while data.count(b"\xff\xd9") < 3 and (more := process.stdout.read(1 << 16)):
            data += more
        process.kill()
    jpeg = bytes(data[data.index(b"\xff\xd8") :])
    assert read_jpeg_size(jpeg) == (640, 480)
    facts = read_facts(jpeg[: jpeg.index(b"\xff\xd9") + 2])
    assert (facts.width, facts.network) == (640, "tiny-int8")
    assert facts.captured_ns is not None
    assert abs(time.time_ns() - facts.captured_ns) < 60e9


def test_a_camera_whose_library_hangs_ends_the_process_with_its_reason(tmp_path: Path) -> None:
    began = time.monotonic()
    with started(tmp_path, "release", "picamera2") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 75
    assert b"imx219" in err or b"picamera2:0" in err
    assert b"hang" in err or b"has not answered" in err
    assert time.monotonic() - began < 45
