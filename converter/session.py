"""One training session: from photographs and a warm start to a checkpoint, with a log beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras

from converter import data, losses, train
from converter.networks import compact
from converter.weights.tflite import read_layers
from device.errors import ConfigurationError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from converter.schedule import Schedule

CHECKPOINT, LOG, PLANES = "compact.npz", "log.jsonl", "photographs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to train on, from where, for how long. ``pretrained`` and ``start`` exclude each other."""

    photos: tuple[Path, ...]
    points: Path
    work: Path
    schedule: Schedule
    pretrained: Path | None = None
    start: Path | None = None
    bfloat16: bool = False
    resume: bool = False


def run(request: Request, *, tell: Callable[[dict[str, float]], None]) -> Path:
    """Train to the schedule's end; returns the checkpoint. Figures go to ``tell`` and to the log."""
    if request.pretrained and request.start:
        raise ConfigurationError("a run starts with pretrained weights or from a checkpoint, not both")
    points = losses.read_points(request.points)
    pretrained = read_layers(request.pretrained) if request.pretrained else None
    checkpoint = request.work / CHECKPOINT
    if checkpoint.exists() and not request.resume:
        raise ConfigurationError(
            "there is a checkpoint already", where=checkpoint, hint="--resume goes on from it, or remove it"
        )
    photographs = data.prepare(request.photos, request.work / PLANES)
    schedule = request.schedule
    learn, _ = train.split(len(photographs), schedule.held_back, schedule.seed)
    if len(learn) < schedule.batch:
        raise ConfigurationError(f"{len(learn)} photographs are fewer than one batch of {schedule.batch}")
    keras.utils.set_random_seed(schedule.seed)
    tables = losses.bin_tables(points, train.ab_sample(photographs, learn))
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

            train.train(trainer, photographs, checkpoint, tell=note)
    except OSError as error:
        raise from_os_error(error, where=request.work, doing="can't keep the log") from error
    return checkpoint
