from __future__ import annotations

import errno
import subprocess
import sys
import textwrap
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from brokers import free_port, make_head, make_jpegs

from device.engine import Stop
from device.errors import (
    BrokerUnreachable,
    ConfigurationError,
    DeliveryTimeout,
    Interrupted,
    MissingInput,
    SpaceError,
    UnreadableJpeg,
)
from device.jobs.receive import ReceivePlan, Watch, receive
from device.jobs.sending import film_sink
from device.media.assemble import Pieces, assemble
from device.media.detach import detach
from device.media.probe import probe
from device.mqtt import store
from device.mqtt.address import Address
from device.mqtt.delivery import Delivery, subscriptions
from device.mqtt.session import Session
from device.mqtt.store import JobStore
from device.mqtt.topics import Role, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEMO = Path(__file__).parent.parent / "media" / "demo.mp4"


def plan(address: Address, base: str, **settings: Any) -> ReceivePlan:
    return ReceivePlan(**{"address": address, "base": base, "name": "cellar", "idle_s": 15.0} | settings)


def watch(stop: Stop | None = None) -> Watch:
    return Watch(stop or Stop(), lambda _line: None, lambda _frames, _of: None)


def fill(root: Path, frames: list[bytes], **head: Any) -> JobStore:
    """What a receiver that was killed has left: a film's folder with these frames."""
    topic = parse("base/board/publish/job/film/head")
    assert topic is not None
    root.mkdir(parents=True, exist_ok=True)
    left = JobStore.open(root, topic, make_head(**head))
    for number, frame in enumerate(frames):
        left.frames.add(number, frame)
    return left


def test_nothing_but_what_receiving_needs_is_imported() -> None:
    code = """
    import sys
    import device.jobs.receive, device.media.assemble, device.mqtt.address, device.config
    unwanted = {"numpy", "cv2", "PIL", "simplejpeg", "ai_edge_litert", "tflite_runtime", "amqtt"}
    print(sorted(unwanted & {name.partition(".")[0] for name in sys.modules}))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_command_runs_where_the_others_have_no_wheels() -> None:
    code = f"""
    import sys
    for hidden in ("numpy", "cv2", "simplejpeg", "PIL", "ai_edge_litert", "amqtt"):
        sys.modules[hidden] = None
    from device.cli import main
    sys.exit(main(["receive", "--out", "/nonexistent/folder", "--broker", "127.0.0.1:{free_port()}"]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.returncode in {3, 5}, done.stderr
    assert done.stderr.startswith("tintcast: ")
    assert done.stderr.count("\n") == 1


def test_a_film_is_put_together_with_its_own_time_stamps(tmp_path: Path) -> None:
    frames = make_jpegs("film", 5)
    left = fill(tmp_path, frames)
    out = tmp_path / "film.mkv"
    done: list[int] = []
    assemble(
        Pieces([left.frames.path(n) for n in range(5)], 64, 48, Fraction(1, 24000), Fraction(16, 15)),
        out,
        progress=done.append,
    )
    assert done == [1, 2, 3, 4, 5]
    with av.open(str(out)) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.name) == (64, 48, "h264")
        assert stream.sample_aspect_ratio == Fraction(16, 15)
        stamps = [packet.pts * packet.time_base for packet in film.demux(stream) if packet.pts is not None]
    assert [float(stamp) for stamp in stamps] == pytest.approx(
        [n * 1001 / 24000 for n in range(5)], abs=0.0006
    )
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["film.mkv"]


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("h264", ".mp4"),
        ("h264", ".mov"),
        ("h265", ".mp4"),
        ("av1", ".mkv"),
        ("ffv1", ".mkv"),
        ("prores", ".mov"),
        ("mjpeg", ".mkv"),
        ("mjpeg", ".mov"),
    ],
)
def test_the_picture_stays_what_it_was(codec: Any, suffix: str, tmp_path: Path) -> None:
    """Levels and colours through range and matrix and back: flat pictures of four colours."""
    from PIL import Image  # noqa: PLC0415

    from device.media.facts import Facts  # noqa: PLC0415
    from device.media.jpeg import encode_jpeg  # noqa: PLC0415

    paths, colours = [], [(40, 128, 128), (200, 100, 150), (128, 160, 110), (235, 128, 128)]
    for number, (y, cb, cr) in enumerate(colours):
        facts = Facts(64, 48, number, number, Fraction(1, 25), "n", "d", job="film", last=number == 3)
        planes = (
            np.full((48, 64), y, np.uint8),
            np.full((24, 32), cb, np.uint8),
            np.full((24, 32), cr, np.uint8),
        )
        paths.append(tmp_path / f"{number}.jpg")
        paths[-1].write_bytes(encode_jpeg(*planes, 95, facts))
    out = tmp_path / f"film{suffix}"
    assemble(Pieces(paths, 64, 48, Fraction(1, 25)), out, codec=codec, crf=4, progress=lambda _: None)
    with av.open(str(out)) as film:
        for path, frame in zip(paths, film.decode(video=0), strict=True):
            seen = frame.to_ndarray(format="rgb24")[24, 32].astype(int)
            wanted = np.asarray(Image.open(path).convert("RGB"))[24, 32].astype(int)
            assert np.abs(seen - wanted).max() <= 4


