"""Our V4L2 source against the kernel's own test camera, in a virtual machine: one run, looked at here."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from machine import run_in_machine

if TYPE_CHECKING:
    from collections.abc import Mapping

    Found = Mapping[str, Any]

pytestmark = pytest.mark.timeout(600)

#: A camera with a webcam's sizes (/dev/video0), a screen (/dev/video1), a multi-planar camera (/dev/video2).
VIVID = {"vivid": "n_devs=2 multiplanar=1,2 node_types=0x101,0x1 num_inputs=1,1 input_types=0x0,0x0"}

#: Codes of vivid's eight bars at 75 %: white, yellow, cyan, green, magenta, red, blue, black.
LUMA = [179, 160, 130, 111, 83, 64, 34, 16]
CB = [128, 44, 156, 72, 183, 99, 211, 128]
CR = [128, 141, 44, 58, 197, 211, 114, 128]
GREY = [190, 176, 149, 136, 54, 40, 13, 0]


@pytest.fixture(scope="module")
def vivid(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("vivid")
    (folder / "out").mkdir()
    script = Path(__file__).with_name("vivid_guest.py")
    said = run_in_machine(script, folder / "out", VIVID, seconds=500)
    found: dict[str, Any] = {}
    for line in said.splitlines():
        found |= json.loads(line)
    failed = [f"{name}: {part['failed']}" for name, part in found.items() if "failed" in part]
    assert not failed, "\n".join(failed)
    return found


@pytest.mark.parametrize(
    ("name", "chroma"),
    [
        ("YUYV", (320, 360)),
        ("UYVY", (320, 360)),
        ("NV12", (320, 180)),
        ("NV21", (320, 180)),
        ("YU12", (320, 180)),
        ("YV12", (320, 180)),
    ],
)
def test_luma_and_chroma_are_the_cameras_own_codes(vivid: Found, name: str, chroma: tuple[int, int]) -> None:
    frame = vivid["formats"][name]
    assert frame["name"] == f"vivid, 640x360 {name}, 30/s"
    assert (frame["luma"], frame["cb"], frame["cr"]) == (LUMA, CB, CR)
    assert (frame["size"], tuple(frame["chroma_size"])) == ([640, 360], chroma)
    assert (frame["kind"], frame["depth"], frame["spread"]) == ("uint8", 8, 0)
    assert (frame["matrix"], frame["full"]) == ("BT601", False)


@pytest.mark.parametrize(("name", "bits"), [("GREY", 8), ("Y10", 10), ("Y12", 12), ("Y16", 16)])
def test_a_grey_camera_stays_as_deep_as_it_is(vivid: Found, name: str, bits: int) -> None:
    frame = vivid["formats"][name]
    assert frame["depth"] == bits
    assert frame["kind"] == ("uint8" if bits == 8 else "uint16")
    assert [luma >> (bits - 8) for luma in frame["luma"]] == GREY
    assert (frame["cb"], frame["cr"], frame["full"]) == (None, None, True)


def test_a_camera_whose_planes_may_lie_apart(vivid: Found) -> None:
    grey, packed, planar = (vivid["multi"][name] for name in ("GREY", "YUYV", "NV12"))
    assert grey["luma"] == GREY
    assert (packed["luma"], packed["cb"], packed["cr"]) == (LUMA, CB, CR)
    assert (planar["luma"], planar["cb"], planar["cr"]) == (LUMA, CB, CR)
    assert planar["name"] == "vivid, 640x360 NV12, 30/s"


def test_the_nearest_size_and_rate_is_taken(vivid: Found) -> None:
    choices = vivid["choices"]
    assert choices["nothing"] == "vivid, 640x360 NV12, 30/s", "720 lines come at 12.5/s only"
    assert choices["1080p60"].startswith("vivid, 1920x1080 NV12, ")
    assert choices["odd"].startswith("vivid, 640x360 NV12, 10/s")
    assert choices["huge"].startswith("vivid, 3840x2160 NV12, ")


def test_auto_finds_the_camera_and_not_the_screen(vivid: Found) -> None:
    assert vivid["choices"]["devices"] == "/dev/video0 /dev/video2"
    assert vivid["choices"]["auto"].startswith("vivid, 640x360 NV12, ")


def test_colour_is_what_the_driver_says(vivid: Found) -> None:
    said = {name: (frame["matrix"], frame["full"]) for name, frame in vivid["colours"].items()}
    assert said == {
        "as it is": ("BT601", False),
        "full": ("BT601", True),
        "709": ("BT709", False),
        "2020 limited": ("BT2020", False),
        "601 of 709": ("BT601", False),
    }
    lumas = {tuple(frame["luma"]) for frame in vivid["colours"].values()}
    assert len(lumas) == 4, "and the codes followed it"


def test_captured_is_the_kernels_time_and_index_its_count(vivid: Found) -> None:
    timing = vivid["timing"]
    seen = timing["seen"]
    ages = [taken - captured for _, captured, taken in seen]
    assert min(ages) > 0
    assert sorted(ages)[len(ages) // 2] < 0.1e9
    indices = [index for index, _, _ in seen]
    assert indices == sorted(set(indices))
    assert indices[-1] - indices[0] + 1 - len(indices) <= timing["dropped"]
    spaces = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(seen))
    assert spaces[len(spaces) // 2] == pytest.approx(1e9 / 15, rel=0.1)
    assert timing["corrupt"] == 0


def test_what_the_driver_lost_is_a_gap_and_counted(vivid: Found) -> None:
    indices, dropped = vivid["losses"]["indices"], vivid["losses"]["dropped"]
    assert dropped >= 5, "half of them were dropped"
    assert indices[-1] - indices[0] + 1 - len(indices) <= dropped
    assert indices == sorted(set(indices))


def test_a_frame_flagged_as_damaged_is_left_out(vivid: Found) -> None:
    damaged = vivid["damaged"]
    assert damaged["corrupt"] >= 1
    assert damaged["indices"][-1] - damaged["indices"][-2] >= 2


def test_who_is_late_gets_a_frame_of_now(vivid: Found) -> None:
    assert max(vivid["slow_taker"]["ages"]) < 0.2
    assert vivid["slow_taker"]["dropped"] > 20


def test_at_rest_two_frames_a_second_and_back_at_once(vivid: Found) -> None:
    times = vivid["rests"]["times"]
    assert times[3] - times[0] > 1.3
    assert times[4] - times[3] < 0.4


def test_it_is_mirrored_by_the_camera_and_no_longer_than_asked(vivid: Found) -> None:
    mirrors = vivid["mirrors"]
    assert mirrors["plain"] == GREY
    assert mirrors["mirrored"] == GREY[::-1]
    assert mirrors["again"] == GREY
    assert mirrors["rotation"] == 180


def test_however_it_ends_nothing_is_left_behind(vivid: Found) -> None:
    assert vivid["failures"]["left behind"] == 0


def test_a_slow_camera_is_no_stalled_one(vivid: Found) -> None:
    assert vivid["failures"]["slow, as asked"] == [[180, 320]] * 2


@pytest.mark.parametrize(
    ("case", "kind", "said"),
    [
        ("unplugged", "SourceLost", "/dev/video0: is gone"),
        ("fatal", "SourceLost", "/dev/video0: has stopped giving frames"),
        ("busy", "SourceLost", "is in use by another program"),
        ("silent", "SourceLost", "gave no frame for 0.5 s"),
        ("no capture", "SourceLost", "/dev/video1: is no camera"),
        ("missing", "SourceLost", "/dev/video7: no such device"),
        ("no V4L2", "SourceLost", "/dev/null: is no V4L2 device"),
        ("wrong format", "ConfigurationError", "/dev/video0 has no MJPG (it has YUYV, "),
        ("no permission", "SourceLost", "no permission to open it (its users are in the group video"),
        ("no permission, auto", "SourceLost", "no permission to open it (its users are in the group video"),
        ("closed by another thread", "nothing", ""),
    ],
)
def test_what_goes_wrong_is_one_line_at_once(vivid: Found, case: str, kind: str, said: str) -> None:
    failure = vivid["failures"][case]
    assert failure["kind"] == kind
    assert said in failure["said"]
    assert failure["seconds"] < 2
    assert failure["used"] < 0.5, "nothing spins"


@pytest.mark.parametrize("case", ["unplugged, again", "fatal, again", "busy, the first goes on"])
def test_it_comes_back(vivid: Found, case: str) -> None:
    assert vivid["failures"][case] == [180, 320]
