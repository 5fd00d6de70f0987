"""Reports on networks that are known exactly: what they cost, how far apart their colours are; the page."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import keras
import numpy as np
import pytest
from keras import layers

from converter import data, quantize
from converter.cli import main
from converter.evaluate import evaluate
from converter.report import compare, expand, page
from converter.report.judge import Pool
from converter.speed import costs
from device.colour.measure import delta_e_2000
from device.errors import ConfigurationError, InputError, MissingInput, NetworkFileError
from device.network import (
    Input,
    InputRole,
    Manifest,
    Network,
    Output,
    OutputRole,
    Source,
    file_sha256,
    read_manifest,
    write_manifest,
)

if TYPE_CHECKING:
    from pathlib import Path

    from converter.report import Report

SIZE = 32


def constant(folder: Path, recipe: str, ab: tuple[float, float], *, side: int = SIZE) -> Path:
    """A network that sees the same ab everywhere, whatever it is shown."""
    grey = keras.Input((side, side, 1), batch_size=1, name="grey")
    head = layers.Conv2D(2, 1, kernel_initializer="zeros", name="ab")
    model = keras.Model(grey, head(grey))
    head.set_weights([np.zeros((1, 1, 1, 2), np.float32), np.array(ab, np.float32)])
    path = folder / f"{recipe}.tflite"
    content = quantize.to_tflite(model)
    path.write_bytes(content)
    (taken,), (made,) = (each.values() for each in quantize.tensors(content))
    write_manifest(
        Manifest(
            name=recipe,
            file=path.name,
            sha256=file_sha256(path),
            architecture="one colour",
            recipe=f"{recipe} (made for a test)",
            inputs=(Input(name=taken.name, role=InputRole.GREY, size=(side, side), scale=0.01),),
            outputs=(Output(name=made.name, role=OutputRole.AB, size=(side, side), channels=2),),
            source=Source(weights="none.npz", sha256="0" * 64),
            calibration=None,
            licence="none",
            data="nothing <but> zeros",
        ),
        path.with_suffix(".json"),
    )
    return path


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three: one blueish, one 3 and 4 Lab units from it, one of another size."""
    folder = tmp_path_factory.mktemp("networks")
    constant(folder, "float32", (10, -20))
    constant(folder, "int8", (13, -16))
    constant(folder, "float16", (10, -20), side=2 * SIZE)
    return folder


@pytest.fixture(scope="module")
def report(networks: Path, folder: Path) -> Report:
    return compare(expand([str(networks)]), data.iterate_pictures([folder]), seconds=0.01, show=2)


def test_distances_are_those_to_the_float32_network(report: Report) -> None:
    assert [entry.label for entry in report.entries] == ["float32", "float16", "int8"]
    reference, same, other = report.entries
    assert reference.ab is None
    assert reference.delta_e_2000 is None
    assert other.ab is not None
    assert other.delta_e_2000 is not None
    assert other.ab.mean == pytest.approx(5, abs=1e-3)
    assert other.ab.p95 == pytest.approx(5, abs=0.011)
    assert same.ab is not None
    assert same.ab.p95 <= 0.01
    assert same.change == 0
    assert other.change == pytest.approx(other.colourfulness - reference.colourfulness)
    assert report.pictures == 3
    assert "one colour" in report.title


def test_figures_are_those_of_evaluate(report: Report, networks: Path, folder: Path) -> None:
    for entry in report.entries:
        with Network.load(networks / f"{entry.label}.tflite") as network:
            summary, _ = evaluate(data.iterate_pictures([folder]), network)
        assert entry.psnr == pytest.approx(summary.psnr)
        assert entry.colourfulness == pytest.approx(summary.colourfulness)
        assert report.grey_psnr == pytest.approx(summary.grey_psnr)
        assert report.truth_colourfulness == pytest.approx(summary.truth)
        assert entry.megabytes == pytest.approx(
            (networks / f"{entry.label}.tflite").stat().st_size / 1e6, abs=1e-3
        )


