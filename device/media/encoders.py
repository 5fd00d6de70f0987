"""Whether the encoder that is asked for can be had on this machine: known before a night is begun."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

from device.errors import ConfigurationError
from device.media.codecs import codec_of
from device.media.pyav import encodes

if TYPE_CHECKING:
    from device.config import FilmSettings
    from device.media.codecs import Codec

_USUAL = (1280, 720, Fraction(25))


def check_settings(settings: FilmSettings) -> None:
    """See that films can be encoded here as ``settings`` ask. Raises ConfigurationError."""
    check_encoder(codec_of(settings), *_USUAL)


def check_encoder(codec: Codec, width: int, height: int, rate: Fraction) -> None:
    """See that there is an encoder of ``codec`` here; a board's own one is opened, and let go of.

    Raises ConfigurationError.
    """
    if not encodes(codec.encoder):
        raise ConfigurationError(f"{codec.title} can't be encoded on this machine: no {codec.encoder}")
    if codec.bits is None:
        return
    context = av.CodecContext.create(codec.encoder, "w")
    if not isinstance(context, av.VideoCodecContext):
        raise TypeError(type(context))
    context.width, context.height = width + width % 2, height + height % 2
    context.pix_fmt = codec.pixel_format(None, 8)
    context.time_base, context.framerate = 1 / rate, rate
    try:
        context.open()
    except av.FFmpegError:  # what it says is EINVAL where there is no device at all
        raise ConfigurationError(
            f"no /dev/video* of this board encodes {codec.title} at {width}x{height}",
            where="film.encoder = v4l2m2m",
            hint="a Raspberry Pi 4 has one, up to 1920x1080; film.encoder = software is everywhere",
        ) from None
