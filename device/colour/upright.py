"""Where things lie once a frame is turned upright by its rotation: 0, 90, 180 or 270 degrees clockwise."""

from __future__ import annotations

from device.frames import Window


def upright_size(size: tuple[int, int], rotation: int) -> tuple[int, int]:
    """Rows and columns of a frame of ``size`` once it is turned upright."""
    return size if rotation % 180 == 0 else size[::-1]


def upright_window(window: Window | None, rotation: int, size: tuple[int, int]) -> Window | None:
    """Where ``window`` of a frame of ``size`` (rows, columns), both as stored, lies once turned upright."""
    if window is None:
        return None
    for _ in range(rotation // 90 % 4):
        right = size[0] - window.y - window.height  # what is at the bottom comes to the left
        window = Window(right, window.x, window.height, window.width)
        size = size[::-1]
    return window


def upright_place(
    x: float, y: float, window: Window | None, rotation: int, size: tuple[int, int]
) -> tuple[float, float] | None:
    """Where ``x``, ``y``, shares of the upright frame, lie in its window, as shares; None: outside it."""
    height, width = upright_size(size, rotation)
    upright = upright_window(window, rotation, size) or Window(0, 0, width, height)
    across, down = (x * width - upright.x) / upright.width, (y * height - upright.y) / upright.height
    return (across, down) if 0 <= across <= 1 and 0 <= down <= 1 else None
