from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import pytest
from brokers import Authority
from films import make_film
from sources.http_server import content, jpeg, mjpeg, serving, silence

from device.config import CameraSettings
from device.errors import ConfigurationError, SourceLost, UnsupportedColour
from device.frames import JPEG_COLOUR, Matrix
from device.sources.choose import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from sources.http_server import Handler, Server

    from device.frames import Frame
    from device.sources import LiveSource

SECRET = "p@ss:w/ö%41 &?#"  # noqa: S105 - of this test alone


def opened(server: Server, path: str, **more: Any) -> LiveSource:
    return open_source(CameraSettings(source=server.address(path), **more))


def lost(source: LiveSource) -> tuple[list[Frame], SourceLost, float]:
    """The frames until the source is lost, why, and how long after the last frame that was noticed."""
    seen: list[Frame] = []
    last = time.monotonic()
    with source:
        try:
            for frame in source.frames():
                seen.append(frame)
                last = time.monotonic()
        except SourceLost as error:
            return seen, error, time.monotonic() - last
    pytest.fail("it ended as if all were well")


def test_mjpeg_comes_as_it_is_sent() -> None:
    with serving(camera=mjpeg()) as server, opened(server, "/camera", rotation=90) as source:
        frames = list(itertools.islice(source.frames(), 12))
    for frame in frames:
        assert abs(int(frame.luma[5, 5]) - 5 * frame.index) <= 1, "its luma, and numbered as it was sent"
        assert frame.colour_space == JPEG_COLOUR
        assert frame.luma.shape == (48, 64)
        assert frame.cb is not None
        assert frame.cb.shape == (48, 32), "4:2:2 stays 4:2:2"
        assert frame.rotation == 90
        assert frame.captured_ns is not None
    assert [frame.pts for frame in frames] == sorted({frame.pts for frame in frames})
    captured = [frame.captured_ns or 0 for frame in frames]
    assert captured == sorted(captured)
    assert 0 <= time.monotonic_ns() - captured[-1] < 5e9
    assert "mjpeg 64x48" in source.name


def test_what_ends_is_lost_at_once() -> None:
    with serving(camera=mjpeg(8)) as server:
        seen, error, after = lost(opened(server, "/camera"))
    assert len(seen) > 3
    assert "broke off" in str(error) or "ended" in str(error)
    assert after < 2


def test_what_falls_silent_is_lost_in_time() -> None:
    with serving(camera=mjpeg(8, then=silence)) as server:
        seen, error, after = lost(opened(server, "/camera", stall_seconds=1))
    assert len(seen) > 3
    assert "1 s" in str(error)
    assert 0.5 < after < 4


def test_closing_ends_a_wait_from_another_thread() -> None:
    with serving(camera=silence) as server:
        source = opened(server, "/camera")
        threading.Timer(0.3, source.close).start()
        began = time.monotonic()
        assert list(source.frames()) == []
        assert time.monotonic() - began < 5


