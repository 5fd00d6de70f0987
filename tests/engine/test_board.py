"""What a board says of itself, as the kernel of several of them says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from device.engine import read_board

if TYPE_CHECKING:
    from pathlib import Path


def lay(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def zone(number: int, kind: str, temp: str) -> dict[str, str]:
    place = f"sys/class/thermal/thermal_zone{number}"
    return {f"{place}/type": kind, f"{place}/temp": temp}


THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


def test_a_raspberry_pi(tmp_path: Path) -> None:
    model = {"proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0"}
    board = read_board(lay(tmp_path, model | zone(0, "cpu-thermal\n", "61338\n") | {THROTTLED: "50005\n"}))
    assert board.cpu == "Raspberry Pi 4 Model B Rev 1.4"
    assert board.temperature_c == pytest.approx(61.338)
    assert board.throttled == ("under-voltage", "throttled")


def test_one_that_was_held_back_once_is_not_now(tmp_path: Path) -> None:
    assert read_board(lay(tmp_path, {THROTTLED: "50000\n"})).throttled == ()


def test_a_pc(tmp_path: Path) -> None:
    cpuinfo = {"proc/cpuinfo": "processor\t: 0\nmodel name\t: Some CPU @ 3GHz\nflags\t: fpu\n"}
    zones = zone(0, "acpitz", "27800") | zone(1, "x86_pkg_temp", "48000") | zone(2, "iwlwifi_1", "90000")
    board = read_board(lay(tmp_path, cpuinfo | zones))
    assert (board.cpu, board.temperature_c, board.throttled) == ("Some CPU @ 3GHz", 48.0, None)


@pytest.mark.parametrize("temp", ["", "hot", "-274000", "999999999"])
def test_a_sensor_that_makes_no_sense_is_none(tmp_path: Path, temp: str) -> None:
    assert read_board(lay(tmp_path, zone(0, "cpu-thermal", temp))).temperature_c is None


def test_a_board_that_says_nothing(tmp_path: Path) -> None:
    board = read_board(tmp_path)
    assert board.cpu
    assert (board.temperature_c, board.throttled) == (None, None)


def test_this_one() -> None:
    assert read_board().cpu
