"""A night that is killed again and again, and compared with one that was left alone."""

from __future__ import annotations

import contextlib
import glob
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
from colour_films import make_colour_film
from films import make_film, panned
from interlaced import make_interlaced
from night_results import results

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

#: Segments so short that a film has many; as fast as it goes.
SETTINGS = """
[film]
segment_frames = 10
preset = "ultrafast"
[batch]
settle_seconds = 0
look_seconds = 1
keep_free_mb = 0
memory_mb = 0
priority = "normal"
"""
#: Signs that something is just being joined, named or recorded.
SIGNS = (
    "**/.*.tintcast/joined.part",
    "**/.*.tintcast/joined",
    "**/.*.tintcast/*.mkv.part",
    "**/.*.tintcast/*.json.part",
    "**/.*.shots/*.part",
    "**/.*.shots/shots.next.json",
    ".tintcast/*.json*",
    ".tintcast/jobs/**/*.part",
    "report.*.part",
)
#: Done, in part, network not loaded (that process was the child that was killed), no room, killed.
_ENDS = {0, 1, 4, 6, -signal.SIGKILL}
#: What a run may take, and what is left of a killed one may linger (seconds).
_RUN_S, _LINGER_S = 1200.0, 10.0


def make_sources(folder: Path, frames: int, size: tuple[int, int]) -> None:
    """Films of all kinds, two pictures and one file that is no film; each film of about ``frames`` frames."""
    make_few(folder, frames, size)
    third = frames // 3
    deep = folder / "reels" / "deep.mkv"
    make_film(deep, size=size, count=frames, pixel_format="yuv420p10le", sound="flac")
    make_film(folder / "turned.mov", size=size, count=frames, codec="libx264", rotation=90, sound="aac")
    make_film(folder / "old.avi", size=size, count=frames, codec="mpeg4", sound="mp3", scenes=2)
    make_interlaced(folder / "woven.mkv", [True] * frames, size=size)
    mixed = [(third, "grey"), (third, "colour"), (4, "black"), (third, "sepia")]
    make_colour_film(folder / "reels" / "mixed.mkv", mixed, size=size)
    make_colour_film(folder / "colour.mkv", [(third, "colour"), (third, "colour")], size=size)
    (folder / "broken.mp4").write_bytes((folder / "sound.mp4").read_bytes()[:3000])


def make_few(folder: Path, frames: int, size: tuple[int, int]) -> None:
    """Two films of ``frames`` frames, one with sound, one of an uneven rate, and two pictures."""
    (folder / "reels").mkdir(parents=True)
    make_film(folder / "sound.mp4", size=size, count=frames, codec="libx264", sound="aac", scenes=3)
    uneven = [40 * n + 13 * (n % 3) for n in range(frames)]
    make_film(
        folder / "reels" / "uneven.mkv", size=size, count=frames, pts=uneven, time_base=Fraction(1, 1000)
    )
    for number, luma in enumerate(panned(2, size, seed=9)):
        cv2.imwrite(str(folder / "reels" / f"picture{number * 7}.png"), luma)


def descendants(pid: int) -> list[int]:
    """Processes below ``pid``."""
    found = [pid]
    for process in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{process}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found[1:]


@dataclass
class Night:
    """``tintcast batch`` from ``source`` to ``out``, started as often as it takes; what was seen meanwhile.

    ``wrong``: what must not be. ``kills``: whom it hit, and where.
    """

    source: Path
    out: Path
    config: Path
    wrong: list[str] = field(default_factory=list)
    kills: list[str] = field(default_factory=list)
    _seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def run(self, *more: str, until: Callable[[subprocess.Popen[str]], None] | None = None) -> int:
        """Run it to its end, or until ``until`` has killed it; returns the exit code."""
        command = [sys.executable, "-m", "device.cli", "batch", str(self.source), str(self.out)]
        command += ["--config", str(self.config), "--retry-failed", *more]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        ) as running:
            ended = threading.Event()
            watching = threading.Thread(target=self._watch, args=(ended,))
            watching.start()
            try:
                if until is not None:
                    until(running)
                said, _ = running.communicate(timeout=_RUN_S)
            finally:
                for process in (running.pid, *descendants(running.pid)):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                ended.set()
                watching.join()
        if "Traceback" in said or running.returncode not in _ENDS:
            self.wrong.append(f"ended with {running.returncode}, after {self.kills[-1:]}: {said[-1500:]}")
        self.look()
        return running.returncode

    def kill_at_random(self, chance: random.Random, longest_s: float, running: subprocess.Popen[str]) -> None:
        """Kill parent, child or all of them: after a while, or as soon as a sign shows."""
        victim = chance.choice(("parent", "child", "all"))
        self.kill(chance, longest_s, running, victim=victim, sign=chance.choice((None, None, *SIGNS)))

    def kill(
        self,
        chance: random.Random,
        longest_s: float,
        running: subprocess.Popen[str],
        *,
        victim: str,
        sign: str | None,
    ) -> None:
        """Kill the ``victim`` when a file named like ``sign`` shows; None: at any time."""
        deadline = time.monotonic() + chance.uniform(0.1, longest_s)
        patience = time.monotonic() + longest_s
        while running.poll() is None and time.monotonic() < (deadline if sign is None else patience):
            if sign is not None and self._shows(sign):
                time.sleep(chance.choice((0, 0, 0.001, 0.004)))
                break
            time.sleep(0.001)
        below = descendants(running.pid)
        hit = {"parent": [running.pid], "child": below[:1], "all": [running.pid, *below]}[victim]
        if running.poll() is None:
            place = "at any time" if sign is None else f"at {sign}"
            self.kills.append(f"{victim} {place}")
            for process in hit or [running.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        if victim == "parent" and chance.random() < 0.5:
            self._all_gone(below)

    def _shows(self, sign: str) -> bool:
        # Not Path.glob, which stumbles over folders that go.
        found = glob.iglob(sign, root_dir=self.out, recursive=True, include_hidden=True)  # noqa: PTH207
        return next(found, None) is not None

    def look(self) -> None:
        """Note what stands under a final name: it must be whole at once, and stay what it is."""
        there = {path.relative_to(self.out).as_posix(): path for path in results(self.out)}
        for name in set(self._seen) - set(there):
            del self._seen[name]
            self.wrong.append(f"{name} is gone, after {self.kills[-1:]}")
        for name, path in there.items():
            status = path.stat()
            now = status.st_ino, status.st_size
            before = self._seen.setdefault(name, now)
            if before != now:
                self._seen[name] = now
                self.wrong.append(f"{name} was written again: {before} became {now}, after {self.kills[-1:]}")

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(0.01):
            self.look()

    def _all_gone(self, processes: list[int]) -> None:
        deadline = time.monotonic() + _LINGER_S
        while any(_lives(process) for process in processes):
            if time.monotonic() > deadline:
                self.wrong.append("a child outlived its parent")
                return
            time.sleep(0.02)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
