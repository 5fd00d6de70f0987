"""The classic program's frame, as a worker: OpenCV's Caffe importer in fp32 and the float merge.

Run by ``tests.bench.frame`` with the Python of an environment that holds OpenCV 4.11; needs it and numpy.
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

from tests.bench.turns import serve


def main(prototxt: str, caffemodel: str, grey: str, threads: str) -> None:
    """Colorize the grey frame (a .npy of (H, W) uint8) whenever told to."""
    cv2.setNumThreads(int(threads))
    network = cv2.dnn.readNetFromCaffe(prototxt, caffemodel)
    luma = np.load(grey)
    frame = cv2.merge((luma, luma, luma))

    def work() -> np.ndarray:
        lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
        light = cv2.split(cv2.resize(lab, (224, 224)))[0]
        light -= 50
        network.setInput(cv2.dnn.blobFromImage(light))
        ab = network.forward("class8_ab")[0].transpose((1, 2, 0))
        ab = cv2.resize(ab, (frame.shape[1], frame.shape[0]))
        merged = np.concatenate((cv2.split(lab)[0][:, :, np.newaxis], ab), axis=2)
        return (255 * np.clip(cv2.cvtColor(merged, cv2.COLOR_LAB2BGR), 0, 1)).astype(np.uint8)

    result = work()
    if not (np.isfinite(result).all() and np.ptp(result, axis=2).max() > 0):
        raise SystemExit("the classic network's result is no colour picture")
    serve(f"OpenCV {cv2.__version__}, fp32", work)


if __name__ == "__main__":
    main(*sys.argv[1:])
