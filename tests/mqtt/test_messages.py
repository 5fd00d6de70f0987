from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.mqtt.messages import (
    MAX_MISSING,
    PART_BYTES,
    Ack,
    BadMessage,
    Beside,
    Head,
    Progress,
    make_part,
    read_ack,
    read_head,
    read_part,
)

HEAD = Head(
    "Café №1",
    720,
    576,
    Fraction(1, 90000),
    frames=250,
    pixel_aspect=Fraction(16, 15),
    colour={"matrix": "bt601", "range": "limited"},
    beside=Beside(3, 2 * PART_BYTES + 1, "0" * 64),
)
ACK = Ack("c0ffee", Progress(7, (8, 11)), Progress(2), complete=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def test_messages_read_back_as_they_were() -> None:
    assert read_head(HEAD.to_bytes()) == HEAD
    assert read_ack(ACK.to_bytes()) == ACK
    assert read_part(make_part(2, 3, b"sound")) == (2, 3, b"sound")


@given(st.binary(max_size=200))
def test_noise_is_refused(payload: bytes) -> None:
    for read in (read_head, read_ack, read_part):
        with pytest.raises(BadMessage):
            read(payload)


@given(st.sampled_from(sorted(json.loads(HEAD.to_bytes()))), JSON)
def test_a_head_with_anything_in_any_place_is_sound_or_refused(key: str, value: object) -> None:
    message = json.loads(HEAD.to_bytes()) | {key: value}
    try:
        head = read_head(json.dumps(message).encode())
    except BadMessage:
        return
    assert 1 <= head.width <= 16384
    assert head.time_base > 0
    assert read_head(head.to_bytes()) == head


@given(st.sampled_from(sorted(json.loads(ACK.to_bytes()))), JSON)
def test_an_acknowledgement_with_anything_in_any_place_is_sound_or_refused(key: str, value: object) -> None:
    message = json.loads(ACK.to_bytes()) | {key: value}
    try:
        ack = read_ack(json.dumps(message).encode())
    except BadMessage:
        return
    assert ack.frames.through >= 0
    assert len(ack.frames.missing) <= MAX_MISSING


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[" * 60_000,
        b"1" * 5_000,
        b'{"version": 2}',
        b" " * 70_000,
        b'{"version": 1, "connection": "x", "frames": true, "missing": [], "parts": 0, "parts_missing": []}',
        b'{"version": 1, "connection": "x", "frames": -1, "missing": [], "parts": 0, "parts_missing": []}',
    ],
)
def test_hostile_json_is_refused(payload: bytes) -> None:
    for read in (read_head, read_ack):
        with pytest.raises(BadMessage):
            read(payload)


@pytest.mark.parametrize("at", [0, 5, 9, 13, 17, 25])
def test_a_part_with_one_bit_turned_is_refused(at: int) -> None:
    part = bytearray(make_part(1, 3, b"sound and subtitles"))
    part[at] ^= 4
    with pytest.raises(BadMessage):
        read_part(bytes(part))


def test_a_part_is_of_limited_size() -> None:
    read_part(make_part(0, 1, bytes(PART_BYTES)))
    with pytest.raises(BadMessage):
        read_part(make_part(0, 1, bytes(PART_BYTES + 1)))


def test_a_head_of_more_pixels_than_anyone_films_is_refused() -> None:
    message = json.loads(HEAD.to_bytes())
    assert read_head(json.dumps(message | {"size": [8192, 8192]}).encode()).width == 8192
    for size in ([16384, 16384], [0, 5], [65535, 1], [1], "wide", None):
        with pytest.raises(BadMessage):
            read_head(json.dumps(message | {"size": size}).encode())
