"""What waits, for how long, and what is decided: by the film alone, wherever a run began."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.frames import ColourSpace, Frame
from device.jobs.deciding import MOST_WAITING, Always, ByShot, Live, Seen, mostly_colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.jobs.deciding import Decided, Decider

SIZE = 96
_RANDOM = np.random.default_rng(7)
_SCENE = np.kron(_RANDOM.integers(40, 215, (12, 12)), np.ones((8, 8), np.int64)).astype(np.uint8)
_HUES = np.kron(_RANDOM.integers(90, 166, (2, 6, 6)), np.ones((1, 8, 8), np.int64)).astype(np.uint8)
_FAINT = np.rint(128 + (_HUES.astype(np.float32) - 128) / 40).astype(np.uint8)  # in doubt
_NEUTRAL = np.full((48, 48), 128, np.uint8)
#: Frames of each kind: luma, cb, cr.
KINDS = {
    "grey": (_SCENE, _NEUTRAL, _NEUTRAL),
    "colour": (_SCENE, _HUES[0], _HUES[1]),
    "faint": (_SCENE, _FAINT[0], _FAINT[1]),
    "black": (np.full((SIZE, SIZE), 16, np.uint8), _NEUTRAL, _NEUTRAL),
}


def seen(kind: str, index: int, *, cut: bool = False, captured_ns: int | None = None) -> Seen:
    luma, cb, cr = KINDS[kind]
    frame = Frame(
        luma, ColourSpace(), index, 40 * index, Fraction(1, 1000), captured_ns=captured_ns, cb=cb, cr=cr
    )
    return Seen(frame, luma, None, cut)


def film(*shots: str | Sequence[str]) -> list[Seen]:
    """Frames of shots, each a string like ``3 black, 20 grey``."""
    frames: list[Seen] = []
    for shot in shots:
        parts = shot.split(", ") if isinstance(shot, str) else shot
        kinds = [kind for part in parts for kind in [part.split()[1]] * int(part.split()[0])]
        for number, kind in enumerate(kinds):
            frames.append(seen(kind, len(frames), cut=number == 0))
    return frames


def run(decider: Decider, frames: Sequence[Seen]) -> list[list[Decided]]:
    """What is given on at each step, and at the end."""
    given = [list(decider.step(each)) for each in frames]
    return [*given, list(decider.flush())]


def verdicts(given: Sequence[Sequence[Decided]]) -> str:
    """Of all frames in order: c for own colour, t for tinted."""
    decided = [each for step in given for each in step]
    assert [each.frame.index for each, _ in decided] == list(range(len(decided)))
    return "".join("c" if own else "t" for _, own in decided)


def test_a_shot_waits_for_twelve_frames_and_then_for_none() -> None:
    given = run(ByShot(), film("20 grey", "20 colour"))
    assert [len(step) for step in given] == [0] * 11 + [12] + [1] * 8 + [0] * 11 + [12] + [1] * 8 + [0]
    assert verdicts(given) == "t" * 20 + "c" * 20


def test_short_shots_are_decided_where_they_end() -> None:
    given = run(ByShot(), film("5 colour", "1 grey", "3 colour", "2 grey"))
    assert verdicts(given) == "ccccctccctt"
    assert [len(step) for step in given] == [0] * 5 + [5, 1, 0, 0, 3, 0, 2]


def test_black_frames_do_not_count_but_go_with_their_shot() -> None:
    given = run(ByShot(), film("3 black, 11 grey, 1 black, 9 grey", "2 black, 14 colour"))
    assert verdicts(given) == "t" * 24 + "c" * 16
    assert [len(step) for step in given[:16]] == [0] * 15 + [16]


def test_long_black_does_not_wait_for_ever_and_passes_as_it_is() -> None:
    given = run(ByShot(), film("300 black, 40 grey"))
    together = MOST_WAITING - 11
    assert verdicts(given) == "c" * (300 - together) + "t" * (together + 40)
    waited = [number - sum(map(len, given[:number])) for number in range(1, 341)]
    assert max(waited) == MOST_WAITING
    assert waited[311:] == [0] * 29


def test_a_film_all_black_passes() -> None:
    assert verdicts(run(ByShot(), film("40 black"))) == "c" * 40


def test_a_shot_that_flickers_between_black_and_picture_is_decided_by_what_was_seen() -> None:
    given = run(ByShot(), film(["1 colour", "1 black"] * 30))
    assert verdicts(given) == "c" * 60
    assert max(map(len, given)) == MOST_WAITING + 1


def test_the_verdict_holds_and_a_rest_that_disagrees_is_named() -> None:
    decider = ByShot()
    given = run(decider, film("30 grey", "15 grey, 30 colour", "20 colour, 5 grey", "12 colour, 40 grey"))
    assert verdicts(given) == "t" * 75 + "c" * 77
    assert decider.odd_count == 2
    assert [(shot["own_colour"], shot["first"], shot["last"]) for shot in decider.odd] == [
        (False, 30, 74),
        (True, 100, 151),
    ]
    assert decider.odd[0]["begins"] == pytest.approx(1.2)
    assert decider.odd[0]["ends"] == pytest.approx(2.96)


def test_many_odd_shots_are_counted_and_some_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("device.jobs.deciding._NAMED", 2)
    decider = ByShot()
    run(decider, film(*["12 grey, 12 colour"] * 4))
    assert decider.odd_count == 4
    assert [shot["first"] for shot in decider.odd] == [0, 24]


kinds = st.sampled_from(["grey", "colour", "black"])
part = st.builds(lambda count, kind: f"{count} {kind}", st.integers(1, 20), kinds)
shots = st.lists(st.lists(part, min_size=1, max_size=3), min_size=1, max_size=3)


@settings(deadline=None, max_examples=25)
@given(shots, st.data())
def test_a_decider_goes_on_from_its_state_without_what_waited_then(
    shots: list[list[str]], data: st.DataObject
) -> None:
    frames = film(*shots)
    at = data.draw(st.integers(0, len(frames) - 1))
    whole = ByShot()
    given = [list(whole.step(each)) for each in frames[:at]]
    state = json.dumps(whole.state())
    given += [list(whole.step(each)) for each in frames[at:]]
    given.append(list(whole.flush()))
    every = [each for step in given for each in step]
    assert [each.frame.index for each, _ in every] == list(range(len(frames)))

    resumed = ByShot()
    resumed.restore(json.loads(state))
    again = [list(resumed.step(each)) for each in frames[at:]]
    again.append(list(resumed.flush()))
    for first, second in zip(given[at:], again, strict=True):
        assert [(e.frame.index, own) for e, own in first if e.frame.index >= at] == [
            (e.frame.index, own) for e, own in second
        ]
    assert (resumed.odd, resumed.odd_count) == (whole.odd, whole.odd_count)


@settings(deadline=None, max_examples=25)
@given(shots)
def test_no_more_wait_than_may_and_all_of_a_short_wait_have_one_verdict(shots: list[list[str]]) -> None:
    decider = ByShot()
    waiting = 0
    for each in film(*shots):
        given = list(decider.step(each))
        waiting += 1 - len(given)
        assert 0 <= waiting <= MOST_WAITING
    assert len(list(decider.flush())) == waiting


@pytest.mark.parametrize("own_colour", [True, False])
def test_what_is_settled_is_neither_judged_nor_does_it_wait(*, own_colour: bool) -> None:
    given = run(Always(own_colour=own_colour), film("3 black, 3 colour", "3 grey"))
    assert [len(step) for step in given] == [1] * 9 + [0]
    assert verdicts(given) == ("c" if own_colour else "t") * 9


def live(*parts: tuple[float, str], rate: int = 25) -> list[Seen]:
    """A stream: so many seconds of each kind."""
    all_kinds = [kind for seconds, kind in parts for _ in range(round(seconds * rate))]
    return [
        seen(kind, number, captured_ns=round(1e9 * number / rate)) for number, kind in enumerate(all_kinds)
    ]


def turns(given: Sequence[Sequence[Decided]], rate: int = 25) -> list[float]:
    text = verdicts(given)
    return [number / rate for number in range(1, len(text)) if text[number] != text[number - 1]]


def test_a_first_shot_in_doubt_is_as_the_film_is_expected_to_be() -> None:
    for expected, verdict in ((None, "t"), (False, "t"), (True, "c")):
        frames = film("14 faint", "14 grey", "14 colour", "14 faint")
        assert verdicts(run(ByShot(expected), frames)) == verdict * 14 + "t" * 14 + "c" * 28


def test_what_a_film_is_mostly_black_frames_do_not_say() -> None:
    def mostly(*kinds: str) -> bool | None:
        return mostly_colour(each.frame for each in film(*kinds))

    assert mostly("3 colour", "2 grey", "9 black") is True
    assert mostly("2 colour", "3 grey") is False
    assert mostly("4 black") is None


def test_a_stream_never_waits_and_turns_soon_at_night_and_late_by_day() -> None:
    given = run(Live(), live((10, "colour"), (10, "grey"), (20, "colour")))
    assert [len(step) for step in given] == [1] * (40 * 25) + [0]
    night, day = turns(given)
    assert 10.3 <= night <= 11
    assert 22 <= day <= 30


def test_a_short_night_and_a_short_day_do_not_turn_a_stream() -> None:
    assert turns(run(Live(), live((5, "colour"), (0.2, "grey"), (5, "colour")))) == []
    assert (
        turns(run(Live(), live((5, "grey"), (1, "colour"), (5, "grey"), (1.5, "colour"), (3, "grey")))) == []
    )


def test_a_state_of_another_way_to_decide_is_refused() -> None:
    nothing: Any = Always(own_colour=True).state()
    with pytest.raises(ValueError, match="another way"):
        ByShot().restore(nothing)
