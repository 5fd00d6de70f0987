"""``tintcast`` on a machine with a small picamera2, whose camera hangs after a while where that is asked."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import pytest
from sources import fake_picamera2

from device.cli import main

if __name__ == "__main__":
    _, hangs, *words = sys.argv
    with pytest.MonkeyPatch.context() as patch:
        world = fake_picamera2.World(wait_s=0.03).install(patch)
        if hangs != "never":
            threading.Timer(1.5, world.hanging.update, [{hangs, "close"}]).start()
        sys.exit(main(words))
