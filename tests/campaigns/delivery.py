"""Is not one frame lost? A film is sent while broker and receiver are killed at random, and then counted.

    python tests/campaigns/delivery.py [--frames 300] [--size 20] [--kills 3] [--seed 1] [--seconds 600]
    python tests/campaigns/delivery.py --full        (10,000 frames of 100 kB, 20 kills of each)

A real mosquitto and a receiver in a process of its own are killed (-9) ``--kills`` times each, at random
frames, and started again. Prints frames a second, how many messages had to be sent again, and what counts:
frames that are not in the receiver's folder as they were sent (lost), and files there that are none of them
(doubled or foreign). Ends with 1 unless both are 0.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as pytest does

from brokers import Frames, Mosquitto, ReceiverProcess, folder_of, lost_and_doubled, make_head

from device.mqtt.delivery import Delivery, subscriptions
from device.mqtt.session import Session
from device.mqtt.topics import Role

#: Random luma at quality 85 makes about so many bytes of JPEG for each sample.
_BYTES_PER_SAMPLE = 0.68


def no_fit(_jpeg: bytes, room: int) -> bytes:
    """This broker has no limit."""
    raise AssertionError(room)


def main() -> int:
    """Run the campaign that the command line describes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--size", type=int, default=20, help="kilobytes of a frame")
    parser.add_argument("--kills", type=int, default=3, help="of the broker, and as many of the receiver")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600, help="deadline of the whole")
    parser.add_argument("--full", action="store_true", help="10,000 frames of 100 kB, 20 kills of each")
    options = parser.parse_args()
    if options.full:
        options.frames, options.size, options.kills, options.seconds = 10_000, 100, 20, 7200
    with tempfile.TemporaryDirectory(prefix="tintcast-campaign-") as folder:
        return run(Path(folder), options)


def run(folder: Path, options: argparse.Namespace) -> int:
    """Send, kill, count."""
    chance = random.Random(options.seed)  # noqa: S311 - the same every time
    kill_broker = set(chance.sample(range(1, options.frames), options.kills))
    kill_receiver = set(chance.sample(range(1, options.frames), options.kills))
    width = 640
    height = max(16, int(options.size * 1000 / _BYTES_PER_SAMPLE / width)) // 2 * 2
    frames = Frames("campaign", options.frames, width=width, height=height)
    print(
        f"{options.frames} frames of {len(frames[0]) / 1000:.0f} kB, "
        f"{options.kills} kills each, seed {options.seed}"
    )

    broker = Mosquitto(folder)
    broker.start()
    receiver = ReceiverProcess(broker.port, "campaign", "cellar", folder / "out")
    receiver.start()
    role = Role("campaign", "board", "publish")
    deadline = time.monotonic() + options.seconds

    def tick(_reason: str) -> None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done within {options.seconds} s")

    began = time.monotonic()
    try:
        with Session(broker.address, role, subscriptions=subscriptions(role), say=print).start() as session:
            head = make_head(width=width, height=height)
            delivery = Delivery(session, "campaign", head, answer_s=60, fit=no_fit, tick=tick)
            for number, frame in enumerate(frames):
                delivery.frame(frame)
                if number in kill_broker:
                    broker.kill()
                    broker.start()
                if number in kill_receiver:
                    receiver.kill()
                    receiver.start()
            delivery.finish()
            seconds = time.monotonic() - began
            resent = delivery.resent
        receiver.wait()
    finally:
        receiver.kill()
        broker.stop()
    lost, doubled = lost_and_doubled(folder_of(folder / "out", "campaign"), frames)
    print(f"{options.frames / seconds:.0f} frames/s to disk, acknowledged; {resent} sent again")
    print(f"lost {lost}, doubled or foreign {doubled}")
    return 1 if lost or doubled else 0


if __name__ == "__main__":
    sys.exit(main())
