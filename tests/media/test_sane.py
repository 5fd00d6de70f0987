"""A track's packets in order: what damage threw out of order is left out, and nothing else."""

from __future__ import annotations

from fractions import Fraction

import av
import pytest

from device.media.sane import InOrder


def packets(stamps: list[tuple[int | None, int | None]]) -> list[av.Packet]:
    found = []
    for pts, dts in stamps:
        packet = av.Packet(b"x")
        packet.pts, packet.dts, packet.time_base = pts, dts, Fraction(1, 1000)
        found.append(packet)
    return found


def through(
    stamps: list[tuple[int | None, int | None]], *, sound: bool = True
) -> tuple[list[int | None], int]:
    order = InOrder(sound=sound)
    given = [ready for packet in packets(stamps) for ready in order.take(packet)]
    given += order.flush()
    assert all(packet.pts is not None and packet.pts >= (packet.dts or 0) for packet in given)
    return [packet.dts for packet in given], order.lost


def same(*dts: int) -> list[tuple[int | None, int | None]]:
    return [(each, each) for each in dts]


@pytest.mark.parametrize(
    ("stamps", "kept", "lost"),
    [
        (same(0, 20, 40, 60), [0, 20, 40, 60], 0),
        (same(-20, 0, 20), [-20, 0, 20], 0),
        (same(0, 20, 20, 40), [0, 20, 40], 1),
        (same(0, 20, 10, 40), [0, 20, 40], 1),
        (same(0, 20, 9000, 9020, 9040), [0, 20, 9000, 9020, 9040], 0),
        (same(0, 20, 9_000_000, 60, 80), [0, 20, 60, 80], 1),
        (same(0, 20, 9000), [0, 20, 9000], 0),
        (same(5000, 0, 20), [5000], 2),
        ([(0, 0), (None, 20), (40, None), (None, None), (50, 60)], [0, 20, 40, 60], 1),
    ],
)
def test_sound(stamps: list[tuple[int | None, int | None]], kept: list[int], lost: int) -> None:
    assert through(stamps) == (kept, lost)


def test_a_cover_has_no_time() -> None:
    (cover,) = packets([(None, None)])
    assert list(InOrder(sound=False).take(cover)) == [cover]


def test_subtitles_may_be_far_apart_and_come_together() -> None:
    order = InOrder(sound=False)
    for packet in packets(same(0, 60_000, 60_000, 120_000)):
        assert list(order.take(packet)) == [packet]  # at once: they are written between the sound
    assert order.lost == 0
