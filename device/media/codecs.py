"""The codecs that films are written in: what each holds, and what its encoder is told.

Every one of them makes the same bits of the same frames each time, however many cores a machine has; headers
don't depend on the content; and the n-th packet is the n-th frame: so segments can be joined by packet copy,
and a film that was interrupted equals one that was not. Needs neither numpy nor PyAV.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from device.errors import ConfigurationError

if TYPE_CHECKING:
    from fractions import Fraction

    import av
    from av.container import OutputContainer

    from device.config import FilmSettings

Options = dict[str, str]
#: Makes an encoder's options of (constant quality, preset, threads, pixel format).
_Telling = Callable[[int, str, int, str], Options]

#: Bits a second: less looks bad however small it is, and more is beyond the level that boards encode.
_LEAST_RATE, _MOST_RATE = 1_000_000, 25_000_000

#: How chroma may be sampled, by the numbers that pixel formats are named with: luma samples for each one of
#: chroma, across and down.
_SAMPLINGS = {"420": (2, 2), "422": (2, 1), "444": (1, 1), "440": (1, 2), "411": (4, 1), "410": (4, 4)}


@dataclass(frozen=True, slots=True)
class Codec:
    """One codec.

    ``name``: as in the configuration; ``title``: as people write it; ``encoder``: as FFmpeg names it;
    ``matroska``: as Matroska does. ``suffixes`` of the films that hold it, the likeliest first. ``depths``:
    bits that each sampling may have, ``plain`` being the sampling that stands in for those it lacks. ``crf``:
    what quality is meant when none is asked for, None where it has no such thing. ``full_range``: whether it
    can say that luma is of full range. ``bits``: for each sample of luma, where it keeps a bit rate.
    ``apart``: how far apart frames must be that its encoder is told to have refer to nothing before;
    ``every``: it makes none by itself, and is told to after so many.
    """

    name: str
    title: str
    encoder: str
    matroska: str
    suffixes: tuple[str, ...]
    depths: Mapping[str, tuple[int, ...]]
    tell: _Telling = field(repr=False)
    plain: str = "420"
    crf: int | None = None
    full_range: bool = True
    bits: float | None = None
    apart: int = 1
    every: int | None = None

    def bit_rate(self, width: int, height: int, rate: Fraction) -> int | None:
        """Bits a second for films of this size and rate, where it keeps a bit rate; None: a quality."""
        if self.bits is None:
            return None
        return round(min(max(width * height * float(rate) * self.bits, _LEAST_RATE), _MOST_RATE))

    def pixel_format(self, subsampling: tuple[int, int] | None, depth: int) -> str:
        """FFmpeg's name of what is encoded for planes of this sampling (None: grey) and depth.

        The depth is the least that keeps every bit, or the greatest there is.
        """
        sampling = next((name for name, steps in _SAMPLINGS.items() if steps == subsampling), self.plain)
        if sampling not in self.depths:
            sampling = self.plain
        depths = self.depths[sampling]
        chosen = next((bits for bits in depths if bits >= depth), depths[-1])
        return f"yuv{sampling}p" if chosen == 8 else f"yuv{sampling}p{chosen}le"

    def options(self, *, crf: int | None, preset: str, threads: int, pixel_format: str) -> Options:
        """What the encoder is told: constant quality (0: lossless), speed, threads."""
        quality = self.crf if crf is None else crf
        return self.tell(quality or 0, preset, threads, pixel_format)


def codec_of(settings: FilmSettings) -> Codec:
    """The codec that ``settings`` ask for. Raises ConfigurationError for an encoder that has another."""
    if settings.encoder == "software":
        return CODECS[settings.codec]
    if settings.codec not in HARDWARE:
        raise ConfigurationError(
            f"film.encoder = {settings.encoder} encodes {', '.join(HARDWARE)} alone, not {settings.codec}",
            hint="leave out one of the two",
        )
    return HARDWARE[settings.codec]


def add_encoder(
    container: OutputContainer, codec: Codec, rate: Fraction | None, options: Options
) -> av.VideoStream:
    """Add a stream to a container, with an encoder of its own."""
    os.environ.setdefault("SVT_LOG", "1")  # SVT-AV1 talks to the terminal past FFmpeg: errors only
    stream = cast("av.VideoStream", container.add_stream(codec.encoder, rate, options=options))
    tag_stream(container, codec, stream)
    return stream


def tag_stream(container: OutputContainer, codec: Codec, stream: av.VideoStream) -> None:
    """Call H.265 by the name that Apple's players take: parameter sets are in the header alone."""
    if codec.name == "h265" and container.format.name in {"mp4", "mov"}:
        stream.codec_context.codec_tag = "hvc1"


def sampling_of(pixel_format: str) -> tuple[int, int]:
    """Luma samples for each chroma sample, across and down, in an outgoing pixel format."""
    return _SAMPLINGS[pixel_format[3:6]]


def depth_of(pixel_format: str) -> int:
    """Bits of an outgoing pixel format."""
    return int(pixel_format[7:].removesuffix("le") or 8)


