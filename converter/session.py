"""One training session: from photographs and a warm start to a checkpoint, with a log beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from converter import batches, data, losses, train
from converter.networks import compact
from converter.weights.tflite import read_layers
from device.colour.bins import bin_points
from device.errors import ConfigurationError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from converter.schedule import Schedule

CHECKPOINT, LOG, PLANES = "compact.npz", "log.jsonl", "photographs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A collection, and the share of all pictures seen that comes from it, at inputs up to ``largest``."""

    collection: data.Collection
    share: float = 1.0
    largest: int = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to train on, from where, for how long. ``pretrained`` and ``start`` exclude each other.

    A part of the first collection is kept back; of the others everything is learned from. ``points``: a file
    of bins other than the usual ones.
    """

    photos: tuple[Shared, ...]
    work: Path
    schedule: Schedule
    points: Path | None = None
    pretrained: Path | None = None
    start: Path | None = None
    bfloat16: bool = False
    resume: bool = False


def run(request: Request, *, tell: Callable[[dict[str, float]], None]) -> Path:
    """Train to the schedule's end; returns the checkpoint. Figures go to ``tell`` and to the log."""
    if request.pretrained and request.start:
        raise ConfigurationError("a run starts with pretrained weights or from a checkpoint, not both")
    points = losses.read_points(request.points) if request.points else bin_points()
    pretrained = read_layers(request.pretrained) if request.pretrained else None
    checkpoint = request.work / CHECKPOINT
    if checkpoint.exists() and not request.resume:
        raise ConfigurationError(
            "there is a checkpoint already", where=checkpoint, hint="--resume goes on from it, or remove it"
        )
    schedule = request.schedule
    parts, watched = _parts(request)
    keras.utils.set_random_seed(schedule.seed)
    tables = losses.bin_tables(points, train.ab_sample(parts[0].photographs, parts[0].indices))
    trainer = train.Trainer(schedule, tables, bfloat16=request.bfloat16)
    if request.resume:
        trainer.restore(checkpoint)
    elif request.start:
        trainer.start_from(request.start)
    elif pretrained:
        compact.warm_start(trainer.model, pretrained)
    try:
        with (request.work / LOG).open("a", encoding="utf-8") as log:

            def note(row: dict[str, float]) -> None:
                log.write(json.dumps(row) + "\n")
                log.flush()
                tell(row)

            train.train(trainer, parts, watched, checkpoint, tell=note)
    except OSError as error:
        raise from_os_error(error, where=request.work, doing="can't keep the log") from error
    return checkpoint


def _parts(request: Request) -> tuple[list[batches.Part], batches.Part]:
    """What to learn from, and what is kept back."""
    schedule, parts = request.schedule, []
    for number, shared in enumerate(request.photos):
        folder = request.work / (PLANES if number == 0 else f"{PLANES}-{number + 1}")
        photographs = data.prepare(shared.collection, folder)
        parts.append(batches.Part(photographs, np.arange(len(photographs)), shared.share, shared.largest))
    main = parts[0]
    learn, kept = train.split(len(main.photographs), schedule.held_back, schedule.held_back_seed)
    parts[0] = batches.Part(main.photographs, learn, main.share)
    if not len(learn):
        raise ConfigurationError("one photograph is not enough: one is always kept back")
    return parts, batches.Part(main.photographs, kept)
