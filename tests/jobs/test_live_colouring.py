"""The network's side of a live picture, on its own: what ends a wait for it, and whose wish counts."""

from __future__ import annotations

import threading
import time
from typing import Any

from brokers import wait_until
from live import Painter, grey, scene

from device.engine import Leases, Stop, Workers
from device.errors import NetworkFileError, TintcastError
from device.jobs.live.colouring import Colouring, Seen
from device.jobs.looking import Look


def test_the_stop_ends_a_wait_for_colour() -> None:
    stop = Stop()
    colouring = Colouring("one", lambda _: Painter(), hinting=None, stop=stop, refused=lambda *_: None)
    seen = Seen(grey(scene(1), 0), Look(scene(1)[:32, :32], None, cut=False), 1, 1)
    timer = threading.Timer(0.3, stop.request)
    timer.start()
    began = time.monotonic()
    assert colouring.newest(seen, 20) is None
    assert 0.2 < time.monotonic() - began < 5
    timer.join()


def test_a_network_that_is_refused_does_not_undo_a_newer_wish() -> None:
    networks = {"one": Painter(), "two": Painter()}
    loading, go = threading.Event(), threading.Event()
    refused: list[tuple[str, TintcastError]] = []

    def load(name: str) -> Any:
        if name == "broken":
            loading.set()
            go.wait(20)
            raise NetworkFileError("sha256 is wrong", where="broken.tflite")
        return networks[name]

    stop = Stop()
    colouring = Colouring("one", load, hinting=None, stop=stop, refused=lambda *told: refused.append(told))
    workers = Workers(stop, Leases())
    workers.start("colour", colouring.run)
    colouring.use("broken")
    assert loading.wait(10)
    colouring.use("two")
    go.set()
    wait_until(lambda: colouring.network is networks["two"])
    stop.request()
    workers.join(10)
    assert refused == []