def test_sound_keeps_its_place(tmp_path: Path) -> None:
    facts = probe(DEMO)
    notes: list[str] = []
    beside = tmp_path / "beside.mka"
    with beside.open("w+b") as file:
        delay_ms = detach(facts, file, notes)
    assert delay_ms is not None
    assert notes == []
    left = fill(tmp_path / "frames", make_jpegs("film", 3))
    out = tmp_path / "film.mp4"
    pieces = Pieces(
        [left.frames.path(n) for n in range(3)], 64, 48, Fraction(1, 24000), beside=beside, delay_ms=delay_ms
    )
    assemble(pieces, out, progress=lambda _: None)
    with av.open(str(DEMO)) as before, av.open(str(out)) as after:
        for old, new in zip(sound_of(before), sound_of(after), strict=True):
            assert bytes(old) == bytes(new)
            assert float(old.pts * old.time_base) == pytest.approx(float(new.pts * new.time_base), abs=0.0011)


@pytest.mark.parametrize(("suffix", "kept"), [(".mkv", 1), (".mp4", 0)])
def test_subtitles_stay_where_the_container_holds_them(suffix: str, kept: int, tmp_path: Path) -> None:
    text, beside, out = tmp_path / "text.srt", tmp_path / "beside.mka", tmp_path / f"film{suffix}"
    text.write_text("1\n00:00:00,100 --> 00:00:00,900\nBonjour\n\n")
    with av.open(str(text)) as source, av.open(str(beside), "w", format="matroska") as tracks:
        stream = tracks.add_stream_from_template(source.streams[0])
        for packet in source.demux():
            if packet.size:
                packet.stream = stream
                tracks.mux(packet)
    left = fill(tmp_path / "frames", make_jpegs("film", 3))
    pieces = Pieces(
        [left.frames.path(n) for n in range(3)], 64, 48, Fraction(1, 24000), beside=beside, delay_ms=100
    )
    notes = assemble(pieces, out, progress=lambda _: None)
    with av.open(str(out)) as film:
        assert len(film.streams.video) == 1
        assert len(film.streams.subtitles) == kept
        found = film.demux(film.streams.subtitles[0]) if kept else []
        assert [packet.pts for packet in found if packet.size] == [0] * kept
    assert len(notes) == 1 - kept


def test_a_frame_that_does_not_decode_is_named(tmp_path: Path) -> None:
    frames = make_jpegs("film", 3)
    tables = frames[1].index(b"\xff\xc4") + 4
    frames[1] = frames[1][:tables] + b"\xff" * 16 + frames[1][tables + 16 :]
    left = fill(tmp_path, frames)
    out = tmp_path / "film.mp4"
    with pytest.raises(UnreadableJpeg, match=r"frame-000001\.jpg: (can't be decoded|holds no picture)"):
        assemble(
            Pieces([left.frames.path(n) for n in range(3)], 64, 48, Fraction(1, 24000)),
            out,
            progress=lambda _: None,
        )
    assert not out.exists()
    assert not list(tmp_path.glob("*.part"))


def sound_of(film: Any) -> Iterator[Any]:
    return (packet for packet in film.demux(audio=0) if packet.size)


