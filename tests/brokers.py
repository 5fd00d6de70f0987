"""Real brokers and small films to send, for tests and campaigns. Missing mosquitto is a failure."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from device.media.facts import Facts
from device.media.jpeg import encode_jpeg
from device.media.jpeg_segments import COM, insert
from device.mqtt.address import Address
from device.mqtt.messages import Head

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SBIN = "/usr/local/sbin:/usr/sbin"


def mosquitto_program(name: str = "mosquitto") -> str:
    found = shutil.which(name) or shutil.which(name, path=_SBIN)
    assert found, f"{name} is missing: apt-get install mosquitto"
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Mosquitto:
    """One broker on a port of its own, which can be killed and started again."""

    folder: Path
    settings: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port)

    def start(self) -> None:
        config = self.folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "set_tcp_nodelay true", *self.settings]
        if not any(line.startswith(("allow_anonymous", "password_file")) for line in self.settings):
            lines.append("allow_anonymous true")
        if os.geteuid() == 0:
            lines.append("user root")  # else it gives its rights up, and can't read our files
        config.write_text("\n".join(lines) + "\n")
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen(
                [mosquitto_program(), "-v", "-c", str(config)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 5
        while True:
            assert self.process.poll() is None, (self.folder / "mosquitto.log").read_text()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            else:
                return

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(5)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(5)


def wait_until(condition: Callable[[], object], deadline_s: float = 10.0) -> None:
    """Wait for ``condition``, with a deadline that fails the test."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class Frames(Sequence[bytes]):
    """The frames of a film made of noise, each different, with their facts; made when they are asked for."""

    _PICTURES = 16

    def __init__(
        self, job: str, count: int, *, width: int = 64, height: int = 48, device: str = "board"
    ) -> None:
        noise = np.random.default_rng(count)
        chroma = np.full((height // 2, width // 2), 90, np.uint8)
        self._pictures = [
            encode_jpeg(noise.integers(0, 256, (height, width), dtype=np.uint8), chroma, chroma, 85)
            for _ in range(min(count, self._PICTURES))
        ]
        self._count = count
        self._facts = Facts(width, height, 0, 0, Fraction(1, 24000), "compact", device, job)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: Any) -> Any:
        if not 0 <= number < self._count:
            raise IndexError
        facts = replace(self._facts, sequence=number, pts=number * 1001, last=number == self._count - 1)
        return insert(self._pictures[number % self._PICTURES], [(COM, facts.to_bytes())])


def make_jpegs(job: str, count: int, **settings: Any) -> list[bytes]:
    """All ``Frames`` at once."""
    return list(Frames(job, count, **settings))


def make_head(*, width: int = 64, height: int = 48, **others: Any) -> Head:
    return Head("film", width, height, Fraction(1, 24000), **others)


@dataclass
class Authority:
    """A certificate authority, and a server's certificate signed by it."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self._openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=Test authority",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
        )

    @property
    def file(self) -> Path:
        return self.folder / "ca.pem"

    def server(self, name: str) -> tuple[Path, Path]:
        """Certificate and key for a server of that name or address."""
        (self.folder / "san").write_text(f"subjectAltName={name}\n")
        self._openssl(
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=broker",
            "-keyout",
            "server.key",
            "-out",
            "server.csr",
        )
        self._openssl(
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "san",
            "-out",
            "server.pem",
        )
        return self.folder / "server.pem", self.folder / "server.key"

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


class ReceiverProcess:
    """``receive`` in a process of its own, which can be killed and started again on the same folder."""

    _CODE = """
import sys
import threading
from pathlib import Path
from device.engine import Stop
from device.jobs.receive import ReceivePlan, Watch, receive
from device.mqtt.address import Address
port, base, name, out = sys.argv[1:]
address = Address("127.0.0.1", int(port))
plan = ReceivePlan(address=address, base=base, name=name, out=Path(out), once=True, idle_s=60)
print(receive(plan, Watch(Stop(), print, lambda frames, of: None)))
"""

    def __init__(self, port: int, base: str, name: str, out: Path) -> None:
        self._command = [sys.executable, "-c", self._CODE, str(port), base, name, str(out)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(5)

    def wait(self, deadline_s: float = 30.0) -> int:
        assert self._process is not None
        return self._process.wait(deadline_s)


def folder_of(out: Path, job: str) -> Path:
    """The folder of a job below the receiver's."""
    (folder,) = (path for path in out.iterdir() if path.name.startswith(job + "-"))
    return folder


def lost_and_doubled(folder: Path, frames: Sequence[bytes]) -> tuple[int, int]:
    """Frames that are not there as they were sent, and files that are none of the frames sent."""
    wanted = {f"frame-{number:06d}.jpg": number for number in range(len(frames))}
    there = {path.name for path in folder.iterdir() if path.suffix == ".jpg"}
    right = sum(
        (folder / name).read_bytes() == frames[number] for name, number in wanted.items() if name in there
    )
    return len(frames) - right, len(there) - right


class SlowLink:
    """A way to a broker that lets only so many bytes a second through, towards it."""

    def __init__(self, target: Address, bytes_per_s: int) -> None:
        self._target = target
        self._rate = bytes_per_s
        self._server = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._server]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self._server.getsockname()[1])

    def close(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for each in self._sockets:
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
                far = socket.create_connection((self._target.host, self._target.port))
                self._sockets += [near, far]
                for copy in (self._slowly, self._copy):
                    ends = (near, far) if copy == self._slowly else (far, near)
                    self._threads.append(threading.Thread(target=copy, args=ends))
                    self._threads[-1].start()

    def _slowly(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                target.sendall(data)
                time.sleep(len(data) / self._rate)
            target.shutdown(socket.SHUT_WR)

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
