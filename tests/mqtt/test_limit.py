from __future__ import annotations

from device.mqtt.limit import INNOCENT, PacketLimit


def test_a_named_limit_counts_from_the_connection_on() -> None:
    limit = PacketLimit()
    assert limit.bytes is None
    limit.connected(2_000_000)
    assert limit.bytes == 2_000_000
    limit.connected(None)
    assert limit.bytes is None


def test_a_packet_that_costs_two_connections_is_not_sent_again() -> None:
    limit = PacketLimit()
    assert limit.lost(300_000, too_large=False) is None
    line = limit.lost(400_000, too_large=False)
    assert line is not None
    assert "300000 bytes" in line
    assert limit.bytes == 150_000
    limit.lost(140_000, too_large=False)
    limit.lost(140_000, too_large=False)
    assert limit.bytes == 70_000
    limit.lost(69_000, too_large=False)
    limit.lost(69_000, too_large=False)
    assert limit.bytes == INNOCENT


def test_a_broker_that_gives_size_as_its_reason_is_believed_at_once() -> None:
    limit = PacketLimit()
    limit.acknowledged(200_000)
    assert limit.lost(300_000, too_large=True)
    assert limit.bytes == 200_000


def test_sizes_that_went_through_are_innocent() -> None:
    limit = PacketLimit()
    limit.acknowledged(300_000)
    for _ in range(5):
        assert limit.lost(300_000, too_large=False) is None
        assert limit.lost(INNOCENT, too_large=False) is None
    assert limit.bytes is None
    assert limit.lost(310_000, too_large=False) is None
    limit.acknowledged(320_000)
    assert limit.lost(330_000, too_large=False) is None
    assert limit.bytes is None