def damaged(handler: Handler) -> None:
    handler.begin("multipart/x-mixed-replace; boundary=frame")
    for number in range(1000):
        whole = jpeg(number)
        handler.part({1: whole[: len(whole) // 2], 2: b"\xff\xd8" + os.urandom(300)}.get(number % 3, whole))
        time.sleep(0.03)


def test_damaged_pictures_are_left_out_and_counted() -> None:
    with serving(camera=damaged) as server, opened(server, "/camera") as source:
        frames = list(itertools.islice(source.frames(), 6))
        assert source.corrupt >= 8
    assert all(int(frame.luma[5, 5]) % 15 in {14, 0, 1} for frame in frames), "only whole ones"


def noise(handler: Handler) -> None:
    handler.begin("multipart/x-mixed-replace; boundary=frame")
    for _ in range(300):
        handler.wfile.write(os.urandom(1000))
        time.sleep(0.01)


def elsewhere(handler: Handler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "file:///etc/passwd")
    handler.end_headers()


def nowhere(handler: Handler) -> None:
    handler.send_response(404)
    handler.end_headers()


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (noise, "nothing that can be read"),
        (content("text/html", b"<html>log in</html>" * 100), "nothing that can be read"),
        (content("video/mp4", b""), "nothing that can be read"),
        (nowhere, "no such stream (404)"),
        (elsewhere, "nothing that can be read"),
        (content("application/x-mpegurl", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"), "nothing that can"),
    ],
)
def test_what_is_no_stream_is_refused_in_a_line(behaviour: Any, said: str) -> None:
    with serving(camera=behaviour) as server:
        seen, error, _ = lost(opened(server, "/camera"))
    assert not seen
    assert said in str(error)
    assert server.address("/camera") in str(error)


def test_nobody_there() -> None:
    with serving(camera=silence) as server:
        address = server.address("/camera")
    _, error, after = lost(open_source(CameraSettings(source=address)))
    assert "nothing answers" in str(error)
    assert after < 2


def test_user_and_password_reach_the_server_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    with serving(f"ann@home:{SECRET}", camera=mjpeg(8)) as server:
        source = opened(server, "/camera?token=abcdef", user="ann@home", password_file=file)
        seen, error, _ = lost(source)
        assert seen
        file.write_text("wrong-password\n")
        other = opened(server, "/camera?token=abcdef", user="ann@home", password_file=file)
        nothing, refused, _ = lost(other)
    assert not nothing
    assert "refuses user and password" in str(refused)
    told = [source.name, other.name, repr(source), *(f"{e} {e!r}" for e in (error, refused))]
    told += [caplog.text, *capfd.readouterr()]
    for secret in (SECRET, "p%40ss", "wrong-password", "abcdef", "ann"):
        assert not [text for text in told if secret in text]


def test_https_is_checked_unless_it_is_said_not_to_be(tmp_path: Path) -> None:
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path / "other")
    tls = authority.server("IP:127.0.0.1")
    with serving(tls=tls, camera=mjpeg()) as server:
        for more in ({"ca_file": authority.file}, {"insecure": True}):
            with opened(server, "/camera", **more) as source:
                assert next(source.frames()).luma.shape == (48, 64)
        for more in ({"ca_file": stranger.file}, {}):
            seen, error, _ = lost(opened(server, "/camera", **more))
            assert not seen
            assert "camera.ca_file names who signed" in str(error)
    with serving(tls=authority.server("DNS:camera.lan"), camera=mjpeg()) as server:
        seen, error, _ = lost(opened(server, "/camera", ca_file=authority.file))
        assert not seen, "it is another's certificate"


def test_a_transport_stream_is_shown_as_it_comes(segments: list[bytes]) -> None:
    with serving(live=content("video/mp2t", b"".join(segments))) as server:
        seen, _, _ = lost(opened(server, "/live"))
    assert seen
    assert all(frame.luma.shape == (48, 64) and abs(int(frame.luma[9, 9]) - 100) < 3 for frame in seen)


@pytest.mark.parametrize(("hflip", "vflip"), [(True, False), (False, True), (True, True)])
def test_it_is_mirrored_as_asked(tmp_path: Path, *, hflip: bool, vflip: bool) -> None:
    lumas = make_film(tmp_path / "film.mkv", count=3)
    film = content("video/x-matroska", (tmp_path / "film.mkv").read_bytes())
    with serving(film=film) as server, opened(server, "/film", hflip=hflip, vflip=vflip) as source:
        frame = next(source.frames())
    assert (frame.luma == lumas[frame.index][:: -1 if vflip else 1, :: -1 if hflip else 1]).all()
    assert frame.cb is not None
    assert frame.cb.flags.c_contiguous


@pytest.mark.parametrize(
    "address",
    [
        "http://ann:pass@camera.lan/video",
        "rtsp://ann@camera.lan/video",
        "http://:pass@[::1]:80/",
        "http://a:b@/",
    ],
)
def test_an_address_with_a_login_in_it_is_refused_unshown(address: str) -> None:
    with pytest.raises(ConfigurationError) as failure:
        open_source(CameraSettings(source=address))
    assert "camera.password_file" in str(failure.value)
    assert "pass@" not in str(failure.value)
    assert "ann" not in str(failure.value)


@pytest.mark.parametrize(
    "address", ["http://", "ftp://camera.lan/x", "rtsp://camera.lan:99999/", "udp://@1.2.3.4"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError):
        open_source(CameraSettings(source=address))


def test_a_password_needs_a_user(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    with pytest.raises(ConfigurationError, match="needs a user"):
        open_source(CameraSettings(source="http://camera.lan/", password_file=tmp_path / "password"))
    with pytest.raises(ConfigurationError, match="can't read the password"):
        open_source(CameraSettings(source="http://camera.lan/", user="a", password_file=tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="ca_file"):
        open_source(CameraSettings(source="https://camera.lan/", ca_file=tmp_path / "none"))


def test_a_film_over_http_plays_at_its_pace_as_deep_as_it_is(tmp_path: Path) -> None:
    tags = (1, 9, 14, 9)
    lumas = make_film(tmp_path / "film.mkv", count=10, pixel_format="yuv422p10le", tags=tags)
    film = content("video/x-matroska", (tmp_path / "film.mkv").read_bytes())
    with serving(film=film) as server:
        began = time.monotonic()
        seen, _, _ = lost(opened(server, "/film"))
    assert time.monotonic() - began >= 9 / 25 - 0.01
    for frame in seen:
        assert (frame.luma == lumas[frame.index]).all()
        assert frame.depth == 10
        assert frame.colour_space.matrix is Matrix.BT2020
        assert Fraction(frame.pts, 10**9) == Fraction(frame.index, 25)


def test_high_dynamic_range_is_no_lost_camera(tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", count=3, pixel_format="yuv420p10le", tags=(1, 9, 16, 9))
    film = content("video/x-matroska", (tmp_path / "film.mkv").read_bytes())
    with (
        serving(film=film) as server,
        opened(server, "/film") as source,
        pytest.raises(UnsupportedColour, match="PQ"),
    ):
        next(source.frames())


@pytest.fixture
def segments(tmp_path: Path) -> list[bytes]:
    """Two seconds of MPEG-TS in two pieces, with increasing stamps."""
    pieces = []
    for number in range(2):
        with av.open(str(tmp_path / f"{number}.ts"), "w", format="mpegts") as out:
            stream = out.add_stream("mpeg2video", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.codec_context.gop_size = 5
            stream.codec_context.max_b_frames = 0
            for index in range(25):
                frame = av.VideoFrame(64, 48, "yuv420p")
                for plane in frame.planes:
                    plane.update(bytes([100]) * plane.buffer_size)
                frame.pts = 25 * number + index
                frame.time_base = Fraction(1, 25)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        pieces.append((tmp_path / f"{number}.ts").read_bytes())
    return pieces


def test_hls_plays_at_its_pace(segments: list[bytes]) -> None:
    playlist = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n" + b"".join(
        f"#EXTINF:1.0,\n/{name}.ts\n".encode() for name in "ab"
    )
    live = content("application/vnd.apple.mpegurl", playlist)
    pieces = {f"{name}.ts": content("video/mp2t", piece) for name, piece in zip("ab", segments, strict=True)}
    with serving(**{"live.m3u8": live}, **pieces) as server, opened(server, "/live.m3u8") as source:
        began = time.monotonic()
        seen = [(frame.index, time.monotonic() - began) for frame in itertools.islice(source.frames(), 40)]
    assert seen[-1][1] - seen[0][1] > 1.0, "segments come at once, their frames one after the other"
    assert [index for index, _ in seen] == sorted({index for index, _ in seen})


def test_at_rest_two_frames_a_second_pass_and_all_again_at_once() -> None:
    with serving(camera=mjpeg(rate=50)) as server, opened(server, "/camera", stall_seconds=0.5) as source:
        source.rest(resting=True)
        times = []
        for _ in source.frames():
            times.append(time.monotonic())
            if len(times) == 4:
                source.rest(resting=False)
            if len(times) == 10:
                break
    assert times[3] - times[0] > 1.3
    assert times[9] - times[3] < 1.3


def test_at_rest_what_is_left_out_is_not_lost() -> None:
    with serving(camera=mjpeg(rate=25)) as server, opened(server, "/camera") as source:
        frames = source.frames()
        next(frames)
        source.rest(resting=True)
        first = next(frames)
        *_, last = itertools.islice(frames, 3)
    assert last.index - first.index > 10, "those in between are numbered"
    assert source.dropped < 10, "and not lost"


def test_who_is_late_gets_the_newest_frame() -> None:
    with serving(camera=mjpeg(rate=50)) as server, opened(server, "/camera") as source:
        ages = []
        for frame in itertools.islice(source.frames(), 4):
            ages.append(time.monotonic_ns() - (frame.captured_ns or 0))
            time.sleep(0.4)
        assert source.dropped > 10
    assert max(ages[1:]) < 0.3e9
