"""From a training checkpoint to the files that a board takes: NAME.tflite and its manifest NAME.json."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from converter import batches, data, quantize, train, validate
from converter.checkpoint import read_checkpoint
from converter.networks import compact
from device.errors import ConfigurationError, from_os_error
from device.network import Input, InputRole, Manifest, Output, OutputRole, Source, file_sha256, write_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converter.recipes import Recipe

    Grey = npt.NDArray[np.float32]

CALIBRATION_PICTURES = 200
LICENCE = "Apache-2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """What may be chosen after training.

    ``boldness``, 0..1: how much of the annealed head; the rest is the mean's. ``saturation``: a factor on ab.
    """

    boldness: float = 0.8
    saturation: float = 1.0


def convert(
    checkpoint: Path,
    recipe: Recipe,
    folder: Path,
    *,
    name: str,
    taste: Taste,
    calibration: Sequence[Path] = (),
    data_note: str = "not stated",
) -> tuple[Path, validate.Difference]:
    """Write ``folder/name.tflite`` and its manifest; returns its path and how far it is from float32.

    Without ``calibration``, pictures that the training run kept back are taken, from the photographs beside
    the checkpoint. Nothing stays under its final name if the file's colours are wrong.
    """
    if not 0 <= taste.boldness <= 1 or not 0 < taste.saturation <= 2:
        raise ConfigurationError("boldness is 0 to 1, saturation above 0 and at most 2")
    model = compact.deployed(train.load_averaged(checkpoint), boldness=taste.boldness)
    greys, described = calibration_pictures(checkpoint, calibration)
    content = quantize.to_tflite(model, recipe, greys if recipe.calibrated else ())
    with tempfile.TemporaryDirectory() as work:
        made = Path(work) / f"{name}.tflite"
        made.write_bytes(content)
        manifest = describe(made, recipe, checkpoint, taste=taste, calibration=described, data_note=data_note)
        write_manifest(manifest, made.with_suffix(".json"))
        difference = validate.compare(made, model, greys[:16], saturation=taste.saturation)
        validate.check(difference, recipe, folder / made.name)
        quality = {
            "ab mean difference to float32, Lab units": round(difference.mean, 4),
            "ab largest difference to float32, Lab units": round(difference.largest, 3),
        }
        write_manifest(replace(manifest, quality=quality), made.with_suffix(".json"))
        for part in (made, made.with_suffix(".json")):
            _publish(part, folder / part.name)
    return folder / f"{name}.tflite", difference


def calibration_pictures(checkpoint: Path, given: Sequence[Path]) -> tuple[list[Grey], str]:
    """Inputs (1, 224, 224, 1) and what they are."""
    if given:
        planes = (data.lab_planes(rgb)[0] for _, rgb in data.iterate_pictures(given))
        lights = [plane for plane, _ in zip(planes, range(CALIBRATION_PICTURES), strict=False)]
        described = f"{len(lights)} photographs of {', '.join(path.name for path in given)}"
        scaled = [light.astype(np.float32) * np.float32(100 / 255 / 50) - np.float32(1) for light in lights]
        return [grey[None, ..., None] for grey in scaled], described
    _, facts = read_checkpoint(checkpoint)
    photographs = data.open_photographs(checkpoint.parent / "photographs")
    schedule = facts["schedule"]
    _, kept = train.split(len(photographs), schedule["held_back"], schedule["seed"])
    kept = kept[:CALIBRATION_PICTURES]
    greys = batches.plain_batch(photographs, kept, compact.SIZE).grey
    return [grey[None] for grey in greys], f"{len(kept)} photographs kept back from training"


def describe(
    network: Path, recipe: Recipe, checkpoint: Path, *, taste: Taste, calibration: str, data_note: str
) -> Manifest:
    """The manifest of a converted compact network, without quality."""
    side = compact.SIZE
    (grey,), (ab,) = quantize.tensor_names(network)
    return Manifest(
        name=network.stem,
        file=network.name,
        sha256=file_sha256(network),
        architecture=f"{compact.NAME}: MobileNetV2 1.0 encoder, plain decoder",
        recipe=f"{recipe.name} (boldness {taste.boldness:g}, saturation {taste.saturation:g})",
        inputs=(
            Input(
                name=grey, role=InputRole.GREY, size=(side, side),
                scale=compact.GREY_SCALE, offset=compact.GREY_OFFSET,
            ),
        ),
        outputs=(
            Output(
                name=ab, role=OutputRole.AB, channels=2,
                size=(side // compact.STRIDE, side // compact.STRIDE), scale=compact.AB_SCALE *
                taste.saturation,
            ),
        ),
        source=Source(weights=checkpoint.name, sha256=file_sha256(checkpoint)),
        calibration=calibration if recipe.calibrated else None,
        licence=LICENCE,
        data=data_note,
    )  # fmt: skip


def _publish(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise from_os_error(error, where=target, doing="can't write") from error
