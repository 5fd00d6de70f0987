from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from films import stamps
from full import no_room_for

from device.config import FilmSettings
from device.errors import ConfigurationError, Interrupted, MissingInput, SpaceError
from device.frames import JPEG_COLOUR, ColourSpace, Frame, Matrix, TintedFrame
from device.media.probe import probe
from device.media.segments import WorkFolder
from device.sinks.film import SegmentWriter
from device.sinks.record import RecordSink, free_name
from device.sinks.recording import finish_left_behind, left_behind
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from collections.abc import Iterator

LOSSLESS = FilmSettings(crf=0, preset="ultrafast")
LONG = 60.0
SECOND = 1_000_000_000


def tinted(
    captured_ns: int | None,
    size: tuple[int, int] = (64, 48),
    *,
    value: int = 0,
    space: ColourSpace = JPEG_COLOUR,
    rotation: int = 0,
    aspect: Fraction = Fraction(1),
    depth: int = 8,
    own: bool = False,
) -> TintedFrame:
    ramp = np.add.outer(np.arange(size[1]), np.arange(size[0])) % 100 + 60 + value % 40
    luma = ramp.astype(np.uint8) if depth == 8 else (ramp << (depth - 8)).astype(np.uint16)
    chroma = {"cb": luma[:, ::2] * 0 + 90, "cr": luma[:, ::2] * 0 + 170} if own else {}  # 4:2:2, as cameras
    frame = Frame(
        luma,
        space,
        value,
        value,
        Fraction(1, 30),
        depth=depth,
        rotation=rotation,
        pixel_aspect=aspect,
        captured_ns=captured_ns,
        **chroma,
    )
    return TintedFrame(frame, luma[::4, ::4], np.full((8, 8, 2), (-20.0, 30.0), np.float32), own_colour=own)


class Said(list[str]):
    def __call__(self, line: str) -> None:
        self.append(line)


@pytest.fixture
def said() -> Said:
    return Said()


def recorder(out: Path, said: Said, settings: FilmSettings = LOSSLESS) -> RecordSink:
    return RecordSink(out, settings, network=lambda: "compact", say=said)


def record(out: Path, said: Said, times_ns: list[int], **others: Any) -> None:
    with recorder(out, said) as sink:
        for value, captured in enumerate(times_ns):
            sink.write(tinted(captured, value=value, **others))


