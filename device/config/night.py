"""The keys of a night: when it may work, how warm the board may get, what is left free for others."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from device.config.sections import Section

_TIME = r"((?:[01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)"
_BETWEEN = re.compile(f"{_TIME}-{_TIME}")
#: Frames a second.
_SLOWEST = 0.01


class BatchSettings(Section):
    """A folder of films overnight."""

    between: str = Field(
        default="",
        description="works only between these times of day, as in 22:00-07:00 (local time); empty: always",
    )
    wait_for_clock: bool = Field(
        default=True,
        description="hours count once the clock is known to be right: set by the network since the start, or"
        " from a clock with a battery; false: it is believed",
    )
    priority: Literal["low", "normal"] = Field(
        default="low", description="low: computes and reads only when nobody else wants to; normal: as others"
    )
    hot_c: float = Field(
        default=80, ge=30, le=120, description="pauses when the processor is this warm (degrees Celsius)"
    )
    cool_c: float = Field(
        default=70, ge=20, le=120, description="goes on when it is no warmer than this (degrees Celsius)"
    )
    keep_free_mb: int = Field(
        default=500, ge=0, le=10_000_000, description="room that is left on the disk (MB)"
    )
    memory_mb: int = Field(
        default=1500,
        ge=0,
        le=1_000_000,
        description="a film whose process needs more is given up (MB); 0: no limit",
    )
    settle_seconds: float = Field(
        default=60,
        ge=0,
        le=86_400,
        description="a file is taken once its size and time stood still for this long (seconds)",
    )
    look_seconds: float = Field(
        default=15, ge=1, le=3600, description="how often the folder is looked at again (seconds)"
    )
    watch: bool = Field(default=False, description="waits for new files when all is done, without end")
    measure: bool = Field(
        default=True, description="measures on the films themselves what each will take, before it begins"
    )
    keep_old: bool = Field(
        default=False,
        description="what is finished stays, even where source, network or settings changed",
    )
    retry_failed: bool = Field(default=False, description="tries again what failed in an earlier run")
    rate: float = Field(
        default=0,
        ge=0,
        le=1000,
        description="frames a second of numbered pictures, at least 0.01; 0: they stay pictures",
    )
    mqtt: bool = Field(default=False, description="tells state and progress over MQTT, and takes commands")
    frames: bool = Field(default=False, description="delivers every film's frames over MQTT, too")

    @field_validator("between")
    @classmethod
    def _lasts(cls, value: str) -> str:
        if not value:
            return value
        found = _BETWEEN.fullmatch(value)
        if found is None:
            raise PydanticCustomError("hours", "it must be two times of day, as in 22:00-07:00")
        if _clock(found[1]) == _clock(found[2]):
            raise PydanticCustomError("hours", "it ends when it begins; leave it out to work always")
        return value

    @field_validator("rate")
    @classmethod
    def _moves(cls, value: float) -> float:
        if 0 < value < _SLOWEST:
            raise PydanticCustomError("rate", "it must be 0, or at least {slowest}", {"slowest": _SLOWEST})
        return value

    @field_validator("cool_c")
    @classmethod
    def _cooler(cls, value: float, info: ValidationInfo) -> float:
        hot_c = info.data.get("hot_c")
        if hot_c is not None and value >= hot_c:
            raise PydanticCustomError("cool", "it must be below hot_c, {hot_c}", {"hot_c": hot_c})
        return value


def _clock(text: str) -> tuple[int, int]:
    hours, minutes = text.split(":")
    return int(hours) % 24, int(minutes)
