"""A board's H.264 encoder has no header: its parameter sets come with the first frame, or before it.

There is none here. Another encoder stands in for it that is told to do the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from films import make_film, stamps

from device.colour.tint import shrink
from device.config import FilmSettings
from device.frames import TintedFrame
from device.media import codecs, encode
from device.media.annexb import parameter_sets, shows_picture
from device.media.encode import Picture
from device.media.segments import Boundaries, WorkFolder
from device.sinks.film import FilmSink, finish
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_GLOBAL_HEADER = 1 << 22
SETTINGS = FilmSettings(encoder="v4l2m2m")


def stand_in(*_: object) -> dict[str, str]:
    return {"preset": "ultrafast", "bf": "0", "g": "60", "qp": "0"}


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """libx264, lossless, without a header."""
    encoder = replace(codecs.HARDWARE["h264"], encoder="libx264", tell=stand_in)
    monkeypatch.setattr(codecs, "HARDWARE", {"h264": encoder})
    add_encoder = encode.add_encoder

    def without_header(*arguments: Any) -> av.VideoStream:
        stream = add_encoder(*arguments)
        stream.codec_context.flags &= ~_GLOBAL_HEADER
        return stream

    monkeypatch.setattr(encode, "add_encoder", without_header)


def through(source: Path, out: Path) -> None:
    rule = Boundaries(7)

    def state_before(index: int) -> Mapping[str, Any] | None:
        return {} if rule.begins(index, cut=True) else None

    with FilmSource(source) as film, WorkFolder(out, {}) as work:
        picture = Picture.of(film.facts, SETTINGS)
        with FilmSink(work, picture, SETTINGS, state_before) as sink:
            for frame in film.frames():
                ab = np.full((8, 8, 2), 20, np.float32)
                sink.write(TintedFrame(frame, shrink(frame.luma, None, (16, 16)), ab))
        finish(out, work, picture=picture, source=film.facts, end_pts=film.end_pts, metadata={})


def plays(source: Path, out: Path) -> None:
    assert stamps(out) == stamps(source)
    with FilmSource(source) as before, FilmSource(out) as after:
        for one, other in zip(before.frames(), after.frames(), strict=True):
            np.testing.assert_array_equal(one.luma, other.luma)


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
def test_parameter_sets_come_from_the_first_frame(tmp_path: Path, name: str) -> None:
    make_film(tmp_path / "in.mkv", count=20, size=(96, 64), sound="aac")
    through(tmp_path / "in.mkv", tmp_path / name)
    plays(tmp_path / "in.mkv", tmp_path / name)
    with av.open(str(tmp_path / name)) as film:
        assert film.streams.video[0].codec_context.extradata


@pytest.mark.usefixtures("board")
def test_parameter_sets_in_a_packet_of_their_own_are_no_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[av.Packet] = []
    mux = encode.Encoder._mux

    def apart(packet: av.Packet) -> list[av.Packet]:
        """Parameter sets apart from the frame behind them."""
        data = bytes(packet)
        if not (sets := parameter_sets(data)):
            return [packet]
        rest = av.Packet(data[data.index(sets[-8:]) + 8 :])
        rest.time_base, rest.is_keyframe = packet.time_base, True
        rest.pts, rest.dts = packet.pts, packet.dts
        given.append(rest)
        return [av.Packet(sets), rest]

    def mux_apart(self: encode.Encoder, packets: list[av.Packet]) -> None:
        mux(self, [part for packet in packets for part in apart(packet)])

    monkeypatch.setattr(encode.Encoder, "_mux", mux_apart)
    make_film(tmp_path / "in.mkv", count=20, size=(96, 64))
    through(tmp_path / "in.mkv", tmp_path / "out.mp4")
    assert given
    plays(tmp_path / "in.mkv", tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("data", "picture", "sets"),
    [
        (b"", False, b""),
        (b"\0\0\0\1\x67abc\0\0\0\1\x68de\0\0\1\x65frame", True, b"\0\0\0\1\x67abc\0\0\0\1\x68de"),
        (b"\0\0\0\1\x67abc\0\0\1\x68de", False, b"\0\0\0\1\x67abc\0\0\0\1\x68de"),
        (b"\0\0\1\x41frame", True, b""),
        (b"\0\0\1\x09\xf0\0\0\1\x06sei", False, b""),
        (b"no start code", False, b""),
    ],
)
def test_what_is_in_a_packet(data: bytes, picture: bool, sets: bytes) -> None:  # noqa: FBT001 - a case
    assert shows_picture(data) is picture
    assert parameter_sets(data) == sets
