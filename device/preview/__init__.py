"""The preview page: a small web server that shows the live picture, to people and to other programs."""

from device.preview.desk import Desk
from device.preview.server import PreviewServer
from device.preview.token import stored_address

__all__ = ["Desk", "PreviewServer", "stored_address"]
