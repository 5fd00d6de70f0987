"""Compares networks: picks the reference, measures each in its own process, judges them on photographs."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from converter.evaluate import processor
from converter.report.figures import Entry, Report
from converter.report.judge import Tally, judge
from converter.speed import Cost, all_threads, costs
from device.errors import ConfigurationError, MissingInput, NetworkFileError
from device.network import Network, find_network, read_manifest
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from device.network import Manifest
    from device.network.interpreter import Runtime

    Pixels = npt.NDArray[np.uint8]
    Told = Callable[[str, int, int | None], None]


def compare(
    networks: Sequence[Path],
    pictures: Iterable[tuple[str, Pixels]],
    *,
    reference: str | None = None,
    limit: int = 100,
    show: int = 12,
    runtime: Runtime = "auto",
    seconds: float = 2.0,
    photographs: str = "",
    told: Told = lambda *_: None,
) -> Report:
    """Compare networks (.tflite) on at most ``limit`` RGB photographs, and show ``show`` of them.

    ``reference``: the label or name of the network to compare with; None: the float32 one. Each is timed for
    ``seconds``, with one thread and with all. ``told`` hears
    what is done, how much of it, of how much. Raises ConfigurationError where there is no reference,
    NetworkFileError where it can't run, InputError without photographs.
    """
    manifests = [read_manifest(path.with_suffix(".json")) for path in networks]
    labels = _labels(manifests)
    first = _reference(labels, manifests, reference)
    order = sorted(range(len(networks)), key=lambda index: index != first)
    refused: list[tuple[str, str]] = []
    with ExitStack() as stack:
        tallies: list[Tally] = []
        paths: list[Path] = []
        for index in order:
            try:
                network = stack.enter_context(Network.load(networks[index], runtime=runtime))
            except NetworkFileError as error:
                if index == first:
                    raise
                refused.append((labels[index], str(error)))
                continue
            tallies.append(Tally(labels[index], network))
            paths.append(networks[index])
        judged = judge(tallies, islice(pictures, limit), show, lambda done: told("photographs", done, limit))
        told("speed, each network in its turn", 0, None)
        measured = costs(
            [(path, threads) for path in paths for threads in (1, all_threads())], runtime, seconds=seconds
        )
        entries = tuple(
            _entry(tally, tallies[0], path, both)
            for tally, path, both in zip(
                tallies, paths, zip(measured[::2], measured[1::2], strict=True), strict=True
            )
        )
        used = tallies[0].network.runtime
    source = manifests[first]
    return Report(
        title=source.architecture if len({m.architecture for m in manifests}) == 1 else "several networks",
        entries=entries,
        refused=tuple(refused),
        shots=judged.shots,
        pictures=judged.count,
        photographs=photographs,
        grey_psnr=judged.grey_psnr,
        truth_colourfulness=judged.truth,
        weights=f"{source.source.weights}, sha256 {source.source.sha256[:12]}",
        data=source.data,
        machine=processor(),
        runtime=used,
        version=version(),
    )


def expand(named: Sequence[str]) -> list[Path]:
    """The networks that are meant: by name, by path, or all in a folder; each once."""
    found: list[Path] = []
    for each in named:
        folder = Path(each)
        if folder.is_dir():
            inside = sorted(folder.glob("*.tflite"))
            if not inside:
                raise MissingInput(
                    "no network in it", where=folder, hint="tintcast-convert convert makes some"
                )
            found.extend(inside)
        else:
            found.append(find_network(each))
    return list(dict.fromkeys(found))


def _labels(manifests: Sequence[Manifest]) -> list[str]:
    """The recipes, where they tell the networks apart, else their names."""
    recipes = [manifest.recipe.split()[0] for manifest in manifests]
    one = len({manifest.architecture for manifest in manifests}) == 1
    labels = recipes if one and len(set(recipes)) == len(recipes) else [each.name for each in manifests]
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise ConfigurationError(f"two networks are called {twice[0]}", hint="convert one by another --name")
    return labels


def _reference(labels: Sequence[str], manifests: Sequence[Manifest], wanted: str | None) -> int:
    names = [manifest.name for manifest in manifests]
    if wanted is not None:
        for known in (labels, names):
            if wanted in known:
                return known.index(wanted)
        raise ConfigurationError(
            f"no network {wanted!r} to compare with", hint=f"there are {', '.join(labels)}"
        )
    for index, manifest in enumerate(manifests):
        if manifest.recipe.split()[0] == "float32":
            return index
    raise ConfigurationError(
        "none of these is a float32 network to compare with",
        hint=f"convert one with --recipe float32, or name one of {', '.join(labels)} by --reference",
    )


def _entry(tally: Tally, reference: Tally, path: Path, both: tuple[Cost, Cost]) -> Entry:
    colour = float(np.mean(tally.colourfulness))
    itself = tally is reference
    return Entry(
        label=tally.label,
        name=tally.network.manifest.name,
        recipe=tally.network.manifest.recipe,
        megabytes=round(path.stat().st_size / 1e6, 3),
        one_thread=both[0],
        all_threads=both[1],
        ab=None if itself else tally.ab.spread(),
        delta_e_2000=None if itself else tally.delta_e_2000.spread(),
        colourfulness=colour,
        change=colour - float(np.mean(reference.colourfulness)),
        psnr=float(np.mean(tally.psnr)),
    )
