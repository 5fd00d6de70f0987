from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from colour_films import make_colour_film
from films import make_film

from device.cli import main
from device.colour.measure.meter import Figures
from device.engine import Stop
from device.errors import InputError, Interrupted, MissingInput
from device.jobs.evaluate_film import evaluate_film, films_of
from device.jobs.film_figures import FilmFigures, summarized
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    with Network.load("compact", threads=1) as loaded:
        yield loaded


def evaluate(
    path: Path,
    network: Network,
    *,
    steadiness: float | None = 0.9,
    every: int = 1,
    frames: int | None = None,
    stop: Stop | None = None,
) -> FilmFigures:
    return evaluate_film(
        path,
        network,
        steadiness=steadiness,
        every=every,
        frames=frames,
        stop=stop or Stop(),
        progress=lambda _done, _total: None,
    )


def test_a_grey_film_comes_out_steadier(network: Network, demo_film: Path) -> None:
    told = evaluate(demo_film, network, frames=16)
    assert (told.film, told.frames, told.shots) == ("demo.mp4", 16, 1)
    assert set(told.ways) == {"predicted", "steady", "ahead", "grey"}
    predicted, steady, ahead, grey = (told.ways[way] for way in ("predicted", "steady", "ahead", "grey"))
    assert predicted.warp_error is not None
    assert steady.warp_error is not None
    assert ahead.warp_error is not None
    assert 0 < steady.warp_error < 0.7 * predicted.warp_error < 20
    assert 0 < ahead.warp_error < steady.warp_error
    assert ahead.largest_step is not None
    assert ahead.warp_error < ahead.largest_step < (predicted.largest_step or 0)
    assert predicted.cdc is not None
    assert grey.cdc is not None
    assert predicted.cdc > 0 < grey.cdc
    assert grey.colourfulness == pytest.approx(0, abs=0.1)
    assert grey.warp_error is predicted.psnr is predicted.delta_e is None


def test_a_film_in_colour_is_made_grey_and_held_against_itself(network: Network, tmp_path: Path) -> None:
    film = tmp_path / "two.mkv"
    make_colour_film(film, [(14, "colour"), (14, "colour")], size=(160, 120))
    told = evaluate(film, network, every=4)
    assert told.shots == 2
    assert list(told.ways) == ["predicted", "steady", "carried", "ahead", "carried ahead", "truth", "grey"]
    psnr = {way: figures.psnr for way, figures in told.ways.items()}
    assert all(psnr[way] is not None for way in told.ways)
    assert max(psnr, key=lambda way: psnr[way] or 0) == "truth"
    assert told.ways["truth"].warp_error is not None
    for way in ("carried", "carried ahead"):
        distance = told.ways[way].delta_e
        assert distance is not None
        assert 0 < distance < 20
    assert told.ways["steady"].delta_e is None


def test_smoothing_that_is_off_changes_nothing(network: Network, demo_film: Path) -> None:
    told = evaluate(demo_film, network, steadiness=0.0, frames=8)
    assert told.ways["steady"] == told.ways["ahead"] == told.ways["predicted"]


def test_the_network_alone_is_measured_without_smoothing(network: Network, demo_film: Path) -> None:
    told = evaluate(demo_film, network, steadiness=None, every=4, frames=8)
    assert set(told.ways) == {"predicted", "grey"}


def test_a_film_too_short_to_judge_is_named(network: Network, tmp_path: Path) -> None:
    film = tmp_path / "one.mkv"
    make_film(film, count=1)
    with pytest.raises(InputError, match=r"one\.mkv.*too few"):
        evaluate(film, network)


def test_a_stop_ends_it(network: Network, demo_film: Path) -> None:
    stop = Stop()
    stop.request()
    with pytest.raises(Interrupted):
        evaluate(demo_film, network, stop=stop)


def test_of_a_folder_films_of_two_seconds_are_taken(tmp_path: Path) -> None:
    make_film(tmp_path / "b.mkv", count=50)
    make_film(tmp_path / "a.mkv", count=60)
    make_film(tmp_path / "short.mkv", count=40)
    (tmp_path / "notes.txt").write_text("no film")
    (tmp_path / "folder").mkdir()
    assert [path.name for path in films_of([tmp_path])] == ["a.mkv", "b.mkv"]
    assert films_of([tmp_path / "short.mkv"]) == [tmp_path / "short.mkv"]
    with pytest.raises(MissingInput, match="nowhere"):
        films_of([tmp_path / "nowhere"])
    with pytest.raises(InputError, match="no films"):
        films_of([tmp_path / "folder"])


def figures(warp: float, psnr: float | None = None, colourful: float = 30) -> Figures:
    return Figures(warp_error=warp, cdc=1, colourfulness=colourful, psnr=psnr, delta_e=None)


def test_all_films_are_summed_up() -> None:
    halved = FilmFigures("a", 9, 1, 1, {"predicted": figures(4), "steady": figures(1.9, colourful=27)})
    as_truth = {"predicted": figures(4, 20), "steady": figures(3.5, 20.5), "truth": figures(3, 40)}
    neither = {"predicted": figures(4, 21), "steady": figures(3.7, 20.9), "truth": figures(3, 40)}
    films = [halved, *(FilmFigures("b", 9, 1, 1, ways) for ways in (as_truth, neither))]
    told = summarized(films, "steady")
    assert told is not None
    assert (told.films, told.held) == (3, 2)
    assert told.left == pytest.approx(3.5 / 4)
    assert told.palest == pytest.approx(-0.1)
    assert told.more_colourful == 0
    assert told.closer == pytest.approx(0.2)
    assert told.farthest == pytest.approx(-0.1)
    assert summarized(films, "carried") is None
    against = summarized(films, "steady", "truth")
    assert against is not None
    assert (against.films, against.of) == (2, "truth")
    assert against.closer == pytest.approx((20.5 + 20.9) / 2 - 40)


def test_the_command_prints_a_table_or_json(demo_film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["evaluate-film", str(demo_film), "--frames", "8", "--colour-every", "4", "--steadiness", "0.5"]
    assert main(given) == 0
    shown = capsys.readouterr().out
    for word in ("demo.mp4", "8 frames", "predicted", "steady", "carried, every 4", "grey", "warp error"):
        assert word in shown
    assert " ahead, every 4 " in shown
    assert "ahead against steady, 1 film:" in shown
    assert main([*given, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (film,) = told["films"]
    assert film["frames"] == 8
    assert film["ways"]["steady"]["warp_error"] < film["ways"]["predicted"]["warp_error"]
    assert [(each["way"], each["of"]) for each in told["summary"]] == [
        *((way, "predicted") for way in ("steady", "carried", "ahead", "carried ahead")),
        ("ahead", "steady"),
        ("carried ahead", "carried"),
    ]


def test_a_real_film_is_held_steady(shared: Path, network: Network) -> None:
    """And as strong, and no farther from its own colour."""
    told = evaluate(shared / "data" / "videos" / "flipping_a_pancake.mkv", network, every=8, frames=24)
    left, carried = told.left("steady"), told.left("carried")
    assert left is not None
    assert carried is not None
    assert (told.left("ahead", "steady") or 1) < 0.9
    assert (told.left("carried ahead", "carried") or 1) < 0.9
    assert (told.step("carried ahead", "carried") or 1) < 0.6
    assert (told.more_colourful("carried ahead", "carried") or 0) > 0
    assert told.held("steady")
    assert left < 0.5
    assert carried < 0.7
    assert (told.more_colourful("steady") or 0) > -0.05
    assert (told.closer("steady") or 0) > -0.1
