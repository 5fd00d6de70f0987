"""Each recipe under the runtime that is here: it runs, or the line says which recipe does."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from device.errors import NetworkFileError
from device.network import Network, interpreter, read_manifest

DATA = Path(__file__).parent / "data"
LIGHT = np.random.default_rng(1).uniform(0, 100, (32, 32)).astype(np.float32)


def path_of(recipe: str) -> Path:
    return DATA / f"deconvolved-{recipe}.tflite"


def runtime() -> str:
    with Network.load(path_of("float32")) as network:
        return network.runtime.split()[0]


def test_float32_and_int8_run_everywhere() -> None:
    exact, rounded = (Network.load(path_of(recipe)).predict(LIGHT).ab for recipe in ("float32", "int8"))
    assert exact.shape == (32, 32, 2)
    assert np.abs(exact - rounded).mean() < 0.1 * np.abs(exact).mean()


def test_dynamic_int8_runs_or_says_what_does() -> None:
    path = path_of("dynamic-int8")
    if runtime() in read_manifest(path.with_suffix(".json")).unfit:
        with pytest.raises(NetworkFileError, match=r"can't run a network of this recipe .*--recipe int8"):
            Network.load(path)
    else:
        exact = Network.load(path_of("float32")).predict(LIGHT).ab
        assert np.abs(Network.load(path).predict(LIGHT).ab - exact).mean() < 0.1 * np.abs(exact).mean()


def test_a_runtime_that_can_not_is_never_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        pytest.fail("it was tried")

    old = SimpleNamespace(Interpreter=refuse), "tflite-runtime 2.14.0"
    monkeypatch.setattr(interpreter, "_import", lambda _: old)
    with pytest.raises(NetworkFileError) as caught:
        Network.load(path_of("dynamic-int8"))
    assert str(caught.value).endswith(
        "tflite-runtime 2.14.0 can't run a network of this recipe (it runs one converted "
        "with --recipe int8; or use LiteRT: pip install ai-edge-litert)"
    )
