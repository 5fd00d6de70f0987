from __future__ import annotations

import json
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest
from greyness import frame_of, grey, pink_night
from hypothesis import given, settings
from hypothesis import strategies as st

from device.colour.greyness import Chroma, ShotJudge, StreamJudge, frame_chroma

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

RATE = 25


def chroma(spread: float) -> Chroma:
    """Chroma of a given spread: fields of one colour and its opposite, whatever the luma."""
    samples = np.zeros((3, 64, 64), np.float32)
    samples[0] = np.random.default_rng(1).uniform(20, 80, (64, 64))
    samples[1] = np.where(np.indices((64, 64)).sum(axis=0) // 16 % 2, 1, -1)
    samples[1] *= np.float32(spread / Chroma(samples).spread)
    return Chroma(samples)


GREY, COLOUR = chroma(0.1), chroma(5)


def verdict(judge: ShotJudge, shot: Iterable[Chroma | None]) -> bool:
    judge.begin()
    for seen in shot:
        judge.step(seen)
    return judge.conclude()


def test_a_shot_is_decided_from_its_first_twelve_frames_that_are_not_black() -> None:
    judge = ShotJudge()
    assert [judge.step(None) for _ in range(30)] == [None] * 30
    assert [judge.step(COLOUR) for _ in range(11)] == [None] * 11
    assert judge.step(None) is None
    assert judge.step(COLOUR) is True
    assert [judge.step(GREY) for _ in range(99)] == [True] * 99


def test_a_frame_without_chroma_decides_at_once() -> None:
    judge = ShotJudge()
    assert judge.step(Chroma(np.empty((3, 0, 0), np.float32))) is False


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=12, max_size=12))
def test_the_most_of_the_twelve_decide(seen: list[bool]) -> None:
    found = verdict(ShotJudge(), [COLOUR if colour else GREY for colour in seen])
    assert sum(seen) == 6 or found is (sum(seen) > 6)


@pytest.mark.parametrize("before", [GREY, COLOUR])
def test_in_doubt_a_shot_is_what_the_one_before_was(before: Chroma) -> None:
    judge = ShotJudge()
    first = verdict(judge, [before] * 12)
    verdict(judge, [None] * 20)  # black says nothing of what follows it
    assert verdict(judge, [chroma(0.8)] * 12) is first


def test_a_shot_that_changes_is_said_to() -> None:
    for first, rest in ((GREY, COLOUR), (COLOUR, GREY)):
        judge = ShotJudge()
        verdict(judge, [first] * 12 + [rest] * 11 + [first] + [None, rest] * 11)
        assert not judge.disagrees
        judge.step(rest)
        assert judge.disagrees
        judge.begin()
        assert not judge.disagrees


@settings(deadline=None)
@given(st.lists(st.sampled_from([None, GREY, COLOUR, chroma(0.8)]), max_size=60), st.integers(0, 60))
def test_a_shot_goes_on_from_its_state(film: list[Chroma | None], broken: int) -> None:
    whole, first, second = ShotJudge(), ShotJudge(), ShotJudge()
    expected = [whole.step(seen) for seen in film]
    found = [first.step(seen) for seen in film[:broken]]
    second.restore(json.loads(json.dumps(first.state())))
    found += [second.step(seen) for seen in film[broken:]]
    assert found == expected
    assert second.state() == whole.state()


def watched(judge: StreamJudge, film: Iterable[Chroma | None], start: float = 0.0) -> list[bool]:
    """What a judge says of each frame, asked as a stream asks it."""
    said = []
    for number, seen in enumerate(film):
        seconds = start + number / RATE
        if judge.wants(seconds):
            judge.step(seen, seconds)
        said.append(judge.own_colour)
    return said


def seconds_until(said: list[bool], *, own_colour: bool) -> float:
    return said.index(own_colour) / RATE


def test_a_stream_begins_as_what_it_shows() -> None:
    assert watched(StreamJudge(), [None, COLOUR]) == [False, True]
    assert watched(StreamJudge(), [None, GREY]) == [False, False]


def test_night_is_believed_soon_and_day_late() -> None:
    judge = StreamJudge()
    assert all(watched(judge, [COLOUR] * 10 * RATE))
    assert 0.2 <= seconds_until(watched(judge, [GREY] * 10 * RATE, 10), own_colour=False) <= 0.7
    assert 3 <= seconds_until(watched(judge, [COLOUR] * 10 * RATE, 20), own_colour=True) <= 8
    assert judge.own_colour


@pytest.mark.parametrize("lit", [0.04, 1, 2])
def test_a_flash_of_colour_in_the_night_changes_nothing(lit: float) -> None:
    judge, start = StreamJudge(), 0.0
    for _ in range(5):
        film = [GREY] * 4 * RATE + [COLOUR] * round(lit * RATE)
        assert not any(watched(judge, film, start))
        start += len(film) / RATE


