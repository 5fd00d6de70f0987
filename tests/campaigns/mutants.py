"""Does one bad film stop a night? Films of all kinds, cut, flipped, swapped, zeroed, in one real queue.

    python tests/campaigns/mutants.py [--films 12] [--seed 1]
    python tests/campaigns/mutants.py --full        (200 harmed films)

Prints what became of them, by what befell them and by reason. Ends with 1 unless the queue went through them
all and ended with code 1 (some failed) or 0, each has its record, none is our mistake, each unharmed film is
done, and each that is called done can be decoded, with as many frames as its record says.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))  # as pytest does

import av
from bench.machine import describe
from mutants import make_mutants

from device.jobs.batch.records import Ledger, Outcome

if TYPE_CHECKING:
    from mutants import Mutant

    from device.jobs.batch.records import Record

SETTINGS = """
[batch]
settle_seconds = 0
look_seconds = 1
keep_free_mb = 0
measure = false
priority = "normal"

[film]
preset = "ultrafast"
segment_frames = 12
stall_seconds = 30
keep_shots = false
"""
_DEADLINE_S = 3600.0


def main() -> int:
    """Run the campaign that the command line describes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--films", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="200 harmed films")
    parser.add_argument("--keep", type=Path, help="where the films go; else they are deleted")
    options = parser.parse_args()
    count = 200 if options.full else options.films
    print(describe())
    with tempfile.TemporaryDirectory(prefix="tintcast-campaign-") as temporary:
        wrong = run(options.keep or Path(temporary), count, options.seed)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def run(folder: Path, count: int, seed: int) -> list[str]:
    """Harm ``count`` films, send a night over them; what is not as it should be."""
    mutants = make_mutants(folder / "in", count, seed=seed)
    (folder / "night.toml").write_text(SETTINGS)
    command = [sys.executable, "-m", "device.cli", "batch", str(folder / "in"), str(folder / "out")]
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--config", str(folder / "night.toml")],
        capture_output=True,
        text=True,
        timeout=_DEADLINE_S,
        check=False,
    )
    seconds = time.monotonic() - began
    records = {record.relative: record for record in Ledger(folder / "out").all()}
    _tell(mutants, records, seconds, done.returncode)
    wrong = [f"{m.name} has no record" for m in mutants if m.name not in records]
    if done.returncode not in {0, 1}:
        wrong.append(f"the queue ended with {done.returncode}: {done.stderr[-2000:]}")
    if "Traceback" in done.stderr + done.stdout:
        wrong.append(f"a traceback: {done.stderr[-2000:]}")
    for mutant in mutants:
        if mutant.name in records:
            wrong += _wrong_with(mutant, records[mutant.name], folder / "out")
    return wrong


def _wrong_with(mutant: Mutant, record: Record, out: Path) -> list[str]:
    """What is not as it should be with one of them."""
    name = mutant.name
    if record.outcome is Outcome.FAILED:
        if mutant.harm == "whole":
            return [f"{name} is whole and failed: {record.reason}"]
        if record.how == "mistake" or not record.reason:
            return [f"{name}: {record.how}: {record.reason}"]
        return []
    if record.outcome is Outcome.SKIPPED:
        return [f"{name} is grey and was skipped: {record.reason}"] if mutant.harm == "whole" else []
    try:
        with av.open(str(out / (record.out or ""))) as film:
            frames = sum(1 for _ in film.decode(video=0))
    except (av.FFmpegError, OSError) as error:
        return [f"{name} is called done, but {error}"]
    return [] if frames == record.frames else [f"{name}: {frames} frames instead of {record.frames}"]


def _tell(mutants: list[Mutant], records: dict[str, Record], seconds: float, code: int) -> None:
    """What became of them."""
    became: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    told = 0
    for mutant in mutants:
        record = records.get(mutant.name)
        if record is None:
            continue
        became.setdefault(mutant.harm, Counter())[record.how or record.outcome.value] += 1
        told += bool(record.notes)
        if record.outcome is Outcome.FAILED:
            reasons[f"{record.how}: {_kind_of(record.reason)}"] += 1
    print(f"{len(mutants)} films, {len(records)} outcomes told, {seconds:.0f} s, exit code {code}")
    for harm, counts in sorted(became.items()):
        print(f"  {harm:10} " + ", ".join(f"{what} {count}" for what, count in counts.most_common()))
    print(f"{told} of those that are done have something said of them; reasons of those that failed:")
    for reason, count in reasons.most_common():
        print(f"  {count:4} {reason}")


def _kind_of(reason: str) -> str:
    """A reason without its numbers."""
    return "".join("#" if c.isdecimal() else c for c in reason)


if __name__ == "__main__":
    sys.exit(main())
