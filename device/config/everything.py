"""All sections together."""

from __future__ import annotations

from pydantic import Field

from device.config.live import CameraSettings, LiveSettings, PreviewSettings
from device.config.night import BatchSettings
from device.config.sections import (
    ColourSettings,
    FilmSettings,
    HintSettings,
    MqttSettings,
    NetworkSettings,
    PhotoSettings,
    PublishSettings,
    ReceiveSettings,
    Section,
)


class Config(Section):
    """Everything that can be set."""

    network: NetworkSettings = NetworkSettings()
    colour: ColourSettings = ColourSettings()
    hints: HintSettings = HintSettings()
    film: FilmSettings = FilmSettings()
    batch: BatchSettings = BatchSettings()
    photo: PhotoSettings = PhotoSettings()
    mqtt: MqttSettings = Field(default_factory=MqttSettings)
    publish: PublishSettings = PublishSettings()
    receive: ReceiveSettings = Field(default_factory=ReceiveSettings)
    camera: CameraSettings = CameraSettings()
    live: LiveSettings = LiveSettings()
    preview: PreviewSettings = PreviewSettings()
