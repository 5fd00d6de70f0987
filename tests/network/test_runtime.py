from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from device.colour.hints import Hint, Hints, Palette
from device.errors import ConfigurationError, NetworkFileError
from device.network import Network
from device.network.interpreter import default_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

DATA = Path(__file__).parent / "data"
NAMES = ("tiny-int8", "tiny-hints")


@pytest.fixture(params=NAMES)
def network(request: pytest.FixtureRequest) -> Network:
    return Network.load(DATA / f"{request.param}.tflite", threads=1)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of a network and its manifest, to be spoiled."""
    for suffix in (".tflite", ".json"):
        shutil.copy(DATA / f"tiny-int8{suffix}", tmp_path)
    return tmp_path / "tiny-int8.tflite"


def alter(path: Path, change: dict[str, Any]) -> None:
    manifest = path.with_suffix(".json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))


def ramp(seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform(0, 100, (32, 32)).astype(np.float32)


def expected_ab(lightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the networks in ``data`` were made to say (see make.py there)."""
    means = lightness.reshape(8, 4, 8, 4).mean((1, 3))
    return np.stack([(means - 50) / 2, (50 - means) / 2], axis=-1)


def test_lightness_in_ab_out(network: Network) -> None:
    lightness = ramp()
    prediction = network.predict(lightness)
    assert prediction.ab.shape == (8, 8, 2)
    assert prediction.ab.dtype == np.float32
    assert prediction.confidence is None
    # One step of the int8 network's ab is 0.196.
    tolerance = 0.25 if network.manifest.recipe == "int8" else 1e-4
    assert np.abs(prediction.ab - expected_ab(lightness)).max() < tolerance


@pytest.mark.parametrize("level", [0.0, 37.5, 100.0])
def test_the_ends_of_the_range_do_not_wrap(network: Network, level: float) -> None:
    ab = network.predict(np.full((32, 32), level, np.float32)).ab
    assert np.abs(ab - np.float32([(level - 50) / 2, (50 - level) / 2])).max() < 0.35


def test_beyond_the_range_it_saturates() -> None:
    network = Network.load(DATA / "tiny-int8.tflite")
    high = network.predict(np.full((32, 32), 1e6, np.float32)).ab
    assert np.array_equal(high, network.predict(np.full((32, 32), 101, np.float32)).ab)


def test_confidence_is_the_likeliest_bins_share_when_asked_for(network: Network) -> None:
    confidence = network.predict(ramp(), confidence=True).confidence
    assert confidence is not None
    assert confidence.shape == (8, 8)
    assert confidence.dtype == np.float32
    np.testing.assert_allclose(confidence, np.exp(8) / (np.exp(8) + 312), rtol=1e-4)


def test_predictions_are_arrays_of_their_own(network: Network) -> None:
    first = network.predict(ramp(1)).ab
    kept = first.copy()
    second = network.predict(ramp(2)).ab
    assert np.array_equal(first, kept)
    assert not np.array_equal(first, second)


def test_strided_lightness_is_read_as_it_looks(network: Network) -> None:
    wide = np.repeat(ramp(3), 2, axis=1)
    assert np.array_equal(network.predict(wide[:, ::2]).ab, network.predict(ramp(3)).ab)
    turned = np.rot90(ramp(3))
    assert np.array_equal(network.predict(turned).ab, network.predict(turned.copy()).ab)


def test_hints_that_are_absent_are_zero() -> None:
    network = Network.load(DATA / "tiny-hints.tflite")
    for seed in range(3):
        lightness = ramp(seed)
        np.testing.assert_allclose(network.predict(lightness).ab, expected_ab(lightness), atol=1e-4)


def test_hints_reach_the_network_and_are_forgotten_after() -> None:
    network = Network.load(DATA / "tiny-hints.tflite")
    hinted = network.predict(ramp(), hints=Hints((Hint(0.3, 0.9, 40, -20),))).ab
    expected = expected_ab(ramp())
    expected[7, 2] += np.float32([40, -20])
    np.testing.assert_allclose(hinted, expected, atol=1e-4)
    np.testing.assert_allclose(network.predict(ramp()).ab, expected_ab(ramp()), atol=1e-4)


def test_hints_that_a_network_does_not_take_are_refused() -> None:
    point = Hints((Hint(0.5, 0.5, 40, -20),))
    with pytest.raises(ConfigurationError, match="tiny-int8: this network takes no hints"):
        Network.load(DATA / "tiny-int8.tflite").predict(ramp(), hints=point)
    with pytest.raises(ConfigurationError, match="takes no palette"):
        Network.load(DATA / "tiny-hints.tflite").check_hints(Hints(point.points, Palette(chroma=20.0)))


def test_threads_do_not_change_the_result() -> None:
    for name in NAMES:
        results = [Network.load(DATA / f"{name}.tflite", threads=n).predict(ramp()).ab for n in (1, 2, 4)]
        assert all(np.array_equal(results[0], other) for other in results)


def test_a_network_may_work_in_any_thread(network: Network) -> None:
    results: list[NDArray[np.float32]] = []
    thread = threading.Thread(target=lambda: results.append(network.predict(ramp()).ab))
    thread.start()
    thread.join(20)
    assert np.array_equal(results[0], network.predict(ramp()).ab)


