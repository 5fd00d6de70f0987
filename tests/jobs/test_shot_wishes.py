"""What was asked for a shot, in words."""

from __future__ import annotations

from device.jobs.shot_wishes import wishes


def test_what_was_asked_reads_as_one_would_ask_for_it() -> None:
    tame = [{"start": 20.0, "end": 60.0, "keep": 0.3}, {"start": 350.0, "end": 10.0, "keep": 0.5}]
    settings = {
        "network": {"name": "compact"},
        "colour": {"when": "always", "saturation": 0.30000000000000004, "tame": tame},
        "film": {"colour_every": 2, "look_ahead": True},
        "hints": {"points": ["10.0,10.0,80.09247,67.20319"], "reference": "/a, b/c.png"},
    }
    assert wishes(settings) == (
        "network compact, colour always, saturation 0.3, tame 20-60:0.3 350-10:0.5, colour-every 2, "
        "look-ahead yes, hints 10,10,80.0925,67.2032, reference /a, b/c.png"
    )
    assert wishes({}) == ""


def test_what_somebody_else_wrote_there_is_no_error() -> None:
    odd = {"colour": 3, "x\n": {"y\x1b": None, "tame": [{"start": "a"}]}}
    assert "\x1b" not in wishes(odd)
    assert "\n" not in wishes(odd)