def _h264(crf: int, preset: str, _threads: int, _pixel_format: str) -> Options:
    # No macroblock tree, the one part of x264 that now and then makes other bits of the same frames (it costs
    # about 15 % in size at equal crf), and so no look-ahead, its use.
    quality = {"crf": str(crf)} if crf else {"qp": "0"}
    return quality | {
        "preset": preset,
        "bf": "0",
        "forced-idr": "1",
        "x264-params": "stitchable=1:mbtree=0:rc-lookahead=0",
    }


def _v4l2m2m(_crf: int, _preset: str, _threads: int, _pixel_format: str) -> Options:
    return {"bf": "0", "g": "60"}


def _h265(crf: int, preset: str, threads: int, _pixel_format: str) -> Options:
    # Threads are told: their default is the number of cores, and how many there are changes the bits.
    return {
        "preset": preset,
        "forced-idr": "1",
        "x265-params": ":".join(
            (
                f"crf={crf}" if crf else "lossless=1",
                "bframes=0:b-adapt=0:open-gop=0:cutree=0:rc-lookahead=0",
                f"pools={threads}:frame-threads={threads}:lookahead-threads=0",
                "info=0:log-level=error",
            )
        ),
    }


#: Faster ones than 10 leave blocks, and break what is to be lossless.
_AV1_PRESETS = {
    "ultrafast": 10,
    "superfast": 10,
    "veryfast": 10,
    "faster": 9,
    "fast": 8,
    "medium": 7,
    "slow": 6,
}


def _av1(crf: int, preset: str, threads: int, _pixel_format: str) -> Options:
    # Each packet of AV1 shows one frame, in order, whatever was predicted from what. Three levels and no
    # look-ahead: half of the size of a film without levels, for 100 MB at 720p instead of 200.
    lossless = "" if crf else ":lossless=1"
    return {
        "preset": str(_AV1_PRESETS[preset]),
        "crf": str(crf),
        "svtav1-params": f"pred-struct=2:hierarchical-levels=3:lookahead=0:keyint=-1:lp={threads}{lossless}",
    }


def _ffv1(_crf: int, _preset: str, _threads: int, _pixel_format: str) -> Options:
    # As archives ask for it: version 3, every frame by itself, in slices with checksums.
    return {"level": "3", "g": "1", "slices": "4", "slicecrc": "1", "coder": "1", "context": "0"}


def _prores(_crf: int, _preset: str, _threads: int, pixel_format: str) -> Options:
    return {"profile": "4444" if "444" in pixel_format else "hq"}


_LAYERED = {"420": (8, 10), "422": (8, 10), "444": (8, 10)}
_ANY = (8, 10, 12, 16)

#: By name. H.264 plays everywhere; H.265 and AV1 are smaller; FFV1 keeps every bit of every kind of film;
#: ProRes is for editing.
CODECS: Mapping[str, Codec] = {
    codec.name: codec
    for codec in (
        Codec(
            name="h264",
            title="H.264",
            encoder="libx264",
            matroska="V_MPEG4/ISO/AVC",
            suffixes=(".mp4", ".m4v", ".mov", ".mkv"),
            depths=_LAYERED,
            tell=_h264,
            crf=18,
        ),
        Codec(
            name="h265",
            title="H.265",
            encoder="libx265",
            matroska="V_MPEGH/ISO/HEVC",
            suffixes=(".mp4", ".m4v", ".mov", ".mkv"),
            depths=dict.fromkeys(_LAYERED, (8, 10, 12)),
            tell=_h265,
            crf=20,
        ),
        Codec(
            name="av1",
            title="AV1",
            encoder="libsvtav1",
            matroska="V_AV1",
            suffixes=(".mp4", ".m4v", ".mkv"),
            depths={"420": (8, 10)},
            tell=_av1,
            crf=22,
            apart=2,  # SVT-AV1 4.1 takes two such that follow each other, one its own too, and waits for ever
            every=160,
        ),
        Codec(
            name="ffv1",
            title="FFV1",
            encoder="ffv1",
            matroska="V_FFV1",
            suffixes=(".mkv",),
            depths={"420": _ANY, "422": _ANY, "444": _ANY, "440": (8, 10, 12), "411": (8,), "410": (8,)},
            tell=_ffv1,
        ),
        Codec(
            name="prores",
            title="ProRes",
            encoder="prores_ks",
            matroska="V_PRORES",
            suffixes=(".mov", ".mkv"),
            depths={"422": (10,), "444": (10,)},
            tell=_prores,
            plain="422",
            full_range=False,
        ),
    )
}

#: The encoder of a Raspberry Pi 4 and other boards, by the name of the codec. It does not make the same bits
#: of the same frames each time; all else that is said above holds for it.
HARDWARE: Mapping[str, Codec] = {
    "h264": Codec(
        name="h264",
        title="H.264",
        encoder="h264_v4l2m2m",
        matroska="V_MPEG4/ISO/AVC",
        suffixes=CODECS["h264"].suffixes,
        depths={"420": (8,)},
        tell=_v4l2m2m,
        bits=0.15,
    )
}
