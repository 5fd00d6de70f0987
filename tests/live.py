"""Parts of a live picture for tests: sources that fail on demand, networks that take their time."""

from __future__ import annotations

import contextlib
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from device.config import load_config
from device.engine import Stop
from device.frames import JPEG_COLOUR, Frame
from device.jobs.live.job import LiveJob
from device.network import Network, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from device.config import Config
    from device.frames import TintedFrame

TINY = Path(__file__).parent / "network" / "data" / "tiny-int8.tflite"


def grey(luma: NDArray[np.uint8], index: int, captured_ns: int | None = None, **others: Any) -> Frame:
    """A frame of a camera."""
    captured_ns = time.monotonic_ns() if captured_ns is None else captured_ns
    return Frame(luma, JPEG_COLOUR, index, index, Fraction(1, 30), captured_ns=captured_ns, **others)


def scene(seed: int, rows: int = 96, columns: int = 128, shift: int = 0) -> NDArray[np.uint8]:
    """A picture with structure, moved to the left by ``shift`` samples."""
    blocks = np.random.default_rng(seed).integers(30, 225, (rows // 8, columns // 4))
    wide = np.kron(blocks, np.ones((8, 8), np.int64)).astype(np.uint8)
    return np.ascontiguousarray(wide[:, shift : shift + columns])


class FakeCamera:
    """A source of scenes at ``rate``, which does what it is told: ``script`` is asked before each frame.

    ``script(index)`` may raise, sleep, or return a picture to show instead.
    """

    name = "test camera"
    corrupt = 0

    def __init__(
        self, script: Callable[[int], NDArray[np.uint8] | None] = lambda _: None, rate: float = 100
    ) -> None:
        self._script, self._rate = script, rate
        self._closed = threading.Event()
        self.dropped = 0
        #: When each frame was captured.
        self.stamps: set[int | None] = set()
        self.rests: list[bool] = []

    def frames(self) -> Iterator[Frame]:
        index = 0
        while not self._closed.wait(1 / self._rate):
            told = self._script(index)
            frame = grey(scene(1) if told is None else told, index)
            self.stamps.add(frame.captured_ns)
            yield frame
            index += 1

    def rest(self, *, resting: bool) -> None:
        self.rests.append(resting)

    def close(self) -> None:
        self._closed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Painter:
    """A network that says the same everywhere, or what ``paint(lightness)`` says, after ``seconds``."""

    size = (32, 32)

    def __init__(
        self,
        ab: tuple[float, float] = (20, 10),
        seconds: float = 0,
        paint: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None,
    ) -> None:
        self.manifest = type("Manifest", (), {"name": "painter", "logits": None, "likely": None})()
        self.ab, self.seconds, self.paint = ab, seconds, paint
        self.asked = 0
        self.closed = False

    def predict(self, lightness: NDArray[np.float32], **_: object) -> Prediction:
        assert not self.closed
        assert lightness.shape == self.size
        self.asked += 1
        time.sleep(self.seconds)
        if self.paint is not None:
            return Prediction(self.paint(lightness), None)
        return Prediction(np.tile(np.asarray(self.ab, np.float32), (8, 8, 1)), None)

    def check_hints(self, _hints: object) -> None:
        pass

    def heard(self, hints: object) -> object:
        return hints

    def close(self) -> None:
        self.closed = True


class Kept:
    """A sink that keeps what it was given; ``hook`` is called with each frame."""

    def __init__(self, hook: Callable[[TintedFrame], None] = lambda _: None) -> None:
        self.frames: list[TintedFrame] = []
        self.ends: list[str] = []
        self._hook = hook

    def write(self, tinted: TintedFrame) -> None:
        self._hook(tinted)
        self.frames.append(tinted)

    def close(self) -> None:
        self.ends.append("closed")

    def abort(self) -> None:
        self.ends.append("aborted")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.ends.append("closed" if kind is None else "aborted")


def configured(**sections: dict[str, Any]) -> Config:
    """A configuration without a page, on the smallest of networks."""
    given = {"network": {"name": str(TINY), "threads": 1}, "preview": {"enabled": False}}
    return load_config(None, {}, given | sections)


class Running:
    """A live job that runs in a thread, from entering to leaving."""

    def __init__(
        self,
        opener: Callable[[], Any],
        config: Config | None = None,
        *,
        network: Any = None,
        load: Callable[[str], Any] | None = None,
        folder: Path | None = None,
        sinks: dict[str, Any] | None = None,
    ) -> None:
        self.said: list[str] = []
        if network is not None:
            load = lambda _: network  # noqa: E731
        self.job = LiveJob(config or configured(), opener, folder, say=self.said.append, load=load)
        self.desk = self.job.desk
        for name, sink in (sinks or {}).items():
            self.job.add(name, sink)
        self.stop = Stop()
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="live job")

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.request()
        self.thread.join(30)
        assert not self.thread.is_alive()
        with contextlib.suppress(Exception):
            self.job.close()

    def _run(self) -> None:
        try:
            self.job.run(self.stop)
        except BaseException as error:  # noqa: BLE001 - for the test to look at
            self.error = error


def load_tiny(_name: str = "") -> Network:
    return Network.load(TINY, threads=1)
