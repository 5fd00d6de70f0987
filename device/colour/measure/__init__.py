"""How far a result is from the truth, how colourful and how steady it is."""

from device.colour.measure.pictures import (
    colourfulness,
    delta_e_76,
    delta_e_2000,
    delta_e_2000_lab,
    psnr,
)

__all__ = ["colourfulness", "delta_e_76", "delta_e_2000", "delta_e_2000_lab", "psnr"]
