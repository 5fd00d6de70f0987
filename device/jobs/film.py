"""``tintcast film``: one film, coloured whole in a process of its own; this side imports no codec."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from device.engine import Stop
from device.errors import (
    ConfigurationError,
    FilmCrashed,
    FilmStalled,
    FilmTooLarge,
    Interrupted,
    MissingInput,
    Postponed,
)
from device.jobs.supervise import Crashed, MemoryExceeded, Stalled, Terms, run_child
from device.media.containers import container_for, suffix_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from device.config import Config, FilmSettings
    from device.jobs.film_shots import Shot

#: A broker that went away may stay away for so long (seconds).
_BROKER_S = 330.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a film is.

    ``stage``: opening, checking (is it in colour already?), resuming, colour or joining. ``done``: frames
    coloured, those of earlier runs included; ``total``: frames in all, as far as known. ``rate``: frames per
    second; ``network_ms``: mean time of the network for a frame. ``read``: frames decoded, or packets joined.
    """

    stage: str
    done: int = 0
    total: int | None = None
    rate: float = 0.0
    network_ms: float = 0.0
    read: int = 0


@dataclass(frozen=True, slots=True)
class FilmResult:
    """A finished film.

    ``passed``: frames that passed as they were, in colour already or to be left alone. ``resumed``: frames
    that earlier runs had done; ``notes``: what the user should know.

    ``figures``: flicker, colourfulness and more of what was tinted, as ``colour.measure.running`` has them.

    ``skipped``: why nothing was written, for there was nothing to do.

    ``delivered``: published frames that every one of ``receivers`` has on its disk, None where none were
    published; ``resent``: frames sent more than once.
    """

    frames: int
    seconds: float
    rate: float
    network_ms: float
    passed: int = 0
    resumed: int = 0
    notes: tuple[str, ...] = ()
    delivered: int | None = None
    resent: int = 0
    receivers: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    skipped: str | None = None

    @classmethod
    def of_colour(cls, frames: int, seconds: float) -> Self:
        """The result of a film that is in colour from end to end."""
        rate = frames / seconds if seconds else 0.0
        return cls(frames, seconds, rate, network_ms=0.0, passed=frames, skipped="in colour already")


@dataclass(frozen=True, slots=True)
class FilmTask:
    """What the film's process is told. ``out``: None where its frames are only published.

    ``skip_colour``: nothing is written of a film that is in colour from end to end.
    ``go_without``: where nobody takes the frames that it publishes, the film goes on without.
    ``identity``: as of ``film_identity``, where it is known already. ``receipt``: a file for the result, laid
    down before the film gets its name, so that a film that is there is known to be ours. ``redo``: ``out`` is
    there, and these shots of it, as they are asked for, are to take the place of those that it has.
    """

    source: Path
    out: Path | None
    config: Config
    publish: bool = False
    identity: Mapping[str, Any] | None = None
    receipt: Path | None = None
    go_without: bool = False
    skip_colour: bool = False
    redo: tuple[Shot, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """One line for people."""

    text: str


def colorize_film(
    source: Path,
    out: Path | None,
    config: Config,
    *,
    publish: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    stop: Stop | None = None,
    terms: Terms | None = None,
) -> FilmResult:
    """Colorize the film ``source`` into ``out`` (a file, or a folder that is there), and over MQTT if asked.

    What an interrupted run left in the hidden work folder beside ``out`` is gone on from. ``progress`` is
    called a few times a second, ``say`` with a line for people now and then. ``terms``: what its process may,
    and when.

    Raises every error of ``probe``, NetworkFileError, SpaceError, FilmCrashed, FilmStalled, FilmTooLarge,
    BrokerError where it publishes, ConfigurationError for an ``out`` that can't be, Interrupted once ``stop``
    is set, and what ``terms.leave`` gives.
    """
    if not source.exists():
        raise MissingInput("no such file or folder", where=source)
    film = None if out is None else out_file(source, out, config.film)
    return run_film(
        FilmTask(source.absolute(), film, config, publish),
        progress=progress,
        say=say,
        stop=stop or Stop(),
        terms=terms or Terms(),
    )


def run_film(
    task: FilmTask,
    *,
    progress: Callable[[Progress], None],
    say: Callable[[str], None],
    stop: Stop,
    terms: Terms,
) -> FilmResult:
    """Have ``task`` done by a process of its own; all else as ``colorize_film``, which see."""
    source = task.source
    watch = _Watch(progress, say)
    stall_s = task.config.film.stall_seconds
    if task.publish:
        stall_s = max(stall_s, task.config.publish.acknowledge_seconds + _BROKER_S)
    try:
        module = "device.jobs.redo_child" if task.redo else "device.jobs.film_child"
        result = run_child(module, task, stop, watch.alive, stall_s=stall_s, terms=terms)
    except Postponed:
        raise
    except Interrupted:
        raise Interrupted(hint=_after_interruption(task)) from None
    except Crashed as error:
        raise FilmCrashed(
            f"the process that read it {error.reason}, {watch.place}",
            where=source,
            hint="the film is damaged",
        ) from None
    except MemoryExceeded as error:
        raise FilmTooLarge(
            f"the process that read it {error.reason}, {watch.place}",
            where=source,
            hint="the film is too large for this machine, or damaged",
        ) from None
    except Stalled:
        raise FilmStalled(
            f"no progress for {stall_s:g} s, {watch.place}: given up",
            where=source,
            hint="the film is damaged, or film.stall_seconds too short for this machine",
        ) from None
    if not isinstance(result, FilmResult):
        raise TypeError(type(result))
    return result


def _after_interruption(task: FilmTask) -> str | None:
    """What is to be known of a film that was interrupted."""
    if task.redo:
        return "the film is as it was"
    return None if task.out is None or task.publish else "run it again to go on from here"


class _Watch:
    """What the child says, passed on; and whether it gets anywhere."""

    def __init__(self, progress: Callable[[Progress], None], say: Callable[[str], None]) -> None:
        self._progress = progress
        self._say = say
        self._last = Progress("opening")

    def alive(self, message: Progress | Said) -> bool:
        if isinstance(message, Said):
            self._say(message.text)
            return True
        last, self._last = self._last, message
        self._progress(message)
        return (message.stage, message.done, message.read) != (last.stage, last.done, last.read)

    @property
    def place(self) -> str:
        """Where it was when last heard of."""
        last = self._last
        of = f" of {last.total}" if last.total else ""
        return f"at frame {last.done}{of}" if last.stage == "colour" else f"while {last.stage}"


def out_file(source: Path, out: Path, settings: FilmSettings) -> Path:
    """The file to write for ``out``: itself, or in a folder the source's name, with a fitting suffix.

    Raises ConfigurationError for a kind of file that is not written, a folder that is not there, and for
    the source itself.
    """
    if out.is_dir():
        name = source.resolve().name if source.is_dir() else source.stem
        out = out / (name + suffix_for("" if source.is_dir() else source.suffix, settings))
    container_for(out, settings.codec)
    if not out.parent.is_dir():
        raise ConfigurationError("its folder does not exist", where=out)
    if out.exists() and out.samefile(source):
        raise ConfigurationError("is the film that is read: it would be overwritten", where=out)
    return out.absolute()
