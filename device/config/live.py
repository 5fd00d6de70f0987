"""The keys of a live picture: where it comes from, where it goes to, and who may look."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from device.config.sections import Section, TopicLevel


class CameraSettings(Section):
    """Where live frames come from."""

    source: str = Field(
        default="auto",
        min_length=1,
        description=(
            "picamera2[:N], v4l2:/dev/videoN, rtsp://..., http://..., pattern, or a film's path; "
            "auto: the first camera of picamera2, else of V4L2"
        ),
    )
    width: int = Field(default=0, ge=0, le=8192, description="of the frames asked for; 0: the source decides")
    height: int = Field(
        default=0, ge=0, le=8192, description="of the frames asked for; 0: the source decides"
    )
    rate: float = Field(
        default=0, ge=0, le=1000, description="frames a second asked for; 0: the source decides"
    )
    pixel_format: str = Field(
        default="",
        max_length=4,
        description="V4L2's name of how its pixels are asked for, as YUYV or GREY; empty: what suits best",
    )
    rotation: Literal[0, 90, 180, 270] = Field(
        default=0, description="turns the picture upright (degrees clockwise)"
    )
    hflip: bool = Field(default=False, description="mirror it left to right (picamera2, V4L2, streams)")
    vflip: bool = Field(default=False, description="mirror it top to bottom (picamera2, V4L2, streams)")
    exposure_us: int = Field(
        default=0, ge=0, le=200_000_000, description="exposure (microseconds); 0: automatic (picamera2)"
    )
    gain: float = Field(default=0, ge=0, le=64, description="analogue gain; 0: automatic (picamera2)")
    tuning_file: Path | None = Field(default=None, description="the sensor's tuning file (picamera2)")
    user: str | None = Field(default=None, description="user name at a stream's server")
    password_file: Path | None = Field(
        default=None, description="file whose first line is the password at a stream's server"
    )
    ca_file: Path | None = Field(
        default=None, description="authority to trust instead of the system's, for https and rtsps (PEM file)"
    )
    insecure: bool = Field(
        default=False, description="for https and rtsps, take any certificate, as cameras make for themselves"
    )
    transport: Literal["tcp", "udp"] = Field(default="tcp", description="how RTSP brings its pictures")
    loop: bool = Field(default=False, description="begin a film again at its end")
    stall_seconds: float = Field(
        default=1.5,
        ge=0.5,
        le=60,
        description="a source without a frame for this long is gone, slow ones later (seconds)",
    )

    @property
    def patience_s(self) -> float:
        """Seconds without a frame after which it is gone: a long exposure or a slow rate is no stall."""
        slowest = max(self.exposure_us / 1e6, 1 / self.rate if self.rate else 0)
        return max(self.stall_seconds, 2.5 * slowest + 0.25 if slowest else 0)


class LiveSettings(Section):
    """A live picture: when it rests, and what of it goes over MQTT or into a file."""

    name: TopicLevel = Field(
        default="live",
        description="its name, where a board has more than one: in topics, and of what it keeps",
    )
    idle_seconds: float = Field(
        default=10,
        ge=0,
        le=86_400,
        description="network, encoders and camera rest when nobody has looked for this long (seconds)",
    )
    snapshot_seconds: float = Field(
        default=60, ge=0, le=86_400, description="time between snapshots by itself (seconds); 0: none"
    )
    mqtt: bool = Field(default=False, description="send it over MQTT, too")
    mqtt_rate: float = Field(
        default=10, gt=0, le=1000, description="frames a second over MQTT, at most; the newest win"
    )
    mqtt_width: int = Field(
        default=0, ge=0, le=8192, description="width of the frames over MQTT (pixels); 0: as they are"
    )
    mqtt_quality: int = Field(
        default=0, ge=0, le=100, description="quality of the frames over MQTT; 0: the page's"
    )
    mqtt_frames: Literal["wanted", "always", "never"] = Field(
        default="wanted",
        description=(
            "wanted: while somebody is subscribed, as far as the broker tells (MQTT 5); one that never tells "
            "(MQTT 3.1.1, VerneMQ) counts as a viewer; always: also where a broker errs (mosquitto 2.0.19); "
            "never: snapshots and telemetry only"
        ),
    )
    record: Path | None = Field(default=None, description="film to write it to, too")
    window: bool = Field(default=False, description="show it on the board's own screen, too")


class PreviewSettings(Section):
    """The preview page."""

    enabled: bool = Field(default=True, description="serve it")
    lan: bool = Field(
        default=False, description="serve it to the network, for who has the token; else to this machine only"
    )
    port: int = Field(default=8730, ge=0, le=65_535, description="its port; 0: any that is free")
    viewers: int = Field(default=16, ge=1, le=1000, description="streams at once, at most")
    quality: int = Field(default=85, ge=1, le=100, description="quality of its JPEGs")
    width: int = Field(default=0, ge=0, le=8192, description="width of its picture (pixels); 0: as it is")
    rate: float = Field(default=0, ge=0, le=1000, description="its frames a second, at most; 0: the camera's")