def test_a_blink_by_day_changes_nothing() -> None:
    judge = StreamJudge()
    assert all(watched(judge, ([COLOUR] * 30 + [GREY] * 4 + [COLOUR] * 8 + [None] * 40) * 5))


def test_what_came_before_a_gap_does_not_count() -> None:
    judge = StreamJudge()
    watched(judge, [GREY] * 100)
    assert not any(watched(judge, [COLOUR] * 2 * RATE, 4))
    assert not any(watched(judge, [COLOUR] * 2 * RATE, 3600))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([None, GREY, COLOUR]), st.floats(-1, 9)), max_size=50))
def test_any_clock_is_borne(film: list[tuple[Chroma | None, float]]) -> None:
    judge, seconds = StreamJudge(), 0.0
    for seen, step in film:
        seconds += step
        assert judge.step(seen, seconds) is judge.own_colour


def with_headlights(picture: Picture, share: float, size: float) -> Picture:
    """A car passes from the left to the right: two headlights, their glow, tail lights behind."""
    height, width = picture.shape[:2]
    lamps, reach = np.zeros((height, width, 4), np.float32), size * width
    for place, colour in ((0, (255, 225, 130)), (-3, (255, 20, 10))):
        for lamp in (-0.5, 0.5):
            centre = round((1.4 * share - 0.2) * width + (place + lamp) * reach), round(0.7 * height)
            cv2.circle(lamps, centre, round(0.5 * reach), (*colour, 1.0), -1)
    glow = cv2.GaussianBlur(lamps, (0, 0), 0.3 * reach)
    lit = picture * (1 - glow[..., 3:]) + 1.2 * glow[..., :3]
    return np.clip(lit, 0, 255).astype(np.uint8)


def night_traffic(
    background: Iterator[Picture], seconds: int, every: float, size: float
) -> list[Chroma | None]:
    """Film of one car after the other; each picture stands for five frames."""
    film: list[Chroma | None] = []
    for number, picture in zip(range(seconds * RATE // 5), background, strict=False):
        share = number * 5 / RATE % every / every
        film += 5 * [frame_chroma(frame_of(with_headlights(picture, share, size)))]
    return film


def still_film(picture: Picture, *, pink: bool) -> Iterator[Picture]:
    """A fixed camera's night: grey or pink, and noisy."""
    random = np.random.default_rng(7)
    small = cv2.resize(picture, (240, 160), interpolation=cv2.INTER_AREA)
    while True:
        shown = pink_night(small, random) if pink else grey(small)
        yield np.clip(shown * 0.6 + random.normal(0, 3, (160, 240, 1)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("every", [2.0, 4.0, 7.0])
@pytest.mark.parametrize("size", [0.03, 0.1])
@pytest.mark.parametrize("pink", [False, True])
def test_headlights_leave_a_night_what_it_is(
    photographs: list[Picture], every: float, size: float, *, pink: bool
) -> None:
    film = night_traffic(still_film(photographs[3], pink=pink), 20, every, size)
    assert any(seen is not None and seen.spread > 2 for seen in film)
    judge = StreamJudge()
    watched(judge, [GREY] * RATE, -1)
    assert not any(watched(judge, film))


def test_headlights_in_a_real_film_leave_it_grey(shared: Path) -> None:
    with av.open(str(shared / "data" / "videos" / "fixed_camera_people.mp4")) as container:
        pictures = (
            grey(cv2.resize(frame.to_ndarray(format="rgb24"), (384, 216)))
            for frame in container.decode(video=0)
        )
        film = night_traffic(pictures, 16, 4.0, 0.06)
    assert any(seen is not None and seen.spread > 2 for seen in film)
    judge = StreamJudge()
    watched(judge, [GREY] * RATE, -1)
    assert not any(watched(judge, film))


@pytest.mark.parametrize(
    "name", ["fixed_camera_people", "basketball", "seoul", "hanami_portrait", "realshort"]
)
def test_a_real_day_ends_the_night(shared: Path, name: str) -> None:
    with av.open(str(shared / "data" / "videos" / f"{name}.mp4")) as container:
        shots = [
            frame.to_ndarray(format="rgb24")
            for _, frame in zip(range(20), container.decode(video=0), strict=False)
        ]
    seen = [frame_chroma(frame_of(shot)) for shot in shots]
    judge = StreamJudge()
    assert not any(watched(judge, [GREY] * 5 * RATE))
    assert seconds_until(watched(judge, seen * 15, 5), own_colour=True) < 8
