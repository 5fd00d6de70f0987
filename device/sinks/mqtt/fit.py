"""JPEGs in no more bytes than the broker takes: by lower quality, then by smaller size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from device.errors import BrokerRefused
from device.media.jpeg import encode_jpeg, encode_within, read_facts

if TYPE_CHECKING:
    from device.media.jpeg import Facts, Planes

#: Quality of a picture that must be made smaller after it was made, on its way down.
_SECOND_QUALITY = 75


def fit(jpeg: bytes, room: int) -> bytes:
    """Make a JPEG of ours again, in at most ``room`` bytes: the broker takes less than when it was made.

    Raises BrokerRefused where no picture fits.
    """
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ValueError("not a JPEG")
    y, cr, cb = cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb))
    half = (y.shape[1] + 1) // 2, (y.shape[0] + 1) // 2
    cb, cr = (cv2.resize(plane, half, interpolation=cv2.INTER_AREA) for plane in (cb, cr))
    y, cb, cr = (np.asarray(plane, np.uint8) for plane in (y, cb, cr))
    return encode_to_fit((y, cb, cr), _SECOND_QUALITY, read_facts(jpeg), room)


def encode_to_fit(planes: Planes, quality: int, facts: Facts, room: int | None) -> bytes:
    """Encode as ``encode_jpeg``, in at most ``room`` bytes (None: any). Raises BrokerRefused."""
    if room is None:
        return encode_jpeg(*planes, quality, facts)
    try:
        return encode_within(planes, quality, facts, room)
    except ValueError:
        raise BrokerRefused(
            f"takes at most {room} bytes at once: no picture fits", hint="raise the broker's max_packet_size"
        ) from None
