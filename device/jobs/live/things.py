"""The table of what people may change while a live picture runs, the same for page and MQTT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.engine import Kind, Switches, Thing
from device.network import available_networks

if TYPE_CHECKING:
    from pathlib import Path

    from device.config import Config

_FASTEST: Final = 120


def live_switches(config: Config, memory: Path | None) -> Switches:
    """The switches of a live picture, set as ``config`` has them; ``memory``: the file of what is kept."""
    networks = tuple(dict.fromkeys([config.network.name, *available_networks()]))
    things = (
        Thing("live", Kind.SWITCH, "Camera", kept=True),
        Thing("colour", Kind.CHOICE, "Colour", choices=("auto", "always", "never")),
        Thing("saturation", Kind.NUMBER, "Saturation", least=0, most=3, step=0.05),
        Thing("network", Kind.CHOICE, "Network", choices=networks),
        Thing("quality", Kind.NUMBER, "JPEG quality", least=1, most=100, step=1),
        Thing("rate", Kind.NUMBER, "Frames a second, at most", least=0, most=_FASTEST, step=1, unit="fps"),
        Thing("snapshot", Kind.BUTTON, "Snapshot"),
    )
    values = {
        "live": True,
        "colour": config.colour.when,
        "saturation": config.colour.saturation,
        "network": config.network.name,
        "quality": config.preview.quality,
        "rate": 0,
    }
    return Switches(things, values, memory)
