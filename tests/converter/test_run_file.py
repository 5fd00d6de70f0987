from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from converter.run_file import RunFile
from device.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

RUN = """
points = "points.npy"
work = "run"
start = "/elsewhere/compact.npz"

[[photographs]]
sources = ["a.tar", "b.tar"]
share = 0.7

[[photographs]]
sources = ["small.tar"]
share = 0.3
small = true
largest = 160
left_out = "never.txt"

[schedule]
minutes = 30
sizes = [[0.0, 96], [0.5, 160]]
"""


def test_a_run_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text(RUN)
    request = RunFile.read(path).request(tmp_path, resume=True)
    assert request.resume
    assert request.work == tmp_path / "run"
    assert str(request.start) == "/elsewhere/compact.npz"
    assert request.schedule.minutes == 30
    assert request.schedule.size(0.6) == 160
    large, small = request.photos
    assert large.collection.sources == (tmp_path / "a.tar", tmp_path / "b.tar")
    assert (small.collection.small, small.largest, small.share) == (True, 160, 0.3)
    assert small.collection.left_out == tmp_path / "never.txt"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (RUN.replace("work =", "play ="), "work"),
        (RUN.replace("minutes = 30", ""), "minutes or pictures"),
        (RUN.replace("small = true", "tiny = true"), "tiny"),
        (RUN.replace("share = 0.3", "share = -1"), "share"),
        ("points = ", "not TOML"),
    ],
)
def test_what_is_wrong_is_one_line_with_file_and_key(tmp_path: Path, wrong: str, said: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(wrong)
    with pytest.raises(ConfigurationError, match=said) as raised:
        RunFile.read(path)
    assert "run.toml" in str(raised.value)
    assert "\n" not in str(raised.value)
