"""``tintcast demo``: a film through the whole house, over a broker in this process to our own receiver."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from device.engine import Leases, Stop, Workers
from device.errors import Interrupted, TintcastError, from_os_error
from device.jobs.film import FilmResult, Progress, colorize_film, out_file
from device.jobs.receive import Received, ReceivePlan, Watch, receive
from device.media.contact import BeforeAfter, spread, write_contact_sheet
from device.media.facts import read_facts
from device.mqtt.broker import EmbeddedBroker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.config import Config
    from device.engine import Lease

#: Under which name the demo's receiver acknowledges.
RECEIVER = "demo"
#: How long the receiver may take to end once the film is delivered, in seconds.
_GOODBYE_S = 30.0


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo left behind: the tinted film, the received JPEGs and the contact sheet."""

    film: FilmResult
    received: Received
    film_path: Path
    frames_folder: Path
    sheet_path: Path


def demo(
    source: Path,
    folder: Path,
    config: Config,
    *,
    stop: Stop,
    say: Callable[[str], None],
    progress: Callable[[Progress, int], None],
) -> DemoResult:
    """Colorize the film ``source`` into ``folder``, send and receive its frames, show before and after.

    ``progress(film, received)``: how far the film is, and how many frames were received. What an earlier demo
    left in ``folder`` under the same names is replaced.

    Raises what ``colorize_film`` and ``receive`` raise, and Interrupted once ``stop`` is set.
    """
    receiving = folder / ".receiving"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(receiving, ignore_errors=True)
    except OSError as error:
        raise from_os_error(error, where=folder, doing="can't make the folder") from None
    film_path = out_file(source, folder, config.film)
    counter = _Counter()
    arrived: list[Received] = []
    try:
        with EmbeddedBroker() as broker:
            ours = _towards(config, broker)
            plan = ReceivePlan(
                address=broker.address,
                base=ours.mqtt.base,
                name=RECEIVER,
                out=receiving,
                once=True,
                largest=round(ours.receive.max_frame_mb * 2**20),
            )
            workers = Workers(stop, Leases())

            def receiver(lease: Lease) -> None:
                arrived.append(receive(plan, Watch(stop, _quiet, counter.set, lease)))

            workers.start("receiver", receiver, lease_s=_GOODBYE_S)
            try:
                film = colorize_film(
                    source,
                    film_path,
                    ours,
                    publish=True,
                    progress=lambda now: progress(now, counter.frames),
                    say=say,
                    stop=stop,
                )
            except BaseException as error:  # noqa: BLE001 - ends the receiver, too; raised by join
                stop.fail(error)
            workers.join(_GOODBYE_S)
        if stop.requested or not arrived:
            raise Interrupted
        frames_folder = _keep_frames(arrived[0], folder)
        sheet_path = _draw_sheet(source, frames_folder, folder, config.network.name)
    finally:
        shutil.rmtree(receiving, ignore_errors=True)
    return DemoResult(film, arrived[0], folder / film_path.name, frames_folder, sheet_path)


def _quiet(_line: str) -> None:
    """The sender's lines are enough: both sides are here."""


class _Counter:
    """Frames that the receiver has on disk."""

    def __init__(self) -> None:
        self.frames = 0

    def set(self, frames: int, _of: int | None) -> None:
        self.frames = frames


def _towards(config: Config, broker: EmbeddedBroker) -> Config:
    """``config`` with the demo's own broker and receiver instead of those that are set."""
    address = broker.address
    local = {
        "host": address.host,
        "port": address.port,
        "protocol": "3.1.1",
        "tls": False,
        "user": None,
        "password_file": None,
    }
    return config.model_copy(
        update={
            "mqtt": config.mqtt.model_copy(update=local),
            "publish": config.publish.model_copy(update={"to": (RECEIVER,)}),
        }
    )


def _keep_frames(received: Received, folder: Path) -> Path:
    """Move the received film's JPEGs to ``frames``, in the place of an earlier demo's."""
    frames = folder / "frames"
    try:
        if frames.exists():
            shutil.rmtree(frames)
        received.folders[0].rename(frames)
    except OSError as error:
        raise from_os_error(error, where=frames, doing="can't be replaced") from None
    return frames


def _draw_sheet(source: Path, frames: Path, folder: Path, network: str) -> Path:
    """Before and after of frames spread over the film, from the JPEGs that were received."""
    jpegs = sorted(frames.glob("*.jpg"))
    if not jpegs:
        raise TintcastError("no frames arrived", where=frames)
    pairs = [_before_after(jpegs[number].read_bytes(), number) for number in spread(len(jpegs))]
    sheet = folder / "contact-sheet.png"
    write_contact_sheet(sheet, pairs, title=source.name, detail=f"as it was, and tinted by network {network}")
    return sheet


def _before_after(jpeg: bytes, number: int) -> BeforeAfter:
    own_colour = read_facts(jpeg).own_colour
    note = f"frame {number}, in its own colour" if own_colour else f"frame {number}"
    return BeforeAfter.of_jpeg(jpeg, note, own_colour=own_colour)
