"""The whole 2016 network, on weights that the tests make: parity with OpenCV, size, memory, time.

What int8 does to its colours can't be judged on made weights; that it stays near is all that is asked here.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np
import opencv411
import pytest
import releases

from converter import data
from converter.cli import main
from converter.weights.prototxt import read_prototxt
from device.network import Network, read_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.timeout(600)
PHOTOGRAPHS, TRIED_ON = 10, 3
RUN = """
import sys
import numpy as np
from device.network import Network
with Network.load(sys.argv[1]) as network:
    for light in np.load(sys.argv[2]):
        network.predict(light, confidence=True)
status = open("/proc/self/status").read()
print(int(status.partition("VmHWM:")[2].split()[0]) / 1000)
"""


@pytest.fixture(scope="module")
def lights(shared: Path) -> NDArray[np.float32]:
    """L (10, 224, 224) of real photographs, as the classic script makes it."""
    pictures = data.iterate_pictures([shared / "data/photos/val.tar"])
    found = []
    for _, (_, rgb) in zip(range(PHOTOGRAPHS), pictures, strict=False):
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        bgr = cv2.merge((grey, grey, grey)).astype(np.float32) / 255
        found.append(cv2.resize(cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB), (224, 224))[..., 0])
    return np.stack(found)


@pytest.fixture(scope="module")
def release(
    shared: Path, lights: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Path]:
    """The release's .prototxt and points, and a .caffemodel of 129 MB."""
    prototxt, points = (
        shared / "data/zhang16" / name for name in ("colorization_deploy_v2.prototxt", "pts_in_hull.npy")
    )
    graph = read_prototxt(prototxt)
    weights = releases.draw_weights(graph, {"data_l": lights[:TRIED_ON, ..., None] - 50})
    path = tmp_path_factory.mktemp("release") / "made.caffemodel"
    releases.write_caffemodel(path, graph, weights)
    return prototxt, path, points


@pytest.fixture(scope="module")
def made(release: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A folder with float32 and dynamic-int8, and the seconds that both took."""
    folder = tmp_path_factory.mktemp("made")
    told = [
        word
        for pair in zip(("--prototxt", "--caffemodel", "--points"), release, strict=True)
        for word in pair
    ]
    began = time.monotonic()
    assert (
        main(
            [
                "convert",
                *map(str, told),
                "--recipe",
                "float32",
                "--recipe",
                "dynamic-int8",
                "--out",
                str(folder),
            ]
        )
        == 0
    )
    return folder, time.monotonic() - began


def test_its_colours_are_opencvs(
    release: tuple[Path, Path, Path], made: tuple[Path, float], lights: NDArray[np.float32], tmp_path: Path
) -> None:
    expected = opencv411.colours(*release, lights, tmp_path)
    with Network.load(made[0] / "zhang16-float32.tflite") as network:
        found = np.stack([network.predict(light).ab for light in lights])
    assert np.abs(expected).mean() > 2
    assert np.abs(found - expected).max() < 0.01


def test_it_is_small_and_made_in_minutes(made: tuple[Path, float]) -> None:
    folder, seconds = made
    assert (folder / "zhang16-dynamic-int8.tflite").stat().st_size <= 33e6
    assert seconds < 300
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 6e6  # kilobytes, of all this process ever did
    manifest = read_manifest(folder / "zhang16-dynamic-int8.json")
    assert manifest.logits is not None
    assert manifest.logits.shape == (1, 56, 56, 313)
    assert json.loads((folder / "zhang16-dynamic-int8.json").read_text())["unfit"] == {
        "tflite-runtime": "int8"
    }


def test_it_runs_in_little_memory(
    made: tuple[Path, float], lights: NDArray[np.float32], tmp_path: Path
) -> None:
    np.save(tmp_path / "lights.npy", lights[:2])
    command = [sys.executable, "-c", RUN, made[0] / "zhang16-dynamic-int8.tflite", tmp_path / "lights.npy"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert float(done.stdout) < 200


def test_rounding_stays_near(made: tuple[Path, float], lights: NDArray[np.float32]) -> None:
    exact, rounded = (
        np.stack([network.predict(light).ab for light in lights[:3]])
        for network in (
            Network.load(made[0] / f"zhang16-{name}.tflite") for name in ("float32", "dynamic-int8")
        )
    )
    assert np.abs(exact - rounded).mean() < 0.2 * np.abs(exact).mean()
