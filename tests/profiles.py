"""ICC profiles made by hand, as small as they can be: matrices and curves (ICC.1, version 2 and 4)."""

from __future__ import annotations

import struct

import numpy as np

#: Primaries adapted to D50, each as XYZ: of sRGB (IEC 61966-2-1), Adobe RGB (1998), ProPhoto (ISO 22028-2).
SRGB = (
    (0.4360747, 0.2225045, 0.0139322),
    (0.3850649, 0.7168786, 0.0971045),
    (0.1430804, 0.0606169, 0.7141733),
)
ADOBE = (
    (0.6097559, 0.3111242, 0.0194811),
    (0.2052401, 0.6256560, 0.0608902),
    (0.1492240, 0.0632197, 0.7448387),
)
PROPHOTO = ((0.7976749, 0.2880402, 0.0), (0.1351917, 0.7118741, 0.0), (0.0313534, 0.0000857, 0.8252100))
WHITE = (0.9642, 1.0, 0.8249)


def gamma(exponent: float) -> bytes:
    """A curve with one number."""
    return b"curv" + struct.pack(">IIHxx", 0, 1, round(exponent * 256))


def table(values: np.ndarray) -> bytes:
    """A curve by points."""
    codes = np.rint(np.clip(values, 0, 1) * 65_535).astype(">u2").tobytes()
    return b"curv" + struct.pack(">II", 0, len(values)) + codes + bytes(len(codes) % 4)


def parametric(kind: int, *numbers: float) -> bytes:
    """A curve by a function."""
    return b"para" + struct.pack(f">IHH{len(numbers)}i", 0, kind, 0, *(round(n * 65_536) for n in numbers))


def xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + struct.pack(">I3i", 0, *(round(value * 65_536) for value in values))


def profile(
    space: bytes, elements: dict[bytes, bytes], *, pcs: bytes = b"XYZ ", kind: bytes = b"mntr"
) -> bytes:
    """A profile for ``space`` (``b"GRAY"``, ``b"RGB "``, ``b"CMYK"``)."""
    text = b"desc" + struct.pack(">II", 0, 5) + b"test\0" + bytes(78)
    elements = {b"desc": text, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": xyz(WHITE), **elements}
    at = 128 + 4 + 12 * len(elements)
    entries, body = b"", b""
    for name, element in elements.items():
        entries += struct.pack(">4sII", name, at + len(body), len(element))
        body += element + bytes(-len(element) % 4)
    head = struct.pack(">I4sI", at + len(body), b"lcms", 0x02400000) + kind + space + pcs
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">3i", *(round(value * 65_536) for value in WHITE))
    return head.ljust(128, b"\0") + struct.pack(">I", len(elements)) + entries + body


def grey_profile(curve: bytes, *, pcs: bytes = b"XYZ ") -> bytes:
    return profile(b"GRAY", {b"kTRC": curve}, pcs=pcs)


def rgb_profile(primaries: tuple[tuple[float, float, float], ...], curve: bytes) -> bytes:
    red, green, blue = primaries
    colours = {b"rXYZ": xyz(red), b"gXYZ": xyz(green), b"bXYZ": xyz(blue)}
    return profile(b"RGB ", colours | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def cmyk_profile() -> bytes:
    """Four inks whose light multiplies, as a table of their 16 overprints in Lab (lut8Type)."""
    inks = np.array([(60, -30, -45), (50, 70, 0), (90, -5, 90), (8, 0, 0)], float)  # at full strength, in Lab
    corners = bytearray()
    for number in range(16):
        lightness, a, b = 100.0, 0.0, 0.0
        for ink, (ink_l, ink_a, ink_b) in enumerate(inks):
            if number >> (3 - ink) & 1:
                lightness *= ink_l / 100
                a, b = a * ink_l / 100 + ink_a, b * ink_l / 100 + ink_b
        corners += bytes((round(lightness * 2.55), round(a / 2 + 128), round(b / 2 + 128)))
    identity = struct.pack(">9i", *(65_536 * (n % 4 == 0) for n in range(9)))
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + identity + 4 * ramp + bytes(corners) + 3 * ramp
    return profile(b"CMYK", {b"A2B0": lut}, pcs=b"Lab ", kind=b"prtr")
