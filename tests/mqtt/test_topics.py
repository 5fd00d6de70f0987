from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.mqtt.topics import Kind, Parsed, Role, is_level, parse

LEVELS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(LEVELS, LEVELS, LEVELS, LEVELS, LEVELS)
def test_what_is_named_is_parsed(base: str, device: str, name: str, job: str, receiver: str) -> None:
    role = Role(base, device, name)
    film = role.job(job)
    assert parse(role.availability) == Parsed(Kind.AVAILABILITY, role)
    assert parse(role.frame) == Parsed(Kind.FRAME, role)
    assert parse(role.telemetry) == Parsed(Kind.TELEMETRY, role)
    assert parse(role.snapshot) == Parsed(Kind.SNAPSHOT, role)
    assert parse(role.set(job)) == Parsed(Kind.SET, role, thing=job)
    assert parse(role.state(job)) == Parsed(Kind.STATE, role, thing=job)
    assert parse(role.progress) == Parsed(Kind.PROGRESS, role)
    assert parse(film.state) == Parsed(Kind.JOB_STATE, role, job)
    assert parse(film.head) == Parsed(Kind.HEAD, role, job)
    assert parse(film.frame) == Parsed(Kind.JOB_FRAME, role, job)
    assert parse(film.beside) == Parsed(Kind.BESIDE, role, job)
    assert parse(film.ack(receiver)) == Parsed(Kind.ACK, role, job, receiver)


@given(
    st.text(max_size=700)
    | st.lists(st.text(max_size=8) | st.sampled_from(["..", "job", "ack", "+", "#"])).map("/".join)
)
def test_no_topic_is_too_strange(topic: str) -> None:
    parsed = parse(topic)
    if parsed is not None:
        assert all(is_level(level) for level in topic.split("/"))


@pytest.mark.parametrize(
    "topic",
    [
        "tintcast/board/live/job/../head",
        "tintcast/board/live/job/./head",
        "tintcast/board/live/job/a b/head",
        "tintcast/board/live/job/film/ack/..",
        "tintcast//live/frame",
        "/tintcast/board/live/frame",
        "tintcast/board/live/frame/",
        "tintcast/board/live/set",
        "tintcast/board/live/set/..",
        "tintcast/board/live/state/a/b",
        "tintcast/board/live/job/film/head/more",
        "tintcast/board/live/" + "job/" * 200,
        f"tintcast/{'x' * 65}/live/frame",
        "tintcast/board/live/job/fil\u0000m/head",
        "tintcast/board/live/job/fílm/head",
        "$SYS/broker/uptime/frame",
    ],
)
def test_hostile_topics_are_not_ours(topic: str) -> None:
    assert parse(topic) is None


@pytest.mark.parametrize("level", ["", "..", "a/b", "a+", "#", "ü", "x" * 65, "a b"])
def test_a_role_is_made_of_levels(level: str) -> None:
    for levels in ((level, "b", "c"), ("a", level, "c"), ("a", "b", level)):
        with pytest.raises(ValueError, match="topic level"):
            Role(*levels)
    with pytest.raises(ValueError, match="topic level"):
        Role("a", "b", "c").job(level)


def test_the_client_id_is_stable() -> None:
    assert Role("home", "attic", "publish").client_id == "tintcast-attic-publish"
