"""A folder of pictures of all kinds, some broken, in one run: all done, all listed, memory flat?

    python tests/campaigns/photos.py [--pictures 200] [--broken 4] [--width 1600]
    python tests/campaigns/photos.py --full        (1,000 pictures, 20 of them broken)

Prints the memory (RSS) of the command at its start, in the middle and at its end, and what it said. Ends with
1 unless every sound picture is there in colour, every broken one was named with a reason, the command ended
with 1, and (of 500 pictures or more) the memory at the end is at most a tenth above that in the middle.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as pytest does

from bench.machine import describe, verdict
from photos import make_folder

#: The contact sheet's first pages are as much as all later ones: before so many pictures memory still grows.
_SETTLED = 500
_MAY_GROW = 1.1
_DEADLINE_S = 3600.0


def main() -> int:
    """Run the campaign that the command line describes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--broken", type=int, default=4)
    parser.add_argument("--width", type=int, default=1600, help="of the pictures")
    parser.add_argument("--full", action="store_true", help="1,000 pictures, 20 of them broken")
    options = parser.parse_args()
    if options.full:
        options.pictures, options.broken = 1000, 20
    print(describe())
    with tempfile.TemporaryDirectory(prefix="tintcast-campaign-") as folder:
        return run(Path(folder), options)


def run(folder: Path, options: argparse.Namespace) -> int:
    """Make the folder, colour it, count."""
    sound = options.pictures - options.broken
    broken = make_folder(folder / "in", options.pictures, options.broken, width=options.width)
    began = time.monotonic()
    code, said, sizes = watch(folder / "in", folder / "out", sound)
    seconds = time.monotonic() - began
    done = len(pictures(folder / "out"))
    named = sum(any(line.startswith(f"{path}: ") for line in said.splitlines()) for path in broken)
    print(said.rstrip())
    print(f"{done} of {sound} sound pictures done in {seconds:.0f} s, exit code {code}")
    pages = len(list(folder.glob("sheet*.jpg")))
    print(f"{pages} pages of contact sheet")
    print(f"{named} of {len(broken)} broken ones named")
    start, middle, end = sizes[0], sizes[len(sizes) // 2], sizes[-1]
    flat = end <= _MAY_GROW * middle
    judged = options.pictures >= _SETTLED
    print(
        f"RSS {start:.0f} MB at the start, {middle:.0f} in the middle, {end:.0f} at the end: "
        f"{verdict(flat) if judged else 'too few pictures to tell'}"
    )
    whole = (code, done, named) == (1, sound, len(broken))
    return 0 if whole and (flat or not judged) else 1


def pictures(folder: Path) -> list[Path]:
    """Finished files below ``folder``."""
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".part"]


def watch(source: Path, out: Path, expected: int) -> tuple[int, str, list[float]]:
    """Run the command; exit code, what it said, and its memory in MB after each twentieth of the pictures."""
    sheet = out.with_name("sheet.jpg")
    command = [sys.executable, "-m", "device.cli", "photo", source, out, "--contact-sheet", sheet]
    sizes: list[float] = []
    deadline = time.monotonic() + _DEADLINE_S
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as running,
    ):
        while running.poll() is None:
            if time.monotonic() > deadline:
                running.kill()
                raise SystemExit(f"not done after {_DEADLINE_S:.0f} s")
            size = rss_mb(running.pid)
            if size and len(pictures(out)) >= expected * (len(sizes) + 1) / 20:
                sizes.append(size)
            time.sleep(0.1)
        said.seek(0)
        return running.returncode, said.read(), sizes


def rss_mb(process: int) -> float:
    """Resident memory in MB; 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS:")), 0.0)


if __name__ == "__main__":
    sys.exit(main())
