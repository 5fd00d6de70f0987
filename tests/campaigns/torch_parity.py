"""Converted float32 against PyTorch's definitions of its two releases, on weights that are made for it.

    python -m tests.campaigns.torch_parity --torch-python PATH --photos TAR|DIR [--pictures 10]

PATH is the Python of an environment with PyTorch. Ends with 1 where ab differs by 0.01 or more anywhere.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from converter import convert, origins, samples
from converter.networks import siggraph17, zhang16
from converter.recipes import FLOAT32
from device.colour.bins import bin_points
from device.colour.hints import Hints, local_planes
from device.network import Network

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import releases

if TYPE_CHECKING:
    from converter.networks.graph import Graph
    from converter.samples import Sample

PROGRAM = Path(__file__).with_name("torch_releases.py")
DRAWN_ON = 2
LIMIT = 0.01


def planes(pictures: list[Sample], size: int) -> dict[str, np.ndarray]:
    """Grey (n, size, size, 1) in L, hints in Lab units, masks; every second picture has hints."""
    lights = [cv2.resize(each.lightness, (size, size), interpolation=cv2.INTER_AREA) for each in pictures]
    hints = [local_planes(each.hints.points, (size, size)) for each in pictures]
    return {
        "grey": np.stack(lights)[..., None].astype(np.float32),
        "local_hint": np.stack([colour for colour, _ in hints]),
        "mask": np.stack([mask for _, mask in hints])[..., None],
    }


def make(graph: Graph, path: Path, inputs: dict[str, np.ndarray]) -> None:
    """Write a state dict and the inputs for the definition."""
    scaled = {
        "grey": (inputs["grey"] - 50) / 100,
        "local_hint": inputs["local_hint"] / 110,
        "mask": inputs["mask"],
    }
    taken = {layer.name: scaled[layer.name][:DRAWN_ON] for layer in graph.layers if layer.kind == "input"}
    weights = releases.draw_weights(graph, taken)
    if "model_out.weight" in weights:  # the 2016 network's: the bins, which its logits must choose among
        weights["model_out.weight"] = (bin_points().T / 110)[..., None, None]
    releases.write_state_dict(path, weights)
    np.savez(path.with_suffix(".npz"), **inputs)


def difference(path: Path, pictures: list[Sample], inputs: dict[str, np.ndarray]) -> tuple[float, float]:
    """Largest |ab difference| over all pictures, and the mean |ab|."""
    network = origins.from_torch(path)
    stand_ins = convert.Pictures(pictures[:2], "photographs")
    (made,) = convert.convert(network, [FLOAT32], path.with_suffix(""), stand_ins)
    largest, expected = 0.0, np.load(path.with_name(f"{path.stem}-ab.npy"))
    with Network.load(made.path) as loaded:
        for number, (sample, wanted) in enumerate(zip(pictures, expected, strict=True)):
            hints = Hints(sample.hints.points) if loaded.manifest.local_hint else Hints()
            ab = loaded.predict(inputs["grey"][number, ..., 0], hints=hints).ab
            ab = cv2.resize(ab, wanted.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            largest = max(largest, float(np.abs(ab - wanted).max()))
    return largest, float(np.abs(expected).mean())


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--torch-python", type=Path, required=True)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=10)
    options = parser.parse_args()
    pictures = samples.of_photographs([options.photos], options.pictures)
    graphs = (zhang16.eccv16(), siggraph17.graph())
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        inputs = {graph.name: planes(pictures, graph["grey"].size[0]) for graph in graphs}
        for graph in graphs:
            make(graph, work / f"{graph.name}.pth", inputs[graph.name])
        subprocess.run([options.torch_python, PROGRAM, work], check=True, timeout=600)
        for graph in graphs:
            largest, strength = difference(work / f"{graph.name}.pth", pictures, inputs[graph.name])
            told = f"{graph.name}: {len(pictures)} photographs, mean |ab| {strength:.1f}"
            print(f"{told}, largest |difference| {largest:.5f}")
            worst = max(worst, largest)
    print("reached" if worst < LIMIT else f"MISSED: the limit is {LIMIT}")
    return int(worst >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
