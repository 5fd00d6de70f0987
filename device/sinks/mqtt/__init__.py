"""Tinted frames over MQTT: a film's, each delivered once; a live stream's, the newest."""

from device.sinks.mqtt.film import MqttFilm
from device.sinks.mqtt.fit import fit
from device.sinks.mqtt.live import MqttLive

__all__ = ["MqttFilm", "MqttLive", "fit"]
