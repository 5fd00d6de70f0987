"""The command as a user meets it: one line for every failure, the right exit code, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from said import complaints

if TYPE_CHECKING:
    from pathlib import Path

TINTCAST = [sys.executable, "-m", "device.cli"]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TINTCAST, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """The error: one line on standard error, nothing on standard output, no traceback."""
    assert result.stdout == ""
    lines = complaints(result.stderr).splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("tintcast: ")
    return lines[0]


def test_what_config_prints_can_be_checked_and_used(tmp_path: Path) -> None:
    printed = run("config", TINTCAST_MQTT_HOST="broker.lan")
    assert printed.returncode == 0
    assert 'host = "broker.lan"' in printed.stdout
    file = tmp_path / "tintcast.toml"
    file.write_text(printed.stdout)
    assert run("config", file).stdout == printed.stdout
    assert run("config", "--check", file).stdout == f"{file}: right\n"


def test_a_wrong_key_is_named_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / "tintcast.toml"
    file.write_text("[mqtt]\nprot = 1\n")
    result = run("config", "--check", file)
    assert result.returncode == 2
    assert one_line(result) == f"tintcast: {file}: mqtt.prot is not a key (did you mean port?)"


def test_a_package_of_the_systems_for_another_numpy_is_no_mistake_of_ours(tmp_path: Path) -> None:
    (tmp_path / "simplejpeg.py").write_text(
        "raise ValueError('numpy.dtype size changed, may indicate binary incompatibility.')\n"
    )
    result = run("live", "pattern", "--no-page", PYTHONPATH=str(tmp_path), XDG_STATE_HOME=str(tmp_path))
    assert result.returncode == 2
    assert "pip install --ignore-installed" in one_line(result)


def test_a_wrong_flag_ends_with_usage() -> None:
    result = run("film", "--nonsense", "in", "out")
    assert result.returncode == 2
    assert "--nonsense" in result.stderr


@pytest.mark.parametrize("command", [["film", "{in}", "{out}"], ["demo", "{in}", "--out", "{out}"]])
def test_a_missing_film_is_an_input_error(tmp_path: Path, command: list[str]) -> None:
    places = {"{in}": tmp_path / "none.mp4", "{out}": tmp_path / "out.mp4"}
    result = run(*(places.get(word, word) for word in command))
    assert result.returncode == 3
    assert one_line(result) == f"tintcast: {places['{in}']}: no such file or folder"


@pytest.mark.parametrize("content", [b"", b"not a film at all\n" * 200], ids=["empty", "text"])
def test_what_is_no_film_is_said_and_nothing_is_left(tmp_path: Path, content: bytes) -> None:
    film = tmp_path / "broken.mp4"
    film.write_bytes(content)
    result = run("film", film, tmp_path / "out.mp4")
    assert result.returncode == 3
    assert str(film) in one_line(result)
    assert list(tmp_path.iterdir()) == [film]


def test_an_unknown_network_names_those_that_exist(demo_film: Path, tmp_path: Path) -> None:
    result = run("film", demo_film, tmp_path / "out.mp4", "--network", "nonsense")
    assert result.returncode == 4
    assert "compact" in one_line(result)


def test_a_broker_that_does_not_answer_is_exit_code_five(demo_film: Path) -> None:
    result = run("publish", demo_film, "--broker", "127.0.0.1:1", TINTCAST_MQTT_CONNECT_SECONDS="2")
    assert result.returncode == 5
    assert "127.0.0.1:1" in one_line(result)


def test_ctrl_c_ends_a_film_with_nothing_under_its_name(demo_film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    command = subprocess.Popen(
        [*TINTCAST, "film", str(demo_film), str(out), "--crf", "0"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not any(tmp_path.rglob("*.mkv*")):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(command.pid, signal.SIGINT)  # as a terminal does: parent and child both get it
    _, said = command.communicate(timeout=30)
    assert command.returncode == 130
    assert said.splitlines()[-1].startswith("tintcast: interrupted")
    assert "Traceback" not in said
    assert not out.exists()
