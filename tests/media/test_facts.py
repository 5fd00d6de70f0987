from __future__ import annotations

import json
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import add_facts

from device.errors import UnreadableJpeg
from device.media.facts import MAX_JPEG_BYTES, Facts, read_facts, read_jpeg_size

STILLS = Path(__file__).parent / "stills"
PLAIN = (STILLS / "cat.jpg").read_bytes()
FACTS = Facts(
    width=451,
    height=300,
    sequence=7,
    pts=-3,
    time_base=Fraction(1001, 24000),
    network="compact",
    device="attic-pi",
    job="f00d",
    last=True,
    captured_ns=1_763_000_000_123_456_789,
    chroma_age_ns=12_000_000,
)
GOOD = add_facts(PLAIN, FACTS)

level = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True).filter(lambda text: text.strip(".") != "")
int64 = st.integers(-(2**63) + 1, 2**63 - 1)
any_facts = st.builds(
    Facts,
    width=st.just(451),
    height=st.just(300),
    sequence=st.integers(0, 2**63 - 1),
    pts=int64,
    time_base=st.builds(Fraction, st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1)),
    network=st.text(min_size=1, max_size=128).filter(str.isprintable),
    device=level,
    job=st.none() | level,
    last=st.booleans(),
    captured_ns=st.none() | st.integers(0, 2**63 - 1),
    chroma_age_ns=int64,
    own_colour=st.booleans(),
)


def with_comment(payload: bytes) -> bytes:
    return PLAIN[:20] + b"\xff\xfe" + (len(payload) + 2).to_bytes(2) + payload + PLAIN[20:]


def outcome(data: bytes) -> object:
    """What both readers make of ``data``: a value or UnreadableJpeg, anything else is the test's failure."""
    found: list[object] = []
    for read in (read_jpeg_size, read_facts):
        try:
            found.append(read(data))
        except UnreadableJpeg:
            found.append(UnreadableJpeg)
    return tuple(found)


def test_facts_come_back_as_they_went_in() -> None:
    assert read_facts(GOOD) == FACTS
    assert read_jpeg_size(GOOD) == (451, 300)
    assert len(GOOD) - len(PLAIN) < 300


@given(any_facts)
def test_all_facts_that_can_be_made_can_be_read(facts: Facts) -> None:
    assert read_facts(add_facts(PLAIN, facts)) == facts


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"width": True},
        {"height": 70_000},
        {"sequence": -1},
        {"sequence": 2**63},
        {"sequence": 1.0},
        {"pts": "1"},
        {"time_base": Fraction(0)},
        {"time_base": Fraction(-1, 25)},
        {"time_base": [1, 25]},
        {"last": 1},
        {"own_colour": 1},
        {"captured_ns": -1},
        {"job": ""},
        {"job": ".."},
        {"job": "a/b"},
        {"job": "a" * 65},
        {"device": "#"},
        {"device": "naïve"},
        {"network": ""},
        {"network": "two\nlines"},
        {"network": "n" * 129},
    ],
    ids=str,
)
def test_facts_out_of_range_can_neither_be_made_nor_read(wrong: dict[str, object]) -> None:
    right = {name: getattr(FACTS, name) for name in FACTS.__slots__}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Facts(**right | wrong)
    value = json.loads(FACTS.to_bytes()) | wrong
    if isinstance(value["time_base"], Fraction):
        value["time_base"] = [value["time_base"].numerator, value["time_base"].denominator]
    elif "time_base" in wrong:
        value["time_base"] = "1/25"
    with pytest.raises(UnreadableJpeg):
        read_facts(with_comment(json.dumps(value).replace(" ", "").encode()))


def test_what_an_earlier_release_did_not_say_is_what_it_meant() -> None:
    value = json.loads(FACTS.to_bytes())
    del value["own_colour"]
    assert read_facts(with_comment(json.dumps(value, separators=(",", ":")).encode())) == FACTS


def test_unknown_keys_of_a_later_release_are_passed_over() -> None:
    value = json.loads(FACTS.to_bytes()) | {"mood": ["sunny"]}
    assert read_facts(with_comment(json.dumps(value, separators=(",", ":")).encode())) == FACTS


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b'{"tintcast":2}', "another version"),
        (b'{"tintcast":true}', "another version"),
        (b'{"tintcast":1}', "lack width"),
        (b'{"tintcast":1', "not sound JSON"),
        (b'{"tintcast":1,"job":"a","job":"b"}', "not sound JSON"),
        (b'{"tintcast":' + b"[" * 4000, "not sound JSON"),
        (b'{"tintcast":' + b"9" * 4080 + b"}", "another version"),
        (b'{"tintcast":1,"\xff":1}', "not sound JSON"),
        (b'{"tintcast":1,"x":"' + b" " * 5000 + b'"}', "too long"),
        (b'{"other":1}', "no facts"),
        (b"made by hand", "no facts"),
        (b"", "no facts"),
    ],
    ids=range(12),
)
def test_comments_that_are_not_our_facts(payload: bytes, says: str) -> None:
    with pytest.raises(UnreadableJpeg, match=says):
        read_facts(with_comment(payload))
    assert read_jpeg_size(PLAIN) == (451, 300)


