"""How large a film says that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av
import pytest
from films import make_film

from device.media.length import missing_share

if TYPE_CHECKING:
    from pathlib import Path

CODECS = {".mkv": "libx264", ".webm": "libvpx-vp9", ".avi": "mpeg4", ".wmv": "wmv2", ".asf": "wmv2"}


@pytest.mark.parametrize("suffix", CODECS)
def test_what_is_cut_off_is_missing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    make_film(path, codec=CODECS[suffix], count=30, options={})
    data = path.read_bytes()
    assert missing_share(path) == 0
    path.write_bytes(data + bytes(1000))
    assert missing_share(path) == 0
    path.write_bytes(data[: len(data) * 3 // 4])
    assert missing_share(path) == pytest.approx(0.25, abs=0.002)


@pytest.mark.parametrize("suffix", [".mp4", ".ts", ".mpg", ".flv"])
def test_others_say_nothing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    make_film(path, codec="mpeg2video" if suffix == ".mpg" else "libx264", count=30, options={})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert missing_share(path) == 0


def test_a_stream_that_was_kept_has_no_size(tmp_path: Path) -> None:
    path = tmp_path / "live.mkv"
    with av.open(str(path), "w", format="matroska", container_options={"live": "1"}) as out:
        stream = out.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for pts in range(10):
            frame = av.VideoFrame(64, 48, "yuv420p")
            frame.pts = pts
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert missing_share(path) == 0


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0AVI ",
        b"RIFF\xff\xff\xff\xffAVI ",
        b"\x1a\x45\xdf\xa3",
        b"\x1a\x45\xdf\xa3\x00\x00",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67",
        b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff",
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c a1dcab8c47a9cf118ee400c00c205365"),
    ],
)
def test_whatever_stands_there_is_no_crash(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a").write_bytes(head)
    assert missing_share(tmp_path / "a") == 0
