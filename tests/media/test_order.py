from __future__ import annotations

from pathlib import PurePath

from device.media.order import natural


def test_the_natural_order() -> None:
    paths = ["10.png", "2.png", "b/1.png", "a/10/x.png", "a/9/x.png", "1b.png", "B.png", "2 .png", "²³.png"]
    ordered = [str(path) for path in sorted(map(PurePath, paths), key=natural)]
    expected = [
        "1b.png",
        "2 .png",
        "2.png",
        "10.png",
        "a/9/x.png",
        "a/10/x.png",
        "b/1.png",
        "B.png",
        "²³.png",
    ]
    assert ordered == expected