def test_facts_twice_cut_short_or_of_another_size() -> None:
    with pytest.raises(UnreadableJpeg, match="twice"):
        read_facts(add_facts(GOOD, FACTS))
    with pytest.raises(UnreadableJpeg, match="cut short"):
        read_facts(GOOD[:-1])
    other = {name: getattr(FACTS, name) for name in FACTS.__slots__} | {"width": 450}
    with pytest.raises(UnreadableJpeg, match="another size"):
        read_facts(add_facts(PLAIN, Facts(**other)))
    with pytest.raises(ValueError, match="JFIF"):
        add_facts(b"\xff\xd8\xff\xe1", FACTS)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x02\x01\x11\x00", "8-bit"),
        (b"\xff\xc0\x00\x0b\x0c\x00\x10\x00\x10\x01\x01\x11\x00", "8-bit"),
        (b"\xff\xc0\x00\x0b\x08\x00\x00\x00\x10\x01\x01\x11\x00", "16x0"),
        (b"\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00", "65535x65535"),
        (b"\xff\xc0\x00\x0b\x08\x80\x00\x80\x00\x01\x01\x11\x00", "32768x32768"),
        (b"\xff\xc0\x00\x07\x08\x00\x10\x00\x10", "8-bit"),
        (b"\xff\xc3\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00", "lossless"),
        (b"\xff\xc0\x00\x0b\x08\x00\x10\x00\x10\x01\x01\x11\x00" * 2, "more than one"),
        (b"\xff\xc0\x00\x01", "broken"),
        (b"\xff\xd8\xff\xd8", "broken"),
        (b"\xff\xff\xff\xff", "broken"),
        (b"\xff\xe1\xff\xff", "cut short"),
        (b"\xff\xe1\x00\x02" * 5000, "too many"),
        (b"", "no picture"),
    ],
    ids=range(14),
)
def test_headers_that_are_refused(frame: bytes, says: str) -> None:
    with pytest.raises(UnreadableJpeg, match=says):
        read_jpeg_size(b"\xff\xd8" + frame + b"\xff\xda\x00\x02")


def test_size_caps_come_before_all_else() -> None:
    with pytest.raises(UnreadableJpeg, match="64 MiB"):
        read_jpeg_size(bytes(MAX_JPEG_BYTES + 1))


@given(st.binary(max_size=400))
def test_any_bytes_at_all(data: bytes) -> None:
    assert outcome(data) == (UnreadableJpeg, UnreadableJpeg)
    outcome(b"\xff\xd8" + data)


@given(st.data())
def test_mutations_of_a_good_jpeg(data: st.DataObject) -> None:
    header = GOOD.index(b"\xff\xda") + 16
    changed = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, header))
        piece = data.draw(st.binary(max_size=6) | st.sampled_from([GOOD[:400], b"\xff\xfe", b"\xff\xff"]))
        changed[at : at + data.draw(st.integers(0, 6))] = piece
    if data.draw(st.booleans()):
        del changed[data.draw(st.integers(0, header)) :]
    began = time.perf_counter()
    outcome(bytes(changed))
    assert time.perf_counter() - began < 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(FACTS.__slots__), json_values, max_size=4))
def test_any_json_in_the_facts(changes: dict[str, object]) -> None:
    value = json.loads(FACTS.to_bytes()) | changes
    payload = json.dumps(value, separators=(",", ":")).encode()
    size, facts = outcome(with_comment(payload))
    assert size == (451, 300)
    assert facts is UnreadableJpeg or isinstance(facts, Facts)


def test_reading_needs_no_pixel_library() -> None:
    program = (
        "import sys\n"
        "for name in ('numpy', 'cv2', 'simplejpeg', 'av', 'PIL'): sys.modules[name] = None\n"
        "from device.media.facts import read_facts\n"
        "print(read_facts(sys.stdin.buffer.read()).device)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=GOOD, capture_output=True, check=True)
    assert done.stdout == b"attic-pi\n"
