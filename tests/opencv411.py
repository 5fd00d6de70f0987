"""The classic program's network: OpenCV 4.11, which still reads Caffe, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

_OPENCV = "opencv-python-headless==4.11.0.86"
_PROGRAM = """
import sys
import cv2, numpy as np
assert cv2.__version__.startswith("4.11."), cv2.__version__
prototxt, caffemodel, points, lights, out = sys.argv[1:]
network = cv2.dnn.readNetFromCaffe(prototxt, caffemodel)
hull = np.load(points).transpose().reshape(2, 313, 1, 1)
network.getLayer(network.getLayerId("class8_ab")).blobs = [hull.astype("float32")]
network.getLayer(network.getLayerId("conv8_313_rh")).blobs = [np.full([1, 313], 2.606, dtype="float32")]
results = []
for light in np.load(lights):
    network.setInput(cv2.dnn.blobFromImage(light - 50))
    results.append(network.forward()[0, :, :, :].transpose((1, 2, 0)).copy())
np.save(out, np.stack(results))
"""


def opencv_411() -> Path:
    """A folder with OpenCV 4.11 in it, beside this environment; got by pip the first time."""
    folder = Path(sys.prefix) / "opencv-4.11"
    if not (folder / "cv2").is_dir():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), _OPENCV]
        subprocess.run(pip, check=True, timeout=300)
    return folder


def colours(prototxt: Path, caffemodel: Path, points: Path, lights: Floats, work: Path) -> Floats:
    """Ab (n, h, w, 2) that the classic script's lines predict for L (n, h, w), 0..100."""
    np.save(work / "lights.npy", lights)
    files = [prototxt, caffemodel, points, work / "lights.npy", work / "ab.npy"]
    subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, files)],
        env={"PYTHONPATH": str(opencv_411()), "PATH": "/usr/bin:/bin"},
        check=True,
        timeout=200,
    )
    return np.asarray(np.load(work / "ab.npy"), np.float32)
