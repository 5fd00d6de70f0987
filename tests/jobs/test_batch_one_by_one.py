"""Many in one process that dies: what it had ended has ended, and nobody is blamed who is through."""

from __future__ import annotations

from pathlib import Path

import pytest
from batches import settings

from device.engine import Stop
from device.jobs.batch.one_by_one import one_by_one, terms_of
from device.jobs.batch.scan import Item, State
from device.jobs.supervise import Terms


@pytest.mark.parametrize(
    ("names", "broken"),
    [
        (["a.mp4"], set()),
        (["a.mp4", "refused.mp4"], {"refused.mp4"}),
        (["refused.mp4", "a.mp4"], {"refused.mp4"}),
        (["a.mp4", "crash.mp4", "b.mp4"], set()),
    ],
)
def test_a_process_that_dies_with_nothing_left_to_do_takes_nobody_along(
    names: list[str], broken: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    left = set(names)
    failed = one_by_one(
        "odd_last",
        tuple,
        [Item(Path(name), name, "film", State(0, 0, 0)) for name in names],
        Stop(),
        began=lambda _: None,
        got=lambda name, _: left.remove(name),
        failed=lambda name, _: left.remove(name),
        stall_s=20,
        terms=Terms(),
    )
    assert left == set()
    assert failed == dict.fromkeys(broken, "is broken")


@pytest.mark.parametrize(("priority", "nice"), [("low", 5), ("normal", 0)])
def test_whom_a_person_waits_for_does_not_wait_for_all_others(priority: str, nice: int) -> None:
    terms = terms_of(settings(batch={"priority": priority}))
    assert (terms.low, terms.nice) == (False, nice)
