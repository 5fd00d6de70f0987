"""What is under way when live goes off leaves nothing with the broker."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from desks import StandIn, tinted

from device.config import LiveSettings
from device.mqtt.session import Session
from device.mqtt.topics import Role
from device.sinks.mqtt.audience import Audience
from device.sinks.mqtt.frames import Frames
from device.sinks.views import View


@pytest.mark.parametrize("off", [False, True])
def test_a_picture_of_before_is_no_snapshot_once_live_is_off(*, off: bool) -> None:
    session = Mock(spec=Session, connected=True, role=Role("base", "board", "live"))
    session.room.return_value = None
    with StandIn() as desk, desk.views.watch(View()) as watch:
        frames = Frames(session, desk, Audience(always=False), LiveSettings(), print)
        desk.views.write(tinted(0))
        shown = watch.take(5)
        assert shown is not None
        frames.want_snapshot()
        if off:
            desk.switches.set("live", "off", by="test")
            frames.clear_snapshot()
            frames.want_snapshot()  # as one does who has looked at the figures of just before
        frames._send(shown, frame=False)
    assert [call.args[0].topic for call in session.show.call_args_list] == (
        [] if off else [session.role.snapshot]
    )
