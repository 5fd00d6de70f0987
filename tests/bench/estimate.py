"""How far a night is from what was said of it before it began: a real one, over real films.

    python -m tests.bench.estimate FOLDER [--network compact] [--codec h264] [--colour always]

Measures and colours every film under FOLDER as `tintcast batch` does, into a temporary folder.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from device.config import load_config
from device.engine import Stop
from device.jobs.batch.records import Ledger
from device.jobs.batch.run import run_batch
from device.jobs.batch.status import Night
from tests.bench.machine import describe, verdict

if TYPE_CHECKING:
    from device.jobs.batch.plan import Plan

LIMIT = 0.2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", default="compact")
    parser.add_argument("--codec", default="h264")
    parser.add_argument("--colour", default="auto")
    options = parser.parse_args()
    print(describe())
    keys = {
        "network": {"name": options.network},
        "film": {"codec": options.codec},
        "colour": {"when": options.colour},
        "batch": {"settle_seconds": 0, "hot_c": 120, "priority": "normal"},
    }
    plans: list[tuple[Plan, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        began = time.perf_counter()
        run_batch(
            options.folder,
            out,
            load_config(None, {}, keys),
            night=Night(),
            stop=Stop(),
            say=lambda _: None,
            planned=lambda plan: plans.append((plan, time.perf_counter())),
        )
        ended = time.perf_counter()
        ((plan, measured),) = plans
        records = Ledger(out).all()
        for film in plan.films:
            record = next(record for record in records if record.relative == film.name)
            size = f", size {film.estimate.bytes / record.out_bytes:.2f}" if record.out_bytes else ""
            said = f"{film.seconds:.1f} s said, {record.seconds:.1f} s of its process"
            print(f"{film.name}: {film.estimate.how}, {said}{size}")
    ratio = plan.seconds / (ended - measured)
    print(f"{plan.verdict}; it took {measured - began:.0f} s to say so")
    spent = ended - measured
    print(f"{len(plan.films)} films: {plan.seconds:.1f} s said, {spent:.1f} s spent, ratio {ratio:.2f}")
    print(f"target within {LIMIT:.0%} {verdict(abs(ratio - 1) <= LIMIT)}")


if __name__ == "__main__":
    main()
