"""Is nothing lost, nothing done twice? A night is killed at random, and compared with one that was not.

    python tests/campaigns/night.py [--kills 3] [--frames 45] [--size 96x64] [--seed 1]
    python tests/campaigns/night.py --full        (50 kills, films of 100 frames at 160x120)

``tintcast batch`` over films of all kinds (containers, sound, uneven rates, 10 bits, turned, interlaced, grey
and colour), pictures, and a broken file; parent, child or all of them are killed (-9), at any time or just
when something is joined, named or recorded, and the same command is started again. Whatever stands under a
final name is looked at all the while. Ends with 1 unless the results are those of a night that was left
alone: frames, time stamps, sound, shots, records.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))  # as pytest does

from killed_nights import SETTINGS, Night, make_sources
from night_results import differences

#: A run that is to be killed is left alone for so long at most.
_LONGEST_S = 8.0
#: One in so many runs measures its films first.
_MEASURED = 12


def main() -> int:
    """Run the campaign that the command line describes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--frames", type=int, default=45)
    parser.add_argument("--size", default="96x64")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="50 kills, films of 100 frames at 160x120")
    parser.add_argument("--keep", type=Path, help="where the films go; else they are deleted")
    options = parser.parse_args()
    if options.full:
        options.kills, options.frames, options.size = 50, 100, "160x120"
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="tintcast-campaign-") as temporary:
        folder = options.keep or Path(temporary)
        make_sources(folder / "in", options.frames, (width, height))
        (folder / "night.toml").write_text(SETTINGS)
        return run(folder, options.kills, random.Random(options.seed))  # noqa: S311 - the same every time


def run(folder: Path, kills: int, chance: random.Random) -> int:
    """A night left alone, then nights that are killed until there were enough kills; and what differs."""
    began = time.monotonic()
    alone = Night(folder / "in", folder / "alone", folder / "night.toml")
    alone.run("--no-measure")
    seconds = time.monotonic() - began
    print(f"left alone: {seconds:.0f} s")
    done, bad, hit = 0, list(alone.wrong), Counter[str]()
    for number in range(kills):
        if done >= kills:
            break
        killed = Night(folder / "in", folder / f"killed{number}", folder / "night.toml")
        code, runs = -9, 0
        while code < 0 or len(killed.kills) > runs:
            runs = len(killed.kills)
            more = () if chance.randrange(_MEASURED) == 0 else ("--no-measure",)
            enough = done + runs >= kills
            until = None if enough else partial(killed.kill_at_random, chance, _LONGEST_S)
            code = killed.run(*more, until=until)
        killed.run("--no-measure")  # nothing is left to do
        wrong = [*killed.wrong, *differences(alone.out, killed.out)]
        bad += wrong
        done += len(killed.kills)
        hit += Counter(killed.kills)
        print(f"night {number + 1}: {len(killed.kills)} kills, wrong: {len(wrong)}", *wrong, sep="\n  ")
    for what, count in sorted(hit.items()):
        print(f"  {count:3} x {what}")
    print(f"{done} kills in {time.monotonic() - began:.0f} s; wrong: {len(bad)}")
    return int(bool(bad) or done < kills)


if __name__ == "__main__":
    sys.exit(main())
