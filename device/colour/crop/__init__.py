"""Black bars: where the picture is inside them, in films and in still pictures."""

from device.colour.crop.film import BarFinder, BarState
from device.colour.crop.still import still_window

__all__ = ["BarFinder", "BarState", "still_window"]
