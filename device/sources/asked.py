"""What frames are asked for where the configuration leaves it to the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from device.config import CameraSettings

_SIZE: Final = (1280, 720)


def asked_size(settings: CameraSettings) -> tuple[int, int]:
    """Width and height to ask a camera for; one that is not said follows from the other, as 16 to 9."""
    width, height = _SIZE
    if settings.width and settings.height:
        return settings.width, settings.height
    if settings.width:
        return settings.width, settings.width * height // width
    if settings.height:
        return settings.height * width // height, settings.height
    return _SIZE
