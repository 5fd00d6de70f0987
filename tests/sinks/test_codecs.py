"""Films in every codec and container: luma, stamps, tags, joints; and runs that go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from bars import colour_bars, encoded, grey_ramp, write_film
from films import make_film, stamps

from device.config import FilmSettings
from device.frames import ColourSpace, Matrix, TintedFrame
from device.media.codecs import CODECS, sampling_of
from device.media.encode import Picture
from device.media.probe import probe
from device.media.segments import Boundaries, WorkFolder
from device.sinks.film import FilmSink, finish
from device.sources.film import FilmSource

if TYPE_CHECKING:
    from pathlib import Path

    from device.frames import Frame

HOLDS = [(codec.name, suffix) for codec in CODECS.values() for suffix in codec.suffixes if suffix != ".m4v"]
#: Range, primaries, transfer, matrix; None: nothing said.
TAGS = {
    "limited 601": (1, 6, 6, 6),
    "limited 601, PAL": (1, 5, 6, 5),
    "limited 709": (1, 1, 1, 1),
    "limited 709, of a camera": (1, 1, 13, 1),
    "full 601": (2, 6, 6, 6),
    "full 709": (2, 1, 1, 1),
    "limited 2020": (1, 9, 14, 9),
    "untagged": (0, 2, 2, 2),
}


def through(
    source: Path,
    out: Path,
    settings: FilmSettings,
    *,
    own: bool = False,
    segment: int = 4,
    until: int = 10**9,
) -> None:
    """Write ``source`` to ``out``, in one tone or as it is; a run that ends at ``until`` leaves segments."""
    with WorkFolder(out, {"test": source.name}) as work:
        start = work.next_index
        rule = Boundaries(segment, start)
        with FilmSource(source, start=start) as film:

            def state_before(index: int) -> dict[str, Any] | None:
                return {} if rule.begins(index, cut=True) else None

            sink = FilmSink(work, Picture.of(film.facts, settings), settings, state_before)
            for frame in film.frames():
                if frame.index == until:
                    sink.abort()
                    return
                sink.write(tinted(frame, own=own))
            sink.close()
            finish(
                out,
                work,
                picture=Picture.of(film.facts, settings),
                source=film.facts,
                end_pts=film.end_pts,
                metadata={},
            )


def tinted(frame: Frame, *, own: bool) -> TintedFrame:
    ab = np.full((2, 2, 2), (10, 30), np.float32)
    return TintedFrame(frame, frame.luma[::4, ::4], ab, own_colour=own)


def decoded(path: Path) -> list[tuple[Any, ...]]:
    with FilmSource(path) as film:
        return [(frame.luma.copy(), frame.cb, frame.cr) for frame in film.frames()]


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(video=0) if packet.size]


@pytest.mark.parametrize(("codec", "suffix"), HOLDS)
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p10le"])
def test_luma_comes_out_of_every_codec_and_container(
    tmp_path: Path, codec: str, suffix: str, pixel_format: str
) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / f"out{suffix}"
    make_film(source, size=(96, 64), pixel_format=pixel_format, count=10)
    through(source, out, FilmSettings(codec=codec, crf=0, preset="ultrafast"))
    assert stamps(out) == stamps(source)
    facts = probe(out)
    deep = codec == "prores" or pixel_format.endswith("10le")
    assert (facts.frames, facts.layout.depth) == (10, 10 if deep else 8)
    shift = facts.layout.depth - probe(source).layout.depth
    for (before, *_), (after, *_) in zip(decoded(source), decoded(out), strict=True):
        apart = np.abs(after.astype(int) - (before.astype(int) << shift))
        assert apart.mean() <= (8 if codec == "prores" else 0)  # of 1024
    with av.open(str(out)) as film:
        assert sum(packet.is_keyframe for packet in film.demux(video=0) if packet.size) >= 3
        if codec == "h265" and suffix != ".mkv":
            assert film.streams.video[0].codec_context.codec_tag == "hvc1"


@pytest.mark.parametrize(
    ("codec", "suffix", "tags"),
    [
        (codec, suffix, name)
        for codec, suffix in HOLDS
        for name, said in TAGS.items()
        if said[0] != 2 or CODECS[codec].full_range
    ],
)
def test_tags_come_out_as_they_went_in(tmp_path: Path, codec: str, suffix: str, tags: str) -> None:
    said = TAGS[tags]
    source, out = tmp_path / "in.mkv", tmp_path / f"out{suffix}"
    space = ColourSpace(full_range=said[0] == 2)
    write_film(source, encoded(colour_bars(64), space, 8), "yuv420p", said)
    assert probe(source).tags == said
    through(source, out, FilmSettings(codec=codec, preset="ultrafast"))
    written = probe(out)
    assert written.colour_space == probe(source).colour_space
    assert written.tags[1:] == said[1:]
    # H.265, AV1 and ProRes always say a range: what was not said is limited, as every reader takes it.
    assert written.tags.range == said[0] or (said[0], written.tags.range) == (0, 1)
    assert codec != "h264" or written.tags == said


@pytest.mark.parametrize("codec", CODECS)
def test_a_run_that_goes_on_makes_the_same_film(tmp_path: Path, codec: str) -> None:
    source = tmp_path / "in.mkv"
    make_film(source, size=(128, 96), count=40)
    settings = FilmSettings(codec=codec, preset="veryfast")
    whole, broken = (tmp_path / f"{name}{CODECS[codec].suffixes[0]}" for name in ("whole", "broken"))
    through(source, whole, settings, segment=9)
    for until in (12, 30, 31):
        through(source, broken, settings, segment=9, until=until)
        assert not broken.exists()
    through(source, broken, settings, segment=9)
    assert packets(broken) == packets(whole)
    if broken.suffix != ".mkv":  # Matroska gives every file a number of its own
        assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(("codec", "depth"), [("h264", 10), ("h265", 12), ("av1", 10), ("ffv1", 16)])
def test_a_film_that_is_deeper_than_the_codec_is_rounded(tmp_path: Path, codec: str, depth: int) -> None:
    ramp = np.dstack([grey_ramp()] * 3)
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    planes = encoded(ramp, ColourSpace(), 16)
    write_film(source, planes, "yuv420p16le", (1, 1, 1, 1))
    through(source, out, FilmSettings(codec=codec, crf=0, preset="ultrafast"), own=True)
    assert probe(out).layout.depth == depth
    luma, cb, _ = decoded(out)[0]
    exact = planes[0] / 2 ** (16 - depth)
    assert np.abs(luma - exact).max() <= (0.5 if depth < 16 else 0)
    assert (cb == 1 << (depth - 1)).all()


@pytest.mark.parametrize("sampling", ["420", "422", "444", "411", "410"])
@pytest.mark.parametrize("codec", ["h264", "h265", "av1", "ffv1"])
def test_bars_pass_bit_for_bit_where_the_codec_has_their_sampling(
    tmp_path: Path, codec: str, sampling: str
) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / "out.mkv"
    write_film(
        source,
        encoded(colour_bars(64), ColourSpace(Matrix.BT709), 8, sampling),
        f"yuv{sampling}p",
        (1, 1, 1, 1),
    )
    through(source, out, FilmSettings(codec=codec, crf=0, preset="ultrafast"), own=True)
    before, after = decoded(source)[-1], decoded(out)[-1]
    assert (before[0] == after[0]).all()
    if sampling in CODECS[codec].depths:
        assert (before[1] == after[1]).all()
        assert (before[2] == after[2]).all()
    else:
        assert after[1].shape == (32, 192)


@pytest.mark.parametrize(("codec", "suffix"), HOLDS)
def test_odd_sizes_are_padded_and_cropped_by_the_container(tmp_path: Path, codec: str, suffix: str) -> None:
    source, out = tmp_path / "in.mkv", tmp_path / f"out{suffix}"
    luma = make_film(source, size=(101, 67), pixel_format="gray", count=5)[0]
    through(source, out, FilmSettings(codec=codec, crf=0, preset="ultrafast"))
    across, down = sampling_of(CODECS[codec].pixel_format(None, 8))
    written = decoded(out)[0][0]
    assert written.shape == (-(-67 // down) * down, -(-101 // across) * across)
    if codec != "prores":
        assert (written[:67, :101] == luma).all()
    crop = b"\x54\xdd\x81\x01" if suffix == ".mkv" else b"clap"  # one column on the right; RFC 9559
    assert crop in out.read_bytes()
