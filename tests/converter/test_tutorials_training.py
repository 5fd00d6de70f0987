"""The small networks learn, are gone on with, and leave what is converted."""

from __future__ import annotations

import functools
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest
from keras import layers

from converter import batches, data, plain_training, train
from converter.checkpoint import read_checkpoint
from converter.cli import main
from converter.networks import koala
from converter.networks.kinds import KINDS, NetworkKind
from converter.schedule import Schedule
from device.errors import ConfigurationError, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)


def small_classifier() -> keras.Model:
    picture = keras.Input((64, 64, 3))
    x = layers.Conv2D(8, 5, 4, activation="relu")(picture)
    return keras.Model(picture, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)), name=koala.CLASSIFIER)


def small(name: str) -> NetworkKind:
    """The network itself, at 64 pixels; koala's classifier has a stand-in."""
    build = (
        functools.partial(koala.build, classifier=small_classifier) if name == "koala" else KINDS[name].build
    )
    return replace(KINDS[name], size=64, build=build)


@pytest.fixture(scope="module")
def photographs(tar: Path, tmp_path_factory: pytest.TempPathFactory) -> data.Photographs:
    return data.prepare(data.Collection(sources=(tar,)), tmp_path_factory.mktemp("planes"))


@pytest.mark.parametrize("name", KINDS)
def test_a_few_steps_lower_the_loss_and_a_checkpoint_goes_on_alike(
    name: str, photographs: data.Photographs, tmp_path: Path
) -> None:
    kind = small(name)
    schedule = Schedule(pictures=8 * 400, batch=8, sizes=((0.0, 64),), warm_up=3, decoder_rate=kind.rate)
    batch = batches.plain_batch(photographs, np.arange(8), 64)
    trainer = plain_training.Trainer(kind, schedule, "a note")
    losses = [trainer.step(batch) for _ in range(35)]
    # The first is that of grey. Single steps jump, and otherwise on another CPU: so the best of the last ten.
    assert min(losses[-10:]) < 0.85 * losses[0], losses

    trainer.save(tmp_path / "c.npz")
    resumed = plain_training.Trainer(kind, schedule)
    resumed.restore(tmp_path / "c.npz")
    assert (resumed.clock, resumed.notes) == (trainer.clock, "a note")
    assert resumed.step(batch) == pytest.approx(trainer.step(batch), rel=1e-3)


def test_what_does_not_learn_stays(photographs: data.Photographs) -> None:
    trainer = plain_training.Trainer(small("koala"), Schedule(pictures=80, batch=8, sizes=((0.0, 64),)))
    classifier = trainer.model.get_layer(koala.CLASSIFIER)
    before = [np.asarray(weight.value.numpy()) for weight in classifier.weights]
    trainer.step(batches.plain_batch(photographs, np.arange(8), 64))
    assert all(np.array_equal(a, b.value.numpy()) for a, b in zip(before, classifier.weights, strict=True))
    assert sum(len(weight.shape) > 0 for weight in trainer.model.trainable_weights) == 2 * 14


def test_a_session_leaves_a_checkpoint_and_a_log(baseline_run: Path) -> None:
    _, facts = read_checkpoint(baseline_run / "baseline.npz")
    assert facts["network"] == "baseline"
    assert facts["clock"]["step"] == 2
    row = json.loads((baseline_run / "log.jsonl").read_text().splitlines()[-1])
    assert row["progress"] == 1.0
    assert row["true_chroma"] > 10
    assert plain_training.kind_of(baseline_run / "baseline.npz") is KINDS["baseline"]


def test_a_session_goes_on(baseline_run: Path, tar: Path, tmp_path: Path) -> None:
    work = shutil.copytree(baseline_run, tmp_path / "work")
    rows: list[dict[str, float]] = []
    plain_training.run(
        plain_training.Request(kind=KINDS["baseline"], photos=(tar,), work=work, pictures=48, resume=True),
        tell=rows.append,
    )
    _, facts = read_checkpoint(work / "baseline.npz")
    assert facts["clock"]["step"] == rows[-1]["step"] == 3


def test_a_session_refuses_what_contradicts_itself(baseline_run: Path, tar: Path, tmp_path: Path) -> None:
    kind = KINDS["baseline"]
    with pytest.raises(ConfigurationError, match="--resume goes on"):
        plain_training.run(
            plain_training.Request(kind=kind, photos=(tar,), work=baseline_run, pictures=32), tell=print
        )
    with pytest.raises(ConfigurationError, match="no part that starts"):
        plain_training.run(
            plain_training.Request(kind=kind, photos=(tar,), work=tmp_path, pictures=8, pretrained=tar),
            tell=print,
        )
    with pytest.raises(ConfigurationError, match="fewer than one batch"):
        plain_training.run(
            plain_training.Request(kind=kind, photos=(tar,), work=tmp_path, pictures=8, batch=64), tell=print
        )
    with pytest.raises(NetworkFileError, match="another network"):
        plain_training.load(KINDS["autoencoder"], baseline_run / "baseline.npz")
    with pytest.raises(NetworkFileError, match="not a checkpoint of the compact network"):
        train.write_weights(baseline_run / "baseline.npz", tmp_path / "small.npz")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--network", "lion", "--photos", "x.tar", "--work", "w"], "there are compact, baseline"),
        (["--network", "koala", "--photos", "x.tar"], "needs --photos and --work"),
        (["--network", "koala", "--bfloat16"], "are for the compact network"),
        (["--network", "baseline", "--photos", "no.tar", "--work", "w"], "either minutes or pictures"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], line: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["train", *arguments]) == 2
    error = capfd.readouterr().err.strip()
    assert line in error
    assert len(error.splitlines()) == 1
