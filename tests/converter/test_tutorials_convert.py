"""The small networks are converted by the same command, and run on the board's code as they ran in Keras."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from converter import plain_training
from converter.cli import main
from converter.networks.kinds import KINDS
from device.network import Network, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)


def test_it_is_converted_and_runs_on_the_board(baseline_run: Path, tar: Path, tmp_path: Path) -> None:
    recipes = [word for recipe in ("float32", "dynamic-int8", "int8") for word in ("--recipe", recipe)]
    arguments = ["convert", str(baseline_run / "baseline.npz"), *recipes, "--calibration", str(tar)]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    model, _ = plain_training.load(KINDS["baseline"], baseline_run / "baseline.npz")
    light = np.random.default_rng(1).uniform(0, 100, (256, 256)).astype(np.float32)
    expected = np.asarray(model.predict_on_batch(light[None, ..., None] / 50 - 1))[0] * 110
    for recipe, allowed in (("float32", 1e-3), ("dynamic-int8", 1.5), ("int8", 1.5)):
        path = tmp_path / f"baseline-{recipe}.tflite"
        with Network.load(path) as network:
            ab = network.predict(light).ab
        assert ab.shape == (256, 256, 2)
        assert np.abs(ab - expected).mean() < allowed
        manifest = read_manifest(path.with_suffix(".json"))
        assert manifest.source.weights == "baseline.npz"
        assert manifest.architecture.startswith("baseline")
