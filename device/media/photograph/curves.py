"""Curves and matrices of ICC profiles (ICC.1:2022), for samples of more than 8 bits."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_BAND = 1 << 19  # samples that are in float at a time
#: From XYZ under D50, which profiles connect by, to linear sRGB: IEC 61966-2-1 adapted by Bradford.
_XYZ_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
_MAX_TAGS = 200


def grey_table(icc: bytes, length: int) -> Floats | None:
    """Grey in sRGB, 0..1, for ``length`` codes of a grey profile; None where it has no curve.

    Raises ValueError for a profile that is cut short or makes no sense.
    """
    curve = _tags(icc).get(b"kTRC")
    if curve is None:
        return None
    linear = _curve(curve, np.linspace(0, 1, length))
    if icc[20:24] == b"Lab ":  # the curve gives L* then
        linear = np.where(linear > 0.08, ((100 * linear + 16) / 116) ** 3, linear * 2700 / 24389)
    black = min(max(float(linear[0]), 0.0), 0.5)
    return _encoded(np.clip((linear - black) / (1 - black), 0, 1))  # black point compensation


def rgb_to_srgb(pixels: NDArray[np.uint16], icc: bytes) -> NDArray[np.uint16] | None:
    """Samples (H, W, 3) of a profile with curves and a matrix in sRGB; None where it has tables instead.

    Raises ValueError for a profile that is cut short or makes no sense.
    """
    tags = _tags(icc)
    names = (b"rTRC", b"gTRC", b"bTRC"), (b"rXYZ", b"gXYZ", b"bXYZ")
    if b"A2B0" in tags or not all(name in tags for kind in names for name in kind):
        return None
    codes = np.linspace(0, 1, 1 << 16)
    curves = [_curve(tags[name], codes) for name in names[0]]
    matrix = _XYZ_TO_SRGB @ np.stack([_xyz(tags[name]) for name in names[1]], axis=1)
    out = np.empty_like(pixels)
    step = max(1, _BAND // pixels.shape[1])
    for first in range(0, len(pixels), step):
        band = pixels[first : first + step]
        linear = np.stack([curve[band[..., channel]] for channel, curve in enumerate(curves)], axis=-1)
        out[first : first + step] = np.rint(_encoded(np.clip(linear @ matrix.T, 0, 1)) * 65_535)
    return out


def _encoded(linear: Floats) -> Floats:
    """Put linear light, 0..1, through the sRGB curve."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def _tags(icc: bytes) -> dict[bytes, bytes]:
    """The profile's elements by their signatures: ICC.1, 7.3."""
    try:
        (count,) = struct.unpack_from(">I", icc, 128)
        if count > _MAX_TAGS:
            raise ValueError("more elements than a profile has")
        entries = [struct.unpack_from(">4sII", icc, 132 + 12 * number) for number in range(count)]
    except struct.error as error:
        raise ValueError("a profile that is cut short") from error
    return {name: icc[offset : offset + size] for name, offset, size in entries}


def _xyz(element: bytes) -> Floats:
    """Values of an XYZType with one entry: ICC.1, 10.31."""
    if element[:4] != b"XYZ " or len(element) < 20:
        raise ValueError("not an XYZ element")
    return np.frombuffer(element, ">i4", 3, 8) / 65_536


def _curve(element: bytes, values: Floats) -> Floats:
    """Put ``values``, 0..1, through a curveType or parametricCurveType: ICC.1, 10.6 and 10.18."""
    kind = element[:4]
    if kind not in {b"curv", b"para"} or len(element) < 12:
        raise ValueError("not a curve")
    if kind == b"para":
        return _parametric(element, values)
    (count,) = struct.unpack_from(">I", element, 8)
    if count == 0:
        return values
    if len(element) < 12 + 2 * count:
        raise ValueError("a curve that is cut short")
    table = np.frombuffer(element, ">u2", count, 12)
    if count == 1:
        return np.asarray(values ** (int(table[0]) / 256))
    return np.interp(values, np.linspace(0, 1, count), table / 65_535)


def _parametric(element: bytes, values: Floats) -> Floats:
    """Functions 0 to 4, in their common form: (a x + b)^g + e from d up, c x + f below."""
    number = int.from_bytes(element[8:10])
    counts = (1, 3, 4, 5, 7)
    if number >= len(counts) or len(element) < 12 + 4 * counts[number]:
        raise ValueError("a curve of an unknown kind")
    g, *rest = (int(value) / 65_536 for value in np.frombuffer(element, ">i4", counts[number], 12))
    a, b, c, d, e, f = 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if number in {1, 2}:
        a, b = rest[:2]
        e = f = rest[2] if number == 2 else 0.0
        d = -b / a if a else 0.0
    elif number == 3:
        a, b, c, d = rest
    elif number == 4:
        a, b, c, d, e, f = rest
    above = np.clip(a * values + b, 0, None) ** g + e
    return np.where(values >= d, above, c * values + f)
