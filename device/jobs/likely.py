"""Colours that are likely at a place of a frame: asked of the network's bins when somebody wants to know."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from device.colour.anchors import REACH
from device.colour.hints import PATCH, Hints
from device.colour.lightness import lightness
from device.colour.upright import upright_place
from device.errors import ConfigurationError, NetworkFileError, Stuck
from device.network import Network

if TYPE_CHECKING:
    from device.colour.hints import Hint
    from device.colour.placed import Likely
    from device.frames import Frame
    from device.jobs.hinting import Hinting
    from device.jobs.looking import Look
    from device.network import Manifest
    from device.network.interpreter import Runtime

#: So many colours are offered at most.
MOST_OFFERED: Final = 6
#: Those who ask wait for their turn at most so long (seconds).
_TURN_S: Final = 10.0


class LikelyColours:
    """Answers one question at a time, from any thread, by a network of its own that is let go after each.

    ``hinting``: what else is said of the colours. Hints at the place itself, or far from it, don't count.
    """

    def __init__(self, hinting: Hinting, *, runtime: Runtime = "auto") -> None:
        self._hinting = hinting
        self._runtime: Runtime = runtime
        self._turn = threading.Lock()

    def at(self, network: Network, frame: Frame, look: Look, x: float, y: float) -> tuple[Likely, ...]:
        """What is likely at ``x``, ``y``, shares 0..1 of the upright frame; first ``network``'s own choice.

        ``look``: what was seen of ``frame``. None in the black bars, or where neither the network nor one
        beside it has bins. Blocks for seconds at most. Raises ConfigurationError for a place outside the
        frame, NetworkFileError, and Stuck where too many ask.
        """
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise ConfigurationError("x and y lie between 0 and 1", where="likely")
        size = frame.height, frame.width
        place = upright_place(x, y, look.window, frame.rotation, size)
        if place is None or not _knows_bins(network.manifest):
            return ()
        light = lightness(look.small, frame.colour_space, frame.depth)
        upright = np.ascontiguousarray(np.rot90(light, -(frame.rotation // 90)))
        said = self._hinting.hints(look.window, frame.rotation, size)
        near = tuple(each for each in said.points if PATCH < _far(each, *place) < REACH)
        if not self._turn.acquire(timeout=_TURN_S):
            raise Stuck("too many ask for colours at once", hint="try again")
        try:
            with _open(network, self._runtime) as bins:
                heard = bins.heard(Hints(near, said.palette))
                return bins.likely(upright, *place, count=MOST_OFFERED, hints=heard)
        finally:
            self._turn.release()


def _far(hint: Hint, x: float, y: float) -> float:
    return float(np.hypot(hint.x - x, hint.y - y))


def _knows_bins(manifest: Manifest) -> bool:
    return manifest.logits is not None or manifest.likely is not None


def _open(network: Network, runtime: Runtime) -> Network:
    """The network again, on one thread; or the one beside it that knows bins. Raises NetworkFileError."""
    companion = network.manifest.likely
    if network.manifest.logits or companion is None:
        return Network.load(network.path, 1, runtime)
    path = network.path.with_name(companion.file)
    found = Network.load(path, 1, runtime)
    if found.manifest.sha256 != companion.sha256:
        found.close()
        raise NetworkFileError(
            f"is not the one that {network.path.with_suffix('.json').name} means", where=path,
            hint="the files of a network belong together; copy all of them again",
        )  # fmt: skip
    return found
