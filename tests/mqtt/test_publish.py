"""Films and the test picture through the bundled network, as ``tintcast publish`` sends them."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from brokers import Authority, Mosquitto, free_port, mosquitto_program
from colour_films import make_colour_film, planes_of_film, planes_of_jpeg
from films import make_film
from said import complaints

from device.cli import main
from device.config import load_config
from device.engine import Stop
from device.errors import BrokerUnreachable, DeliveryTimeout, Interrupted, UnreadableFilm
from device.jobs.publish import publish_film, publish_pattern
from device.media.facts import read_facts
from device.mqtt.inbox import Message
from device.mqtt.session import Session
from device.mqtt.topics import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from device.config import Config
    from device.mqtt.address import Address


def configured(port: int, base: str, **publish: Any) -> Config:
    return load_config(
        overrides={
            "mqtt": {"host": "127.0.0.1", "port": port, "base": base, "device": "board"},
            "publish": publish,
            "network": {"threads": 1},
        }
    )


def nothing(*_: object) -> None:
    return


class Commands:
    """``tintcast`` commands against one broker, as a user starts them."""

    def __init__(self, folder: Path, base: str, port: int) -> None:
        self._folder = folder
        self._tail = ["--broker", f"mqtt://127.0.0.1:{port}", "--base", base]
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *words: str) -> subprocess.Popen[str]:
        self._started.append(
            subprocess.Popen(
                [sys.executable, "-m", "device.cli", *words, *self._tail],
                cwd=self._folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return self._started[-1]

    def run(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=5)


@pytest.fixture
def commands(tmp_path: Path, base: str, address: Address) -> Iterator[Commands]:
    made = Commands(tmp_path, base, address.port)
    yield made
    made.close()


def test_a_turned_film_with_sound_comes_out_upright(commands: Commands, tmp_path: Path) -> None:
    """Anamorphic, rotated, of uneven time stamps: every frame, its own pts, the sound byte for byte."""
    stamps = [0, 3, 4, 9, 10, 15, 22, 23, 30, 31, 40, 50]
    film = tmp_path / "film.mkv"
    lumas = make_film(
        film,
        size=(96, 64),
        codec="libx264",
        pts=stamps,
        time_base=Fraction(1, 50),
        pixel_aspect=Fraction(16, 11),
        rotation=-90,
        sound="aac",
        tags=(1, 6, 6, 6),
    )
    receiver = commands.start("receive", "--out", "frames", "--film", "received.mkv", "--name", "cellar")
    code, out, err = commands.run("publish", "film.mkv", "--to", "cellar", "--device", "board")
    assert (code, complaints(err)) == (0, "")
    assert "12 delivered to cellar" in out
    said, err = receiver.communicate(timeout=30)
    assert receiver.returncode == 0, err
    assert said == "received 12 frames: received.mkv\n"
    (folder,) = (tmp_path / "frames").iterdir()
    jpegs = [path.read_bytes() for path in sorted(folder.glob("frame-*.jpg"))]
    facts = [read_facts(jpeg) for jpeg in jpegs]
    base = facts[0].time_base
    assert [float(each.pts * base) for each in facts] == pytest.approx([n / 50 for n in stamps], abs=0.0006)
    assert [each.sequence for each in facts] == list(range(12))
    assert [each.last for each in facts] == [False] * 11 + [True]
    assert {(each.width, each.height, each.device, each.network) for each in facts} == {
        (64, 96, "board", "compact")
    }
    with av.open(str(tmp_path / "received.mkv")) as received:
        stream = received.streams.video[0]
        assert (stream.width, stream.height, stream.sample_aspect_ratio) == (64, 96, Fraction(11, 16))
        frames = list(received.decode(video=0))
        assert [float(f.pts * f.time_base) for f in frames] == pytest.approx(
            [n / 50 for n in stamps], abs=0.001
        )
        for luma, frame in zip(lumas, frames, strict=True):
            upright = np.rot90(luma, -1).astype(int)
            seen = frame.to_ndarray(format="gray").astype(int)
            assert np.abs(upright - seen).mean() < 16
    with av.open(str(tmp_path / "received.mkv")) as received, av.open(str(film)) as sent:
        assert [bytes(p) for p in sent.demux(audio=0)] == [bytes(p) for p in received.demux(audio=0)]


@pytest.mark.parametrize(("when", "own"), [("auto", 14), ("always", 0), ("never", 30)])
def test_true_colour_arrives_as_it_was_and_says_so(
    commands: Commands, tmp_path: Path, when: str, own: int
) -> None:
    """A film in colour, then in grey: what each JPEG says, and what is in it."""
    make_colour_film(tmp_path / "film.mkv", [(14, "colour"), (16, "grey")], size=(96, 64))
    receiver = commands.start("receive", "--out", "frames", "--once")
    code, out, err = commands.run("publish", "film.mkv", "--device", "board", "--colour", when)
    assert (code, complaints(err)) == (0, "")
    assert receiver.wait(timeout=30) == 0
    paths = sorted((tmp_path / "frames").rglob("*.jpg"))
    assert [read_facts(path.read_bytes()).own_colour for path in paths] == [True] * own + [False] * (30 - own)
    why = {"auto": "were in colour already and passed as they were", "never": "passed as they were"}
    assert out.splitlines()[1:] == ([f"{own} of 30 frames {why[when]}"] if own else [])
    before = planes_of_film(tmp_path / "film.mkv")
    for path, (_, cb, cr) in zip(paths[:14], before, strict=False):
        shown = planes_of_jpeg(path)
        errors = [
            np.abs(seen - 128.0 - (plane - 128.0) * 255 / 224).mean()  # from limited range to JPEG's full one
            for seen, plane in zip(shown[1:], (cb, cr), strict=True)
        ]
        assert (max(errors) < 9) == (when != "always")  # rough chroma, and a quality of 85


def test_a_real_film_arrives_whole(shared: Path, commands: Commands, tmp_path: Path) -> None:
    film = shared / "data" / "videos" / "realshort.mp4"
    receiver = commands.start("receive", "--film", "received.mp4", "--name", "cellar")
    code, out, err = commands.run("publish", str(film))
    assert (code, complaints(err)) == (0, "")
    assert "delivered to cellar" in out
    receiver.communicate(timeout=60)
    with av.open(str(film)) as sent, av.open(str(tmp_path / "received.mp4")) as received:
        before = [f.pts * f.time_base for f in sent.decode(video=0)]
        after = [f.pts * f.time_base for f in received.decode(video=0)]
    assert [float(stamp) for stamp in after] == pytest.approx([float(stamp) for stamp in before], abs=0.001)


def test_the_broker_is_killed_while_a_film_is_coloured(
    start_mosquitto: Callable[..., Mosquitto], base: str, tmp_path: Path
) -> None:
    broker = start_mosquitto()
    commands = Commands(tmp_path, base, broker.port)
    make_film(tmp_path / "film.mkv", count=80)
    try:
        receiver = commands.start("receive", "--out", "frames", "--once", "--name", "cellar")
        sender = commands.start("publish", "film.mkv", "--to", "cellar")
        deadline = time.monotonic() + 30
        while not list(tmp_path.glob("frames/*/frame-00001*.jpg")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        broker.kill()
        time.sleep(0.3)
        broker.start()
        out, err = sender.communicate(timeout=60)
        assert (sender.returncode, complaints(err)) == (0, "")
        assert "80 delivered to cellar" in out
        receiver.communicate(timeout=30)
        assert receiver.returncode == 0
        assert len(list(tmp_path.glob("frames/*/frame-*.jpg"))) == 80
    finally:
        commands.close()


def test_ctrl_c_gives_the_film_up_and_says_so(
    commands: Commands, address: Address, base: str, tmp_path: Path
) -> None:
    make_film(tmp_path / "film.mkv", count=12)
    viewer = Role(base, "viewer", "test")
    with Session(
        address, viewer, subscriptions=[f"{base}/+/publish/job/+/head"], say=nothing
    ).start() as session:
        sender = commands.start("publish", "film.mkv", "--to", "nobody")
        head = session.next(30)
        assert isinstance(head, Message)
        sender.send_signal(signal.SIGINT)
        _, err = sender.communicate(timeout=20)
        while isinstance(last := session.next(1), Message) and last.payload:
            pass
        assert last == Message(head.topic, b"", retained=False)
    assert sender.returncode == 130
    assert complaints(err) == "tintcast: interrupted\n"


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["publish", "film.mkv", "--broker", "127.0.0.1:1"], 5, "can't be reached: connection refused"),
        (["publish", "none.mkv"], 3, "no such file"),
        (["publish", "film.mkv", "--network", "none"], 4, "none"),
        (["publish", "film.mkv", "--broker", "mqtt://me:secret@127.0.0.1"], 2, "--broker is not"),
        (["publish", "pattern", "--size", "wide"], 2, "--size wide is not WxH"),
        (["publish", "pattern", "--broker", "127.0.0.1:1"], 5, "connection refused"),
        (["receive", "--out", "x", "--broker", "127.0.0.1:1"], 5, "connection refused"),
        (["receive"], 2, "give --out DIR or --film FILE"),
        (["receive", "--film", "x.gif"], 2, "not a kind of film"),
    ],
)
def test_a_failure_is_one_line(
    words: list[str],
    code: int,
    line: str,
    *,
    tmp_path: Path,
    base: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_film(tmp_path / "film.mkv", count=2)
    monkeypatch.chdir(tmp_path)
    assert main([*words, "--base", base]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tintcast: ")
    assert err.count("\n") == 1
    assert line in err
    assert "secret" not in err
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".mkv"] in ([], ["x"])


def test_secrets_stay_secret_and_work(
    start_mosquitto: Callable[..., Mosquitto],
    authority: Authority,
    *,
    base: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    canary = "canary-4711"
    passwords, secret = tmp_path / "passwords", tmp_path / "secret"
    subprocess.run(
        [mosquitto_program("mosquitto_passwd"), "-c", "-b", str(passwords), "ada", canary], check=True
    )
    certificate, key = authority.server("IP:127.0.0.1")
    broker = start_mosquitto(
        f"certfile {certificate}", f"keyfile {key}", "allow_anonymous false", f"password_file {passwords}"
    )
    secret.write_text(canary + "\n")
    words = ["-v", "receive", "--out", str(tmp_path / "out"), "--idle", "1", "--base", base]
    words += ["--broker", f"mqtts://127.0.0.1:{broker.port}", "--ca", str(authority.file)]
    words += ["--user", "ada", "--password-file", str(secret)]
    assert main(words) == 5
    out, err = capsys.readouterr()
    assert "nothing arrived for 1 s" in err  # it was let in
    secret.write_text("wrong-" + canary)
    assert main(words) == 5
    out, err = (a + b for a, b in zip((out, err), capsys.readouterr(), strict=True))
    assert "we are not allowed in" in err
    assert canary not in out + err + (broker.folder / "mosquitto.log").read_text()


def test_nobody_receives(address: Address, base: str, tmp_path: Path) -> None:
    make_film(tmp_path / "film.mkv", count=3)
    config = configured(address.port, base, acknowledge_seconds=0.5)
    with pytest.raises(DeliveryTimeout, match=r"no receiver answered within 0\.5 s"):
        publish_film(tmp_path / "film.mkv", config, stop=Stop(), say=nothing, progress=nothing)


def test_no_film_is_said_before_the_broker_is_asked(base: str, tmp_path: Path) -> None:
    (tmp_path / "film.mkv").write_bytes(b"no film")
    with pytest.raises(UnreadableFilm):
        publish_film(
            tmp_path / "film.mkv", configured(free_port(), base), stop=Stop(), say=nothing, progress=nothing
        )


def test_the_test_picture_is_shown_live(address: Address, base: str) -> None:
    viewer = Role(base, "viewer", "test")
    topic = Role(base, "board", "publish").frame
    with Session(address, viewer, subscriptions=[topic], say=nothing).start() as session:
        published = publish_pattern(
            configured(address.port, base),
            size=(320, 240),
            rate=20,
            count=30,
            stop=Stop(),
            say=nothing,
            progress=nothing,
        )
        assert published.delivered is None
        sequences = []
        while isinstance(event := session.next(0.5), Message):
            facts = read_facts(event.payload)
            assert (facts.width, facts.height, facts.job) == (320, 240, None)
            assert facts.captured_ns is not None
            sequences.append(facts.sequence)
        assert sequences == sorted(set(sequences))
        assert len(sequences) > 5
        assert len(sequences) + published.dropped == published.frames


def test_a_stop_ends_the_test_picture(address: Address, base: str) -> None:
    stop = Stop()

    def progress(frames: int, _of: int | None) -> None:
        if frames >= 3:
            stop.request()

    with pytest.raises(Interrupted):
        publish_pattern(configured(address.port, base), stop=stop, say=nothing, progress=progress)


def test_no_broker_for_the_test_picture(base: str) -> None:
    with pytest.raises(BrokerUnreachable):
        publish_pattern(configured(free_port(), base), stop=Stop(), say=nothing, progress=nothing)


def test_a_sender_of_films_imports_no_codec() -> None:
    code = """
    import sys
    import device.cli.publish, device.jobs.publish
    print("av" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
