"""The preview page: a small web server that shows the live picture, to people and to other programs."""

from device.preview.desk import Desk

__all__ = ["Desk"]
