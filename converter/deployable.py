"""A network with its weights, ready to be written for a board, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from device.network import InputRole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import keras

#: Inputs of a Keras network by their names, which say what they are for.
ROLES: Final = {
    "grey": InputRole.GREY,
    "local_hint": InputRole.LOCAL_HINT,
    "mask": InputRole.MASK,
    "global_hint": InputRole.GLOBAL_HINT,
}
#: Lab units that every network's hints are in.
HINT_SCALE: Final = 110.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployable:
    """A network that takes ``ROLES`` and gives ``ab``, and ``logits`` where it has bins.

    ``build``: makes the Keras network, one picture at a time; told whether to write deconvolutions by depth
    to space. ``grey``: scale and offset of L, 0..100. ``ab_scale``: Lab units that its ab is in.
    ``float_layers``: layers that no recipe quantizes, the last one by the name of its output, ``ab``.
    ``choices``: what was chosen in the making, for the manifest. ``weights``: the file it was made from.
    ``build_likely``: of a network that gives no logits, makes it with them, to be asked for likely colours.
    """

    name: str
    architecture: str
    build: Callable[[bool], keras.Model]
    grey: tuple[float, float]
    ab_scale: float
    float_layers: tuple[str, ...] = ()
    choices: str = ""
    weights: Path
    licence: str
    data: str
    build_likely: Callable[[], keras.Model] | None = None
