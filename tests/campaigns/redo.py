"""Redoing killed at random moments: each time the old film stands, whole, and what is known of it is true.

    python tests/campaigns/redo.py [--kills 20] [--seed 1]

At the end one run goes through, and its film is compared with that of a run that nobody killed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from films import make_film
from redoing import coloured, config, copied, packets, planes

from device.jobs.film_shots import shots_folder
from device.jobs.redo import known_shots
from device.media.segments import WorkFolder


def command(film: Path) -> list[str]:
    """Two of its shots again, paler."""
    return [sys.executable, "-m", "device.cli", "redo", str(film), "--shot", "2-3", "--saturation", "0.4"]


def killed_after(film: Path, seconds: float) -> bool:
    """Kill a run after so long; whether it was still at it."""
    with subprocess.Popen(command(film), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        time.sleep(seconds)
        alive = running.poll() is None
        running.send_signal(signal.SIGKILL)
    time.sleep(0.1)  # its child goes with it
    return alive


def fresh(film: Path, folder: Path) -> Path:
    """A copy of a film that was not redone, alone in ``folder``."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return copied(film, folder)


def main() -> None:
    """Run the campaign and print what came of it; fails where a film is neither the old nor the new one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)  # noqa: S311 - no secret
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, film = folder / "in.mkv", folder / "out.mkv"
        make_film(source, size=(160, 120), count=80, scenes=4, sound="flac")
        coloured(source, film, config(20, codec="ffv1"))
        whole = fresh(film, folder / "whole")
        began = time.monotonic()
        subprocess.run(command(whole), check=True, stdout=subprocess.DEVNULL)
        takes = time.monotonic() - began
        victim = fresh(film, folder / "victim")
        old, new, known = planes(film), planes(whole), known_shots(victim)
        hit = went_through = 0
        for _ in range(arguments.kills):
            hit += killed_after(victim, chance.uniform(0.2, 0.9) * takes)
            now, there = planes(victim), known_shots(victim)
            assert all((shots_folder(victim) / str(shot.still)).exists() for shot in there.shots)
            if now == new:
                went_through += 1
                assert there.shots[1].settings
                victim = fresh(film, victim.parent)
            else:
                assert now == old
                assert there.shots == known.shots
        subprocess.run(command(victim), check=True, stdout=subprocess.DEVNULL)
        assert planes(victim) == new
        assert packets(victim, "audio") == packets(film, "audio")
        assert not WorkFolder.path_for(victim).exists()
    print(
        f"{arguments.kills} kills, {hit} of them while it worked: the old film stood after "
        f"{arguments.kills - went_through}, the new one after {went_through}; then one run went through, and "
        "its film is that of a run that nobody killed"
    )


if __name__ == "__main__":
    main()