def uneven(seconds: float, rate: float = 15.0) -> list[int]:
    """Capture times with a camera's jitter, and a gap in the middle."""
    random = np.random.default_rng(3)
    times = 7 * SECOND + np.arange(int(seconds * rate)) * SECOND / rate
    times += random.uniform(-0.2, 0.2, len(times)) * SECOND / rate
    times[len(times) // 2 :] += 1.3 * SECOND
    return [int(each) for each in times]


def close_to(times_ns: list[int]) -> list[float]:
    return [pytest.approx((each - times_ns[0]) / SECOND, abs=0.0011) for each in times_ns]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_is_a_film_with_the_cameras_own_times(tmp_path: Path, said: Said, suffix: str) -> None:
    out, times = tmp_path / f"out{suffix}", uneven(11)
    record(out, said, times)
    assert [float(each) for each in stamps(out)] == close_to(times)
    with FilmSource(out) as film:
        for number, frame in enumerate(film.frames()):
            np.testing.assert_array_equal(frame.luma, tinted(0, value=number).frame.luma)
        assert frame.cb is not None
        assert frame.cr is not None
        assert frame.cb.mean() < 115
    with av.open(str(out)) as container:
        said_in_it = {key.lower(): value for key, value in container.metadata.items()}
    assert "Colour made by a machine" in said_in_it["comment"]
    assert "network compact" in said_in_it["comment"]
    assert said_in_it["creation_time"].startswith("20")
    facts = probe(out)
    assert facts.rate == pytest.approx(len(times) / (times[-1] - times[0]) * SECOND, rel=0.02)
    assert (facts.colour_space, facts.rotation, facts.pixel_aspect) in {
        (JPEG_COLOUR, 0, one) for one in (None, Fraction(1))
    }
    assert [path.name for path in tmp_path.iterdir()] == [out.name], "nothing else is left"
    assert len(said) == 1
    assert f"recorded {out}: 165 frames, 12." in said[0]


def test_segments_are_closed_while_it_goes_on(tmp_path: Path, said: Said) -> None:
    with recorder(tmp_path / "out.mp4", said) as sink:
        for value in range(200):
            sink.write(tinted(value * SECOND // 15, value=value))
        deadline = time.monotonic() + LONG
        work = tmp_path / ".out.mp4.tintcast"
        while len(list(work.glob("*.json"))) < 1 + 3:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert sorted(path.name for path in work.glob("*.mkv")) == [f"{n:08d}.mkv" for n in (0, 60, 120)]
    assert len(stamps(tmp_path / "out.mp4")) == 200


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"space": ColourSpace()}, (ColourSpace(), 0, Fraction(1), 8)),
        ({"space": ColourSpace(Matrix.BT709)}, (ColourSpace(Matrix.BT709), 0, Fraction(1), 8)),
        ({"rotation": 90}, (JPEG_COLOUR, 90, Fraction(1), 8)),
        ({"rotation": 180}, (JPEG_COLOUR, 180, Fraction(1), 8)),
        ({"rotation": 270, "aspect": Fraction(4, 3)}, (JPEG_COLOUR, 270, Fraction(4, 3), 8)),
        (
            {"depth": 10, "space": ColourSpace(Matrix.BT2020)},
            (ColourSpace(Matrix.BT2020), 0, Fraction(1), 10),
        ),
        ({"size": (65, 47)}, (JPEG_COLOUR, 0, Fraction(1), 8)),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_it_says_what_the_frames_say(
    tmp_path: Path, said: Said, suffix: str, others: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    out = tmp_path / f"out{suffix}"
    record(out, said, [n * SECOND // 20 for n in range(10)], **others)
    facts = probe(out)
    aspect = facts.pixel_aspect or Fraction(1)
    assert (facts.colour_space, facts.rotation, aspect, facts.layout.depth) == expected
    if "size" in others:
        assert (facts.width, facts.height) in {
            others["size"],
            (66, 48),
        }  # cropped by the header, where it can
    with FilmSource(out) as film:
        frame = next(film.frames())
        luma = tinted(0, **others).frame.luma
        np.testing.assert_array_equal(frame.luma[: luma.shape[0], : luma.shape[1]], luma)


@pytest.mark.parametrize(
    ("codec", "suffix"), [("h265", ".mp4"), ("av1", ".mp4"), ("ffv1", ".mkv"), ("prores", ".mov")]
)
def test_every_codec_of_films(tmp_path: Path, said: Said, codec: Any, suffix: str) -> None:
    out, times = tmp_path / f"out{suffix}", uneven(5)
    with recorder(out, said, FilmSettings(codec=codec)) as sink:
        for value, captured in enumerate(times):
            sink.write(tinted(captured, (128, 96), value=value, space=ColourSpace()))
    assert [float(each) for each in stamps(out)] == close_to(times)
    assert probe(out).colour_space == ColourSpace()


def test_true_colour_and_tint_take_turns(tmp_path: Path, said: Said) -> None:
    out = tmp_path / "out.mkv"
    with recorder(out, said) as sink:
        for value in range(30):
            sink.write(tinted(value * SECOND // 15, value=value, own=10 <= value < 20))
    with FilmSource(out) as film:
        means = [float(frame.cr.mean()) for frame in film.frames() if frame.cr is not None]
    assert len(means) == 30
    assert min(means[10:20]) == max(means[10:20]) == 170
    assert max(means[:10] + means[20:]) < 140


def test_what_passed_in_its_own_colour_was_made_by_no_machine(tmp_path: Path, said: Said) -> None:
    record(tmp_path / "out.mkv", said, [n * SECOND // 20 for n in range(10)], own=True)
    with av.open(str(tmp_path / "out.mkv")) as container:
        assert not any("machine" in value for value in container.metadata.values())


def test_a_frame_of_another_size_begins_another_film(tmp_path: Path, said: Said) -> None:
    out = tmp_path / "out.mp4"
    with recorder(out, said) as sink:
        for value in range(60):
            size = (64, 48) if value < 30 else (96, 64)
            sink.write(tinted(value * SECOND // 15, size, value=value))
    assert len(stamps(out)) == len(stamps(tmp_path / "out-2.mp4")) == 30
    facts = probe(tmp_path / "out-2.mp4")
    assert (facts.width, facts.height) == (96, 64)
    assert any("goes on in" in line for line in said)
    assert len(list(tmp_path.iterdir())) == 2


def test_no_film_is_ever_overwritten(tmp_path: Path, said: Said) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"dear")
    (tmp_path / "out-2.mp4").write_bytes(b"dearer")
    WorkFolder.path_for(tmp_path / "out-3.mp4").mkdir()  # of a film that is being made
    record(out, said, [n * SECOND // 20 for n in range(10)])
    assert out.read_bytes() == b"dear"
    assert len(stamps(tmp_path / "out-4.mp4")) == 10
    assert said[0] == f"recording to {tmp_path / 'out-4.mp4'}: out.mp4 is there already"
    assert free_name(tmp_path / "new.mp4") == tmp_path / "new.mp4"


CHILD = """
import sys, time
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from test_record import SECOND, Said, recorder, tinted
sink = recorder(Path(sys.argv[1]), Said())
for value in range(10_000):
    sink.write(tinted(value * SECOND // 15, value=value))
    if value == 200:
        print("recording", flush=True)
    if value > 200:
        time.sleep(0.02)
"""


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[Path]:
    """A recording whose process was killed in the middle of its fourth segment."""
    out = tmp_path / "out.mp4"
    here = Path(__file__)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, out, here.parent, here.parents[1]], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "recording\n"
        work = tmp_path / ".out.mp4.tintcast"
        deadline = time.monotonic() + LONG
        while not (work / "00000120.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert list(left_behind(tmp_path)) == [out]
        with pytest.raises(ConfigurationError, match="another run"):
            finish_left_behind(out)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(LONG)
        child.stdout.close()
    return out


def test_what_was_cut_off_is_finished_by_the_next_recording(cut_off: Path, said: Said) -> None:
    assert not cut_off.exists()
    record(cut_off, said, [n * SECOND // 20 for n in range(10)])
    found = stamps(cut_off)
    assert 180 <= len(found) < 240, "all but the segment that was open"
    assert [float(each) for each in found] == close_to([n * SECOND // 15 for n in range(len(found))])
    assert len(stamps(cut_off.with_name("out-2.mp4"))) == 10
    assert any(line.startswith(f"finished {cut_off}, which was cut off: 1") for line in said)
    assert sorted(path.name for path in cut_off.parent.iterdir()) == ["out-2.mp4", "out.mp4"]


def test_giving_up_leaves_what_is_on_the_disk_for_later(tmp_path: Path, said: Said) -> None:
    out = tmp_path / "out.mkv"

    def fail() -> None:
        with recorder(out, said) as sink:
            for value in range(100):
                sink.write(tinted(value * SECOND // 15, value=value))
            raise Interrupted

    with pytest.raises(Interrupted):
        fail()
    assert not out.exists()
    assert "the next recording into its folder finishes it" in said[0]
    assert finish_left_behind(out) == pytest.approx(4, abs=0.1)
    assert len(stamps(out)) == 60


def test_before_the_disk_is_full_the_film_is_finished(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    out = tmp_path / "out.mp4"
    with recorder(out, said) as sink:
        for value in range(20):
            sink.write(tinted(value * SECOND // 15, value=value))
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
        sink._look_at = 0
        with pytest.raises(SpaceError, match="recording stopped: the disk is nearly full"):
            sink.write(tinted(20 * SECOND // 15, value=20))
    assert len(stamps(out)) == 21


def test_a_folder_that_is_deleted_meanwhile_is_an_error_that_says_so(tmp_path: Path, said: Said) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    sink = recorder(folder / "out.mp4", said)
    sink.write(tinted(0))
    shutil.rmtree(folder)
    sink._look_at = 0
    with pytest.raises(MissingInput, match=re.escape(f"{folder}: no such file or folder")):
        sink.write(tinted(SECOND // 15, value=1))
    sink.abort()


def test_a_segment_that_vanishes_is_an_error_that_says_so(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_segment = WorkFolder.close_segment

    def lose(work: WorkFolder, *arguments: Any) -> None:
        close_segment(work, *arguments)
        work.segments[-1].path.unlink()

    monkeypatch.setattr(WorkFolder, "close_segment", lose)
    sink = recorder(tmp_path / "out.mp4", said)
    sink.write(tinted(0))
    with pytest.raises(MissingInput, match=r"00000000\.mkv: no such file or folder"):
        sink.close()


def test_whatever_ends_it_the_disk_is_left_alone_before_the_folder_is(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(writer: SegmentWriter) -> None:
        writer.abort()
        raise SpaceError("no space left")

    sink = recorder(tmp_path / "out.mp4", said)
    sink.write(tinted(0))
    monkeypatch.setattr(SegmentWriter, "end", fail)
    with pytest.raises(SpaceError):
        sink.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "disk out.mp4"]


def test_a_full_disk_is_a_space_error(tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.mp4"

    def fill() -> None:
        with recorder(out, said) as sink:
            sink.write(tinted(0))
            no_room_for("00000060.mkv", monkeypatch)
            random = np.random.default_rng(1)
            for value in range(1, 1000):
                frame = tinted(value * SECOND // 15)
                noise = random.integers(0, 255, (48, 64)).astype(np.uint8)
                sink.write(TintedFrame(Frame(**fields_of(frame.frame) | {"luma": noise}), noise, frame.ab))

    with pytest.raises(SpaceError, match="no space left"):
        fill()
    assert not out.exists()
    assert finish_left_behind(out) == pytest.approx(4, abs=0.1)


def fields_of(frame: Frame) -> dict[str, Any]:
    return {name: getattr(frame, name) for name in Frame.__slots__}


def test_nothing_recorded_leaves_nothing(tmp_path: Path, said: Said) -> None:
    recorder(tmp_path / "out.mp4", said).close()
    assert not list(tmp_path.iterdir())
    assert not said


@pytest.mark.parametrize(
    ("name", "codec", "match"),
    [
        ("out.avi", "h264", "not a kind of film"),
        ("out.mp4", "ffv1", "can't hold"),
        ("no/out.mp4", "h264", "folder"),
    ],
)
def test_what_can_not_be_is_said_before_it_begins(
    tmp_path: Path, said: Said, name: str, codec: str, match: str
) -> None:
    with pytest.raises(ConfigurationError, match=match):
        recorder(tmp_path / name, said, FilmSettings(codec=codec))  # type: ignore[arg-type]


def test_what_a_codec_can_not_hold_is_said_with_the_first_frame(tmp_path: Path, said: Said) -> None:
    sink = recorder(tmp_path / "out.mov", said, FilmSettings(codec="prores"))
    with pytest.raises(ConfigurationError, match="full range"):
        sink.write(tinted(0))
    sink.abort()
    assert not list(tmp_path.iterdir())
