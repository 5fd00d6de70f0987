from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np

from converter import data
from converter.film_frames import film_pictures

if TYPE_CHECKING:
    from pathlib import Path


def make_film(path: Path, seconds: int, rate: int = 10) -> None:
    """A film that is red, then blue."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for index in range(seconds * rate):
            pixels = np.zeros((64, 96, 3), np.uint8)
            pixels[..., 0 if index < seconds * rate / 2 else 2] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def test_a_film_gives_a_picture_a_second_in_its_own_colour(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mp4", seconds=6)
    pictures = list(film_pictures(tmp_path / "film.mp4"))
    assert [name for name, _ in pictures] == [f"film.mp4#{frame}" for frame in (5, 15, 25, 35, 45, 55)]
    for number, (_, rgb) in enumerate(pictures):
        red, green, blue = rgb.reshape(-1, 3).mean(axis=0)
        assert abs((red if number < 3 else blue) - 200) < 12
        assert max(green, blue if number < 3 else red) < 20


def test_a_folder_may_hold_films_beside_photographs(tmp_path: Path, folder: Path) -> None:
    for picture in folder.glob("*.png"):
        (tmp_path / picture.name).write_bytes(picture.read_bytes())
    make_film(tmp_path / "1film.mp4", seconds=2)
    names = [name for name, _ in data.iterate_pictures([tmp_path])]
    assert names == ["0.png", "1.png", "1film.mp4#5", "1film.mp4#15", "2.png"]
