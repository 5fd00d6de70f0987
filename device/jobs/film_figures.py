"""What ``tintcast evaluate-film`` tells of films: one by one, and all together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from device.colour.measure.meter import Figures

#: Ways to colour a film: each frame by itself; smoothed; smoothed, with a prediction for some frames only;
#: these two in both directions; its own colour; none.
PREDICTED: Final = "predicted"
STEADY: Final = "steady"
CARRIED: Final = "carried"
AHEAD: Final = "ahead"
CARRIED_AHEAD: Final = "carried ahead"
TRUTH: Final = "truth"
GREY: Final = "grey"

#: A film is held steady where smoothing leaves so much of the warp error, or so much of the truth's own.
_LEFT: Final = 0.5
_OF_TRUTH: Final = 1.2
#: A film paler by this share, or by so many dB farther from its own colour, has lost something by it.
_PALER: Final = 0.05
_WORSE_DB: Final = 0.1


@dataclass(frozen=True, slots=True)
class FilmFigures:
    """A film's figures by the way it was coloured; ``every``: of so many frames one is predicted in CARRIED.

    ``delta_e`` of CARRIED is taken to STEADY, that of CARRIED_AHEAD to AHEAD.
    """

    film: str
    frames: int
    shots: int
    every: int
    ways: dict[str, Figures]

    def left(self, way: str, of: str = PREDICTED) -> float | None:
        """Warp error of one way, as a share of another's; None where either has none."""
        one, other = self.ways.get(way), self.ways.get(of)
        if one is None or other is None or one.warp_error is None or not other.warp_error:
            return None
        return one.warp_error / other.warp_error

    def held(self, way: str) -> bool:
        """Whether ``way`` at least halves the warp error, or is within 20 % of the truth's own."""
        left, of_truth = self.left(way), self.left(way, TRUTH)
        return (left is not None and left <= _LEFT) or (of_truth is not None and of_truth <= _OF_TRUTH)

    def more_colourful(self, way: str, of: str = PREDICTED) -> float | None:
        """Change of colourfulness against another way, as a share."""
        one, other = self.ways.get(way), self.ways[of].colourfulness
        return None if one is None or not other else one.colourfulness / other - 1

    def closer(self, way: str, of: str = PREDICTED) -> float | None:
        """Change of PSNR against another way, in dB."""
        one, other = self.ways.get(way), self.ways[of].psnr
        return None if one is None or one.psnr is None or other is None else one.psnr - other

    def step(self, way: str, of: str = PREDICTED) -> float | None:
        """The largest step of colour from a frame to the next by one way, as a share of another's."""
        one, other = self.ways.get(way), self.ways.get(of)
        if one is None or other is None or one.largest_step is None or not other.largest_step:
            return None
        return one.largest_step / other.largest_step

    def as_json(self) -> dict[str, Any]:
        """All of it in values that JSON holds."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Summary:
    """One way to colour films against another, over all; medians and worst of what ``FilmFigures`` tells.

    ``held``, ``pale`` and ``worse``: in how many films the warp error is held, and colour or PSNR is lost.
    """

    way: str
    of: str
    films: int
    held: int
    left: float | None
    step: float | None
    more_colourful: float | None
    palest: float | None
    closer: float | None
    farthest: float | None
    delta_e: float | None
    pale: int
    worse: int

    def lines(self) -> list[str]:
        """What it says, for people."""
        beside = "" if self.of == PREDICTED else f" against {self.of}"
        said = [f"{self.way}{beside}, {self.films} film{'' if self.films == 1 else 's'}:"]
        if self.left is not None:
            held = f"; halved, or within 20 % of the truth's own, in {self.held}" if not beside else ""
            said.append(f"  warp error {self.left:.2f} of what it was (median){held}")
        if self.step is not None:
            said.append(f"  largest step from a frame to the next {self.step:.2f} of what it was (median)")
        if self.more_colourful is not None and self.palest is not None:
            said.append(
                f"  colourfulness {self.more_colourful:+.1%} (median), {self.palest:+.1%} (worst); "
                f"paler by {_PALER:.0%} or more: {self.pale}"
            )
        if self.closer is not None and self.farthest is not None:
            said.append(
                f"  PSNR {self.closer:+.2f} dB (median), {self.farthest:+.2f} dB (worst); "
                f"worse by more than {_WORSE_DB:g} dB: {self.worse}"
            )
        if self.delta_e is not None and not beside:
            said.append(f"  dE2000 {self.delta_e:.2f} from the colour of every frame's prediction (median)")
        return said


def summarized(films: Sequence[FilmFigures], way: str, of: str = PREDICTED) -> Summary | None:
    """All films by one way against another; None where none was coloured so."""
    those = [film for film in films if way in film.ways and of in film.ways]
    if not those:
        return None
    colourful = [film.more_colourful(way, of) for film in those]
    closer = [film.closer(way, of) for film in those]
    return Summary(
        way=way,
        of=of,
        films=len(those),
        held=sum(film.held(way) for film in those),
        left=_over(median, (film.left(way, of) for film in those)),
        step=_over(median, (film.step(way, of) for film in those)),
        more_colourful=_over(median, colourful),
        palest=_over(min, colourful),
        closer=_over(median, closer),
        farthest=_over(min, closer),
        delta_e=_over(median, (film.ways[way].delta_e for film in those)),
        pale=sum(change is not None and change <= -_PALER for change in colourful),
        worse=sum(change is not None and change < -_WORSE_DB for change in closer),
    )


def _over(what: Callable[[list[float]], float], values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return what(known) if known else None
