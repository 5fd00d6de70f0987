from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from converter import batches, data, losses, session, train
from converter.checkpoint import read_checkpoint, write_checkpoint
from converter.schedule import Schedule, refining
from device.errors import ConfigurationError, MissingInput, NetworkFileError

if TYPE_CHECKING:
    from pathlib import Path

SIZES = ((0.0, 32),)


@pytest.fixture(scope="module")
def tables(tar: Path, points: Path, tmp_path_factory: pytest.TempPathFactory) -> losses.BinTables:
    photographs = data.prepare(data.Collection(sources=(tar,)), tmp_path_factory.mktemp("planes"))
    return losses.bin_tables(losses.read_points(points), train.ab_sample(photographs, np.arange(24)))


@pytest.fixture(scope="module")
def batch(tar: Path, tmp_path_factory: pytest.TempPathFactory) -> batches.Batch:
    photographs = data.prepare(data.Collection(sources=(tar,)), tmp_path_factory.mktemp("batch"))
    return batches.plain_batch(photographs, np.arange(8), 32)


@pytest.mark.timeout(300)
def test_a_few_steps_lower_the_losses_and_a_checkpoint_goes_on_alike(
    tables: losses.BinTables, batch: batches.Batch, tmp_path: Path
) -> None:
    schedule = Schedule(pictures=8 * 400, batch=8, sizes=SIZES, warm_up=5, decoder_rate=3e-3)
    trainer = train.Trainer(schedule, tables)
    rows = [trainer.step(batch) for _ in range(35)]
    # Single steps jump, and otherwise on another CPU: so the best of the last ten.
    assert min(row["bins"] for row in rows[-10:]) < 0.8 * rows[0]["bins"]
    assert min(row["mean"] for row in rows[-10:]) < 0.95 * rows[0]["mean"]

    trainer.save(tmp_path / "c.npz")
    resumed = train.Trainer(schedule, tables)
    resumed.restore(tmp_path / "c.npz")
    assert resumed.clock == trainer.clock
    assert resumed.step(batch)["loss"] == pytest.approx(trainer.step(batch)["loss"], rel=1e-3)

    aware = trainer.for_int8()
    assert aware.clock is trainer.clock
    assert aware.step(batch)["loss"] == pytest.approx(trainer.step(batch)["loss"], rel=0.2)


def test_rounded_kernels_lie_on_a_grid_of_255_steps() -> None:
    kernel = np.random.default_rng(1).normal(size=(3, 3, 8, 4)).astype(np.float32)
    rounded = np.asarray(train.rounded(kernel, (0, 1, 2)))
    for channel in range(4):
        step = np.abs(kernel[..., channel]).max() / 127
        assert np.abs(rounded[..., channel] - kernel[..., channel]).max() <= step * 0.501
        assert len(np.unique(np.rint(rounded[..., channel] / step))) <= 255


def test_what_is_kept_back_is_never_trained_on() -> None:
    learn, kept = train.split(1000, 0.015, seed=1)
    assert len(kept) == 15
    assert not set(learn) & set(kept)
    assert len(learn) + len(kept) == 1000


def collection(source: Path) -> tuple[session.Shared, ...]:
    return (session.Shared(collection=data.Collection(sources=(source,))),)


@pytest.fixture(scope="module")
def trained(
    tar: Path, points: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, float]]]:
    """The checkpoint of a session, and its figures."""
    schedule = Schedule(pictures=24, batch=8, sizes=SIZES, quantized_from=2.0)
    work = tmp_path_factory.mktemp("session")
    rows: list[dict[str, float]] = []
    request = session.Request(photos=collection(tar), points=points, work=work, schedule=schedule)
    return session.run(request, tell=rows.append), rows


@pytest.mark.timeout(300)
def test_a_session_leaves_a_checkpoint_a_log_and_previews(
    trained: tuple[Path, list[dict[str, float]]], tar: Path, points: Path
) -> None:
    checkpoint, rows = trained
    _, facts = read_checkpoint(checkpoint)
    assert facts["clock"]["step"] == 3
    assert rows[-1]["progress"] == 1.0
    assert rows[-1]["true_chroma"] > 10
    assert rows[-1]["minutes_left"] == 0
    preview = cv2.imread(str(next((checkpoint.parent / "previews").glob("*.png"))))
    assert preview is not None
    assert preview.shape[1] == 5 * 160  # grey, three heads, the truth
    assert len((checkpoint.parent / "log.jsonl").read_text().splitlines()) == len(rows)
    again = session.Request(
        photos=collection(tar), points=points, work=checkpoint.parent, schedule=Schedule(pictures=24)
    )
    with pytest.raises(ConfigurationError, match="--resume"):
        session.run(again, tell=rows.append)


@pytest.mark.timeout(300)
def test_a_few_photographs_refine_a_network(
    trained: tuple[Path, list[dict[str, float]]], folder: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "weights.npz"
    train.write_weights(trained[0], weights)
    schedule = replace(refining(minutes=None, pictures=16), batch=8, sizes=SIZES, quantized_from=2.0)
    request = session.Request(
        photos=collection(folder), work=tmp_path / "work", start=weights, schedule=schedule
    )
    refined = session.run(request, tell=lambda _: None)
    before, after = (read_checkpoint(path)[0]["average"] for path in (weights, refined))
    moved = [float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True)]
    assert 0 < max(moved) < 0.05


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "other.npz", {"average": [np.zeros((3, 3), np.float32)]}, {})
    with pytest.raises(NetworkFileError, match="another network"):
        train.load_averaged(tmp_path / "other.npz")


def test_a_session_refuses_what_contradicts_itself(tar: Path, points: Path, tmp_path: Path) -> None:
    schedule = Schedule(pictures=8)
    both = session.Request(
        photos=collection(tar),
        points=points,
        work=tmp_path,
        schedule=schedule,
        pretrained=tar,
        start=tar,
    )
    with pytest.raises(ConfigurationError, match="not both"):
        session.run(both, tell=print)
    nothing = session.Request(
        photos=collection(tmp_path / "no.tar"),
        points=points,
        work=tmp_path,
        schedule=schedule,
    )
    with pytest.raises(MissingInput, match=r"no\.tar"):
        session.run(nothing, tell=print)
