"""The one configuration: a frozen object made of a TOML file, then ``TINTCAST_*`` variables, then flags.

Every key has a default, a description and, where it has one, a unit. Secrets are never values here: they are
names of files. ``TINTCAST_MQTT_HOST=broker.lan`` sets key ``host`` of section ``mqtt``.
"""

from device.config.everything import Config
from device.config.live import CameraSettings, LiveSettings, PreviewSettings
from device.config.loading import Overrides, load_config
from device.config.night import BatchSettings
from device.config.sections import (
    ColourSettings,
    FilmSettings,
    HintSettings,
    HueRange,
    MqttSettings,
    NetworkSettings,
    PhotoSettings,
    PublishSettings,
    ReceiveSettings,
    Section,
    TopicLevel,
)
from device.config.written import describe, to_toml

__all__ = [
    "BatchSettings",
    "CameraSettings",
    "ColourSettings",
    "Config",
    "FilmSettings",
    "HintSettings",
    "HueRange",
    "LiveSettings",
    "MqttSettings",
    "NetworkSettings",
    "Overrides",
    "PhotoSettings",
    "PreviewSettings",
    "PublishSettings",
    "ReceiveSettings",
    "Section",
    "TopicLevel",
    "describe",
    "load_config",
    "to_toml",
]
