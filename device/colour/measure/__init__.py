"""How far a result is from the truth, how colourful and how steady it is."""

from device.colour.measure.films import Motion, ab_warp_error, cdc, motion, warp_error
from device.colour.measure.pictures import (
    colourfulness,
    delta_e_76,
    delta_e_2000,
    delta_e_2000_lab,
    psnr,
)

__all__ = [
    "Motion",
    "ab_warp_error",
    "cdc",
    "colourfulness",
    "delta_e_76",
    "delta_e_2000",
    "delta_e_2000_lab",
    "motion",
    "psnr",
    "warp_error",
]
