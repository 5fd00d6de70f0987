"""Redoing that ends too early: the old film stands, or the new one, and it can be run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from children import children
from films import make_film
from redoing import coloured, config, copied, packets, planes, redone

from device.engine import Stop
from device.errors import Interrupted, SpaceError, TintcastError
from device.jobs import redo_child
from device.jobs.film_shots import FilmShots, read_shots, shots_folder
from device.jobs.redo import known_shots, redo_film
from device.media.segments import WorkFolder
from device.sinks import film as film_sink

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from device.jobs.film import Progress

pytestmark = pytest.mark.timeout(300)

PALE = {"colour": {"saturation": 0.3}}


class Killed(BaseException):
    """The plug was pulled."""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shots, the second a long one."""
    folder = tmp_path_factory.mktemp("film")
    source, out = folder / "in.mkv", folder / "out.mp4"
    make_film(source, size=(160, 120), count=80, scenes=2, sound="aac")
    coloured(source, out, config(30))
    return out


def shots_of(film: Path) -> FilmShots:
    known = read_shots(film)
    assert known is not None
    return known


@pytest.mark.parametrize("step", ["join", "verify", "lay_down", "move", "settle"])
def test_a_film_is_the_old_or_the_new_one_and_what_is_known_is_true_of_it(
    film: Path, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = copied(film, tmp_path)
    before, known = packets(out), shots_of(out)

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(film_sink if step in {"join", "verify"} else redo_child, step, kill)
        with pytest.raises(Killed):
            redone(out, [1], PALE)
    now = shots_of(out)
    if step == "settle":
        assert packets(out) != before
        assert now.shots[0].settings == PALE
    else:
        assert packets(out) == before
        assert now == known
    for shot in now.shots:
        assert (shots_folder(out) / str(shot.still)).exists()
    redone(out, [1], {"colour": {"saturation": 0.6}})
    assert shots_of(out).shots[0].settings == {"colour": {"saturation": 0.6}}
    assert packets(out)[40:] == before[40:]
    assert not WorkFolder.path_for(out).exists()
    named = {str(shot.still) for shot in shots_of(out).shots}
    assert {path.name for path in shots_folder(out).iterdir()} == {"shots.json", *named}


@pytest.mark.parametrize("victim", ["child", "parent"])
def test_a_killed_command_leaves_the_old_film(film: Path, tmp_path: Path, victim: str) -> None:
    out = copied(film, tmp_path)
    before, known = out.read_bytes(), shots_of(out)
    command = [sys.executable, "-m", "device.cli", "redo", str(out), "--shot", "1-2", "--saturation", "0.5"]
    work = WorkFolder.path_for(out)
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as running:
        deadline = time.monotonic() + 60
        while not list(work.glob("0*.mkv*")):
            assert time.monotonic() < deadline
            assert running.poll() is None, "it ended too soon"
            time.sleep(0.005)
        (child,) = children(running.pid, "redo_child")
        os.kill(child if victim == "child" else running.pid, signal.SIGKILL)
        running.communicate(timeout=30)
    if victim == "child":
        assert running.returncode == 3
        assert not work.exists()
    assert out.read_bytes() == before
    assert shots_of(out) == known
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{out}: shots 1, 2 coloured again: 80 frames, ")
    assert [shot.settings for shot in shots_of(out).shots] == [{"colour": {"saturation": 0.5}}] * 2
    assert out.read_bytes() != before


def test_a_request_to_stop_ends_it_and_the_film_is_as_it_was(film: Path, tmp_path: Path) -> None:
    out, stop = copied(film, tmp_path), Stop()

    def stop_soon(now: Progress) -> None:
        if now.done:
            stop.request()

    with pytest.raises(Interrupted, match="the film is as it was"):
        redo_film(out, [1, 2], PALE, config(), progress=stop_soon, stop=stop)
    assert out.read_bytes() == film.read_bytes()


def test_without_room_for_the_new_film_nothing_is_begun(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = copied(film, tmp_path)
    monkeypatch.setattr(redo_child, "_SPARE", 1 << 60)
    with pytest.raises(SpaceError, match="MB of room beside it"):
        redone(out, [1], PALE)
    assert out.read_bytes() == film.read_bytes()
    assert not WorkFolder.path_for(out).exists()


@pytest.mark.parametrize(
    ("otherwise", "reason"),
    [
        ({"film": {"crf": 40, "codec": "h264"}}, None),
        ({"film": {"codec": "h265"}}, "were encoded otherwise than the rest"),
    ],
)
def test_what_can_not_stand_beside_the_rest_is_not_put_in(
    film: Path, tmp_path: Path, otherwise: Mapping[str, Mapping[str, Any]], reason: str | None
) -> None:
    """As if another version of the encoder had made it."""
    out = copied(film, tmp_path)
    path = shots_folder(out) / "shots.json"
    said = json.loads(path.read_bytes())
    for section, keys in otherwise.items():
        said["settings"][section].update(keys)
    path.write_text(json.dumps(said))
    if reason is None:
        redone(out, [1], PALE)
        assert len(planes(out)) == 80
        return
    with pytest.raises(TintcastError, match=reason):
        redone(out, [1], PALE)
    assert out.read_bytes() == film.read_bytes()
    assert known_shots(out).shots[0].settings == {}
