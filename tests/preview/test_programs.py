"""What home automation and video servers do: FFmpeg reads the stream, by token and by Basic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from previewed import QUARTERS

if TYPE_CHECKING:
    from device.preview import PreviewServer


@pytest.mark.parametrize("way", ["token", "basic"])
def test_ffmpeg_reads_the_stream_in_colour(lan: PreviewServer, way: str) -> None:
    token = lan.address.partition("token=")[2]
    url = {
        "token": f"http://127.0.0.1:{lan.port}/stream.mjpg?fps=10&token={token}",
        "basic": f"http://camera:{token}@127.0.0.1:{lan.port}/stream.mjpg?fps=10",
    }[way]
    with av.open(url, format="mpjpeg", timeout=20) as stream:
        frames = [frame for _, frame in zip(range(5), stream.decode(video=0), strict=False)]
    picture = frames[-1].to_ndarray(format="rgb24")
    assert picture.shape == (360, 640, 3)
    centres = [picture[y, x].astype(int) for y in (90, 270) for x in (160, 480)]
    assert np.abs(np.array(centres) - QUARTERS).max() <= 6


def test_ffmpeg_finds_out_by_itself_what_it_is(lan: PreviewServer) -> None:
    token = lan.address.partition("token=")[2]
    with av.open(f"http://127.0.0.1:{lan.port}/stream.mjpg?token={token}", timeout=20) as stream:
        assert next(stream.decode(video=0)).width == 640
        assert stream.format.name == "mpjpeg"


def test_ffmpeg_is_refused_without(lan: PreviewServer) -> None:
    with pytest.raises(av.HTTPUnauthorizedError):
        av.open(f"http://127.0.0.1:{lan.port}/stream.mjpg", format="mpjpeg", timeout=20)