def test_what_was_complete_when_we_were_killed_becomes_the_film(base: str, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    plan_ = plan(Address("127.0.0.1", free_port()), base, film=film)
    fill(plan_.root, make_jpegs("film", 3))
    received = receive(plan_, watch())
    assert received.film == film
    with av.open(str(film)) as written:
        assert sum(1 for _ in written.decode(video=0)) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_film_with_sound_and_all(address: Address, base: str, sender: Role, tmp_path: Path) -> None:
    """The receiver's process is killed between two frames; another makes the film of what both have got."""
    code = """
    import sys
    from pathlib import Path
    from device.engine import Stop
    from device.jobs.receive import ReceivePlan, Watch, receive
    from device.mqtt.address import Address
    address = Address("127.0.0.1", int(sys.argv[1]))
    plan = ReceivePlan(address=address, base=sys.argv[2], name="cellar", film=Path(sys.argv[3]), idle_s=30)
    receive(plan, Watch(Stop(), print, lambda frames, of: None))
    """
    film = tmp_path / "film.mp4"
    command = [sys.executable, "-c", textwrap.dedent(code), str(address.port), base, str(film)]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    facts = probe(DEMO)
    config = load(base)
    with (
        Session(address, sender, subscriptions=subscriptions(sender), say=print).start() as session,
        film_sink(session, facts, config, network="compact", stop=Stop(), say=print) as sink,
    ):
        job = sink.delivery._job
        frames = make_jpegs(job, 120, width=64, height=48)
        for number, frame in enumerate(frames):
            sink.delivery.frame(frame)
            if number == 60:
                first.kill()
                first.wait(5)
                second = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        sink.delivery.finish()
    assert second.wait(30) == 0
    with av.open(str(film)) as written:
        assert sum(1 for _ in written.decode(video=0)) == 120
        assert len(written.streams.audio) == 1
    with av.open(str(DEMO)) as before, av.open(str(film)) as after:
        assert [bytes(packet) for packet in sound_of(before)] == [bytes(packet) for packet in sound_of(after)]
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def load(base: str) -> Any:
    from device.config import load_config  # noqa: PLC0415

    return load_config(overrides={"mqtt": {"base": base}, "publish": {"acknowledge_seconds": 20}})


def test_nothing_arrives(address: Address, base: str, tmp_path: Path) -> None:
    with pytest.raises(DeliveryTimeout, match=r"nothing arrived for 0\.5 s"):
        receive(plan(address, base, out=tmp_path / "out", idle_s=0.5), watch())


def test_a_stop_ends_it(address: Address, base: str, tmp_path: Path) -> None:
    stop = Stop()
    stop.request()
    received = receive(plan(address, base, out=tmp_path / "out"), watch(stop))
    assert (received.frames, received.folders) == (0, ())
    with pytest.raises(Interrupted):
        receive(plan(address, base, out=tmp_path / "out", once=True), watch(stop))


def test_no_broker_is_said_before_anything_is_written(base: str, tmp_path: Path) -> None:
    with pytest.raises(BrokerUnreachable):
        receive(plan(Address("127.0.0.1", free_port()), base, film=tmp_path / "film.mp4"), watch())
    assert not (tmp_path / "film.mp4").exists()


def test_without_an_encoder_it_is_said_at_once_and_jpegs_do(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("device.jobs.receive.encodes", lambda _: False)  # as on 32-bit machines
    nobody = Address("127.0.0.1", free_port())
    plan_ = plan(nobody, base, film=tmp_path / "film.mp4")
    with pytest.raises(ConfigurationError, match=r"H\.264 can't be encoded .*--codec mjpeg"):
        receive(plan_, watch())
    fill(plan_.root, make_jpegs("film", 3))
    assert receive(plan(nobody, base, film=tmp_path / "film.mp4", codec="mjpeg"), watch()).film


def test_what_can_not_be_written_is_said_at_once(address: Address, base: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for settings, error in (
        ({}, ConfigurationError),
        ({"film": tmp_path / "film.avi"}, ConfigurationError),
        ({"film": tmp_path / "none" / "film.mp4"}, MissingInput),
        ({"out": tmp_path / "file" / "below"}, Exception),
        ({"out": tmp_path, "job": "a/b"}, ConfigurationError),
        ({"out": tmp_path, "sender": "#"}, ConfigurationError),
    ):
        with pytest.raises(error):
            receive(plan(address, base, **settings), watch())  # type: ignore[arg-type]


def test_a_full_disk_is_not_acknowledged(
    address: Address, base: str, sender: Role, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames that found no room stay with the sender; the receiver ends with the reason."""
    frames = make_jpegs("film", 3)
    write = store.write_file

    def full(path: Path, data: bytes) -> None:
        if path.name == "frame-000001.jpg":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(store, "write_file", full)
    with Session(address, sender, subscriptions=subscriptions(sender), say=print).start() as session:
        settings: Any = {"fit": None, "tick": lambda _reason: None, "answer_s": 1.5}
        delivery = Delivery(session, "film", make_head(), **settings)
        for frame in frames:
            delivery.frame(frame)
        with pytest.raises(SpaceError, match="no space left"):
            receive_while(lambda: delivery._work(0.01), plan(address, base, out=tmp_path / "out"))
        with pytest.raises(DeliveryTimeout):
            delivery.finish()
        assert delivery.acknowledged <= 1
        delivery.abort()


def receive_while(work: Callable[[], None], plan_: ReceivePlan) -> None:
    """Receive in this thread, doing ``work`` at every sign of life."""

    class Working(Watch):
        def waiting(self, reason: str) -> None:
            work()
            super().waiting(reason)

    deadline = time.monotonic() + 10
    receive(plan_, Working(Stop(), lambda _line: None, lambda _frames, _of: None))
    assert time.monotonic() < deadline
