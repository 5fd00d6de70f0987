"""A network and what is said of the colours: each hint acts on the thing that it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.colour.anchors import anchors, far_places
from device.colour.hints import Hints

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.network import Network

    Floats = NDArray[np.float32]


def predict_guided(network: Network, lightness: Floats, hints: Hints) -> Floats:
    """Ab of ``lightness``, as ``Network.predict``, by ``hints``; raises as that does.

    Hints at places leave what is far from them, and unlike, in the colour that it has without them: that is
    asked first, so that it takes two predictions.
    """
    if not (hints.points and far_places(hints.points)):
        return network.predict(lightness, hints=hints).ab
    own = network.predict(lightness, hints=Hints((), hints.palette)).ab
    told = (*hints.points, *anchors(lightness, own, hints.points))
    return network.predict(lightness, hints=Hints(told, hints.palette)).ab