def test_another_size_is_a_mistake(network: Network) -> None:
    assert network.size == (32, 32)
    with pytest.raises(ValueError, match=r"takes \(32, 32\), not \(31, 32\)"):
        network.predict(ramp()[1:])


def test_a_closed_network_raises(network: Network) -> None:
    with network:
        network.predict(ramp())
    network.close()
    with pytest.raises(ValueError, match="closed"):
        network.predict(ramp())


def test_a_network_tells_what_runs_it(network: Network) -> None:
    name, version = network.runtime.split()
    assert name in {"litert", "tflite-runtime"}
    assert version[0].isdigit()


def test_default_threads_are_at_most_four() -> None:
    assert 1 <= default_threads() <= min(4, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "garbage"])
def test_a_damaged_file_never_reaches_the_runtime(copied: Path, damage: str) -> None:
    content = bytearray(copied.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 0x40
    spoiled = {"cut": content[: len(content) // 2], "flip": content, "empty": b"", "garbage": b"x" * 4096}
    copied.write_bytes(spoiled[damage])
    with pytest.raises(NetworkFileError, match="sha256"):
        Network.load(copied)


def test_a_file_that_is_no_network_is_refused_by_name(copied: Path) -> None:
    copied.write_bytes(b"not a flatbuffer at all" * 100)
    alter(copied, {"sha256": hashlib.sha256(copied.read_bytes()).hexdigest()})
    with pytest.raises(NetworkFileError, match=r"tiny-int8\.tflite: .* can't run this network"):
        Network.load(copied)


def test_a_missing_manifest_is_named(copied: Path) -> None:
    copied.with_suffix(".json").unlink()
    with pytest.raises(NetworkFileError, match=r"tiny-int8\.json: the manifest can't be read"):
        Network.load(copied)


def test_a_manifest_of_another_file_is_refused(copied: Path) -> None:
    alter(copied, {"file": "other.tflite"})
    with pytest.raises(NetworkFileError, match=r"file = 'other\.tflite'.*tiny-int8\.tflite"):
        Network.load(copied)


@pytest.mark.parametrize(
    ("key", "change", "says"),
    [
        ("inputs", {"name": "gray"}, r"inputs\.0\.name = 'gray' is not in .*there are serving_default_grey"),
        ("inputs", {"size": [224, 224]}, r"inputs\.0 .* has shape \(1, 224, 224, 1\), .* \(1, 32, 32, 1\)"),
        ("outputs", {"size": [7, 8]}, r"outputs\.0 .* has shape \(1, 7, 8"),
    ],
)
def test_tensors_that_are_not_the_files_are_refused(
    copied: Path, key: str, change: dict[str, Any], says: str
) -> None:
    tensors = json.loads(copied.with_suffix(".json").read_text())[key]
    alter(copied, {key: [tensors[0] | change, *tensors[1:]]})
    with pytest.raises(NetworkFileError, match=says):
        Network.load(copied)


def test_an_input_that_the_manifest_does_not_know_is_refused(tmp_path: Path) -> None:
    for suffix in (".tflite", ".json"):
        shutil.copy(DATA / f"tiny-hints{suffix}", tmp_path)
    path = tmp_path / "tiny-hints.tflite"
    inputs = json.loads(path.with_suffix(".json").read_text())["inputs"]
    alter(path, {"inputs": [each for each in inputs if each["role"] == "grey"]})
    with pytest.raises(NetworkFileError, match="inputs lack serving_default_hint:0, serving_default_mask:0"):
        Network.load(path)


def test_a_runtime_that_is_not_there_is_a_matter_of_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ai_edge_litert.interpreter", "tflite_runtime.interpreter"):
        monkeypatch.setitem(sys.modules, module, None)
    for runtime in ("auto", "litert"):
        with pytest.raises(ConfigurationError, match=r"network\.runtime: no runtime.*pip install"):
            Network.load(DATA / "tiny-int8.tflite", runtime=runtime)


def test_the_legacy_runtime_is_refused_beside_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "__version__", "2.4.6")
    with pytest.raises(ConfigurationError, match=r"tflite-runtime needs numpy 1, here is 2\.4\.6"):
        Network.load(DATA / "tiny-int8.tflite", runtime="tflite-runtime")


LOAD = """
import os, sys
from device.network import Network
Network.load(sys.argv[1])
os.write(2, b"after")
"""


def test_the_runtimes_greeting_stays_off_standard_error() -> None:
    command = [sys.executable, "-W", "error", "-c", LOAD, str(DATA / "tiny-int8.tflite")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert done.stdout + done.stderr == b"after"


def test_a_process_without_standard_error_loads_too() -> None:
    command = f'exec "{sys.executable}" -c "$0" "$1" 2>&-'
    done = subprocess.run(
        [
            "sh",
            "-c",
            command,
            LOAD.replace('os.write(2, b"after")', "print('loaded')"),
            str(DATA / "tiny-int8.tflite"),
        ],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == b"loaded\n"
