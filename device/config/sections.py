"""The keys that every job shares: each with its default, a description and, where it has one, its unit."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: Topic levels are our own to name: no wildcard, no separator, no leading ``$``.
TopicLevel = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]


class Section(BaseModel):
    """A group of keys: frozen, and no key that is not in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class HueRange(Section):
    """A range of hue to hold back."""

    start: float = Field(
        ge=0, lt=360, description="where the range begins, going up through the hue circle (degrees)"
    )
    end: float = Field(ge=0, lt=360, description="where it ends; below start it passes through 0 (degrees)")
    keep: float = Field(default=0.5, ge=0, le=1, description="share of the chroma that is kept")


class NetworkSettings(Section):
    """Which network predicts the colour, and what runs it."""

    name: str = Field(
        default="compact", min_length=1, description="the network: a name, or the path of a .tflite"
    )
    threads: int = Field(
        default=0, ge=0, le=64, description="threads of the network; 0: one a core, at most four"
    )
    runtime: Literal["auto", "litert", "tflite-runtime"] = Field(
        default="auto",
        description="what runs it; auto: LiteRT, or tflite-runtime where only that is installed",
    )


class ColourSettings(Section):
    """Taste, the same for films, pictures, live and MQTT."""

    when: Literal["auto", "always", "never"] = Field(
        default="auto",
        description="what is tinted; auto: what is grey or toned, while true colour passes; always; never",
    )
    saturation: float = Field(default=1.0, ge=0, le=3, description="factor on the predicted chroma")
    shadow_chroma: float = Field(
        default=0.5, ge=0, le=1, description="share of the chroma kept in the deepest shadow; 1: no fading"
    )
    tame: tuple[HueRange, ...] = Field(default=(), description="hue ranges to hold back")
    steadiness: float = Field(
        default=0.9,
        ge=0,
        lt=1,
        description="how much of the colour is carried on along the motion, in films and live; 0: none",
    )


class HintSettings(Section):
    """What is said of a picture's colours beforehand, for networks that take hints."""

    reference: Path | None = Field(default=None, description="picture whose palette films and live take on")
    points: tuple[str, ...] = Field(
        default=(),
        description=(
            "colours at places of every frame, as x,y,#rrggbb or x,y,a,b "
            "(x, y: pixels of the upright picture)"
        ),
    )


class FilmSettings(Section):
    """How a film is written."""

    codec: Literal["h264", "h265", "av1", "ffv1", "prores"] = Field(
        default="h264",
        description="what it is written in; ffv1: lossless, for .mkv; prores: for editing, .mov and .mkv",
    )
    container: Literal["auto", "mp4", "mov", "mkv"] = Field(
        default="auto",
        description=(
            "kind of file where none is named; auto: the source's own where that is written and holds the "
            "codec, else one that holds what lies beside the picture"
        ),
    )
    depth: int = Field(
        default=0,
        ge=0,
        le=16,
        description=(
            "bits of a sample, or the next that the codec has; 0: the source's; where they are more, colour "
            "is finer for it (a 10-bit master of an 8-bit film), luma the same"
        ),
    )
    encoder: Literal["software", "v4l2m2m"] = Field(
        default="software",
        description=(
            "v4l2m2m: the board's own H.264 encoder (Raspberry Pi 4), at a constant bit rate by size and "
            "rate; crf, preset and encoder_threads say nothing to it"
        ),
    )
    crf: int | None = Field(
        default=None,
        ge=0,
        le=51,
        description="constant quality, lower is better, 0 is lossless; not said: h264 18, h265 20, av1 22",
    )
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = Field(
        default="veryfast", description="speed of the encoder against size (h264, h265, av1)"
    )
    colour_every: int = Field(
        default=1,
        ge=1,
        le=1000,
        description=(
            "of so many frames of a shot the network colours one, its first among them; between them colour "
            "is carried along the motion"
        ),
    )
    look_ahead: bool = Field(
        default=False,
        description="smooths colour over each shot in both directions; up to 16 frames are held for that",
    )
    deinterlace: Literal["auto", "never"] = Field(
        default="auto",
        description="auto: frames marked as interlaced become whole pictures; never: they stay woven",
    )
    encoder_threads: int = Field(
        default=2, ge=1, le=16, description="threads of the encoder; part of a film's identity"
    )
    segment_frames: int = Field(
        default=240,
        ge=2,
        le=100_000,
        description="a segment closes at the first cut after this many frames, else after four times as many",
    )
    keep_shots: bool = Field(
        default=True,
        description="keeps a still of each shot, and what redo needs, in a hidden folder beside the film",
    )
    stall_seconds: float = Field(
        default=120,
        ge=5,
        le=86_400,
        description="a film that makes no progress for this long is given up (seconds)",
    )


class PhotoSettings(Section):
    """How a photograph is written."""

    quality: int = Field(
        default=0,
        ge=0,
        le=100,
        description="quality of JPEG, WebP and the like; 0: 92, or a source JPEG's own where that is higher",
    )


class MqttSettings(Section):
    """The broker and how we appear there."""

    host: str = Field(default="localhost", min_length=1, description="the broker's name or address")
    port: int = Field(default=0, ge=0, le=65_535, description="its port; 0: 1883, or 8883 with tls")
    tls: bool = Field(default=False, description="encrypt, and check the broker's certificate")
    protocol: Literal["auto", "3.1.1"] = Field(
        default="auto", description="version of MQTT; auto: 5, or 3.1.1 where the broker speaks only that"
    )
    ca_file: Path | None = Field(
        default=None, description="authority to trust instead of the system's (PEM file)"
    )
    insecure: bool = Field(
        default=False, description="with tls, take any certificate: encrypted, but perhaps to a stranger"
    )
    user: str | None = Field(default=None, description="user name at the broker")
    password_file: Path | None = Field(default=None, description="file whose first line is the password")
    base: TopicLevel = Field(default="tintcast", description="first level of every topic")
    device: TopicLevel = Field(
        default_factory=lambda: _topic_level(socket.gethostname()),
        description="second level: this board's name",
    )
    connect_seconds: float = Field(
        default=10, gt=0, le=600, description="how long the first connection may take (seconds)"
    )
    quality: int = Field(default=85, ge=1, le=100, description="quality of the JPEGs")


class PublishSettings(Section):
    """Film frames over MQTT, each delivered once."""

    to: tuple[TopicLevel, ...] = Field(
        default=(), description="receivers that must acknowledge every frame; none: the first that does"
    )
    window: int = Field(
        default=64, ge=1, le=10_000, description="frames kept until they are acknowledged (frames)"
    )
    acknowledge_seconds: float = Field(
        default=60,
        gt=0,
        le=86_400,
        description="give up when no acknowledgement came for this long (seconds)",
    )


class ReceiveSettings(Section):
    """The other side."""

    name: TopicLevel = Field(
        default_factory=lambda: _topic_level(socket.gethostname()),
        description="under which name frames are acknowledged",
    )
    max_frame_mb: float = Field(
        default=16, gt=0, le=256, description="a larger payload is refused unread (MiB)"
    )


def _topic_level(text: str) -> str:
    """``text`` with everything that a topic level may not hold replaced."""
    level = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in text)[:64]
    return level or "board"