def test_the_pictures_to_look_at_are_those_that_were_judged(report: Report, folder: Path) -> None:
    *spread, worst = report.shots
    assert [shot.name for shot in spread] == ["0.png", "2.png"]
    assert worst.note == "where int8 is farthest from float32"
    (truth,) = [rgb for name, rgb in data.iterate_pictures([folder]) if name == worst.name]
    views = [worst.grey, *worst.results, worst.truth]
    grey, blueish, _, other, shown = (
        cv2.imdecode(np.frombuffer(view.jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1] for view in views
    )
    assert np.abs(shown.astype(int) - truth).mean() < 6
    assert np.ptp(grey.astype(int), axis=2).max() <= 1
    assert worst.results[2].delta_e_2000 == pytest.approx(float(delta_e_2000(blueish, other).mean()), abs=1)


def test_memory_and_time_are_measured_apart_for_each(networks: Path) -> None:
    path = networks / "float32.tflite"
    one, two = costs([(path, 1), (path, 2)], seconds=0.1)
    assert (one.threads, two.threads) == (1, 2)
    assert 0 < one.milliseconds < 1000
    assert 20 < one.peak_mb < 400  # this process, with TensorFlow in it, has more


def test_a_network_that_dies_while_it_is_measured_says_why(tmp_path: Path) -> None:
    path = constant(tmp_path, "float32", (1, 1))
    path.write_bytes(path.read_bytes()[:-4] + b"zzzz")
    with pytest.raises(NetworkFileError, match=r"can't be measured: .*sha256"):
        costs([(path, 1)])


def test_a_pool_knows_mean_and_percentile() -> None:
    values = np.random.default_rng(3).gamma(2, 3, 40_000).astype(np.float32)
    pool = Pool()
    for part in np.array_split(values, 7):
        pool.add(part)
    assert pool.spread().mean == pytest.approx(values.mean(), rel=1e-4)
    assert pool.spread().p95 == pytest.approx(np.percentile(values, 95), abs=0.011)


def test_the_page_needs_nothing_beside_it(report: Report) -> None:
    html = page(report)
    assert html.count("data:image/jpeg;base64,") == len(report.shots) * 5
    assert not re.findall(r"https?:|src=\"(?!data:)|<link|@import|url\(", html)
    assert "nothing &lt;but&gt; zeros" in html
    for entry in report.entries:
        assert f"<td>{entry.label}" in html
    assert "5.00" in html
    bare = page(replace(report, shots=(), entries=report.entries[:1], refused=(("int8", "won't run"),)))
    assert "data:image" not in bare
    assert "won&#39;t run" in bare


def test_the_command_prints_and_writes(
    networks: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page_file, figures_file = tmp_path / "report.html", tmp_path / "report.json"
    arguments = ["report", str(networks), "--photos", str(folder), "--pictures", "2", "--seconds", "0.01"]
    assert main([*arguments, "--html", str(page_file), "--json", str(figures_file)]) == 0
    printed = capsys.readouterr().out
    assert "float16" in printed
    assert "2 photographs" in printed
    assert "nothing <but> zeros" in printed
    figures = json.loads(figures_file.read_text())
    assert figures["pictures"] == 2
    assert figures["entries"][2]["ab"]["mean"] == pytest.approx(5, abs=1e-3)
    assert "<title>tintcast report: one colour</title>" in page_file.read_text()


def test_what_can_not_be_compared(networks: Path, folder: Path, tmp_path: Path) -> None:
    int8 = networks / "int8.tflite"
    with pytest.raises(ConfigurationError, match="none of these is a float32 network"):
        compare([int8], data.iterate_pictures([folder]), seconds=0.01)
    with pytest.raises(ConfigurationError, match="there are int8"):
        compare([int8], data.iterate_pictures([folder]), seconds=0.01, reference="float32")
    assert (
        compare([int8], data.iterate_pictures([folder]), seconds=0.01, reference="int8").entries[0].label
        == "int8"
    )
    with pytest.raises(InputError, match="no photographs"):
        compare([networks / "float32.tflite"], [])
    with pytest.raises(MissingInput, match="no network in it"):
        expand([str(tmp_path)])


def test_what_the_runtime_refuses_is_told(networks: Path, folder: Path, tmp_path: Path) -> None:
    for name in ("float32", "int8"):
        for kind in (".tflite", ".json"):
            (tmp_path / f"{name}{kind}").write_bytes((networks / f"{name}{kind}").read_bytes())
    broken = tmp_path / "int8.tflite"
    broken.write_bytes(b"    TFL3 not a network")
    manifest = read_manifest(broken.with_suffix(".json"))
    write_manifest(replace(manifest, sha256=file_sha256(broken)), broken.with_suffix(".json"))
    report = compare(expand([str(tmp_path)]), data.iterate_pictures([folder]), seconds=0.01)
    assert [entry.label for entry in report.entries] == ["float32"]
    assert [label for label, _ in report.refused] == ["int8"]
