"""What a network in training makes of photographs that it never saw, as a picture to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from converter import batches
from converter.networks import compact
from device.colour.merge import merge_reference
from device.errors import from_os_error

if TYPE_CHECKING:
    from pathlib import Path

    import keras
    import numpy.typing as npt

    from converter.data import Photographs

_SIDE = 160


def write_preview(
    model: keras.Model, photographs: Photographs, indices: npt.NDArray[np.int64], path: Path
) -> None:
    """A PNG with a row for each photograph: grey, every ab head's colour, the truth."""
    rows = []
    for index in indices:
        batch = batches.plain_batch(photographs, np.array([index]), compact.SIZE)
        outputs = model.predict_on_batch(batch.inputs)
        grey = cv2.resize(batch.inputs["grey"][0, ..., 0], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        light = np.asarray((grey + 1) * 50, np.float32)
        heads = [np.asarray(outputs[head])[0] * compact.AB_SCALE for head in compact.HEADS]
        shown = [np.zeros_like(batch.ab[0]), *heads, batch.ab[0]]
        rows.append(np.hstack([merge_reference(light, np.asarray(ab, np.float32)) for ab in shown]))
    packed = cv2.imencode(".png", np.vstack(rows)[..., ::-1])[1]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(packed.tobytes())
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't write the preview") from error
