"""Somebody who looks at the page's stream, in a process of its own: a plain HTTP client.

    python -m tests.bench.viewer http://localhost:8730/stream.mjpg [--seconds 20] [--warm-up 3]

Prints what arrived as one line of JSON.
"""

from __future__ import annotations

import argparse
import http.client
import json
import time
from dataclasses import asdict
from urllib.parse import urlsplit

from device.media.facts import read_facts
from tests.bench.arrivals import PATIENCE_S, WARM_UP_S, Arrivals, Waits, Watcher


def viewer(url: str, seconds: float, warm_up_s: float = WARM_UP_S) -> Watcher:
    """A viewer in a process of its own."""
    return Watcher("tests.bench.viewer", url, seconds=seconds, warm_up_s=warm_up_s)


def look(url: str, seconds: float, warm_up_s: float) -> Arrivals:
    """Be a viewer."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "localhost", where.port, timeout=PATIENCE_S)
    connection.request("GET", f"{where.path}?{where.query}")
    stream = connection.getresponse()
    if stream.status != http.client.OK:
        raise SystemExit(f"{url}: {stream.status}")
    waits, begins = Waits(), 0.0
    while not begins or time.monotonic() < begins + seconds:
        length = 0
        while (line := stream.readline().strip()) or not length:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        jpeg = stream.read(length)
        now_ns, now = time.time_ns(), time.monotonic()
        begins = begins or now + warm_up_s
        if now >= begins:
            waits.note(read_facts(jpeg), len(jpeg), now_ns, now)
    connection.close()
    return waits.arrivals()


def main() -> None:
    """Be a viewer, and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("url")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    options = parser.parse_args()
    print(json.dumps(asdict(look(options.url, options.seconds, options.warm_up))))


if __name__ == "__main__":
    main()
