"""Quantization recipes as data: what becomes of weights and activations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from device.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How numbers are stored and computed.

    ``float_head``: the last layer, which makes ab, stays in float32 whatever the rest does: int8 there would
    cost more colour than the whole trunk. A softmax over bins, and what it is made of, is float in all of
    them. ``depth_to_space``: deconvolutions are written as convolutions, which costs 2 MB in the 2016 network
    and runs in older runtimes. Integer activations need a calibration, measured on photographs.
    ``allowed``: mean |ab difference| to the network as trained, as a part of its mean |ab|; more is wrong.
    """

    name: str
    weights: Literal["float32", "float16", "int8"]
    activations: Literal["float32", "dynamic int8", "int8"]
    float_head: bool = False
    depth_to_space: bool = False
    says: str
    allowed: float

    @property
    def calibrated(self) -> bool:
        """Whether the ranges of activations are measured beforehand."""
        return self.activations == "int8"


FLOAT32: Final = Recipe(
    name="float32", weights="float32", activations="float32", says="as trained", allowed=0.002
)
FLOAT16: Final = Recipe(
    name="float16",
    weights="float16",
    activations="float32",
    says="half the size, computed in float32",
    allowed=0.05,
)
DYNAMIC_INT8: Final = Recipe(
    name="dynamic-int8",
    weights="int8",
    activations="dynamic int8",
    says="a quarter of the size, no calibration",
    allowed=0.35,
)
INT8: Final = Recipe(
    name="int8",
    weights="int8",
    activations="int8",
    float_head=True,
    depth_to_space=True,
    says="full-integer trunk with a float head, calibrated",
    allowed=0.35,
)

RECIPES: Final = {recipe.name: recipe for recipe in (FLOAT32, FLOAT16, DYNAMIC_INT8, INT8)}


def find_recipe(name: str) -> Recipe:
    """The recipe of this name. Raises ConfigurationError, which lists them all."""
    if name not in RECIPES:
        raise ConfigurationError(f"no recipe {name!r}", hint=f"there are {', '.join(RECIPES)}")
    return RECIPES[name]
