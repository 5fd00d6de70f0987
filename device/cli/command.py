"""How a command runs: every failure is one line on standard error and an exit code of ``device.errors``."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from device.errors import CameraWedged, TintcastError, from_misfit

if TYPE_CHECKING:
    import typer


class LeftBehind(SystemExit):
    """A command that has ended well, but for a thread that could keep the process from ending."""

    def __init__(self) -> None:
        super().__init__(0)


def run_command(app: typer.Typer, name: str, arguments: list[str] | None = None) -> int:
    """Run the command line ``app`` under ``name`` and return its exit code; raises nothing but Ctrl-C."""
    try:
        app(arguments)
    except LeftBehind:
        _end_now(0)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except TintcastError as error:
        sys.stderr.write(f"{name}: {error}\n")
        if isinstance(error, CameraWedged):
            _end_now(error.exit_code)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence: report our own bug as one
        if (misfit := from_misfit(error)) is not None:
            sys.stderr.write(f"{name}: {misfit}\n")
            return misfit.exit_code
        if logging.getLogger().isEnabledFor(logging.DEBUG):
            traceback.print_exc()
        bug = TintcastError(
            f"a mistake of ours: {type(error).__name__}: {error}",
            hint="run it with -v and report what it prints",
        )
        sys.stderr.write(f"{name}: {bug}\n")
        return bug.exit_code
    return 0


def _end_now(code: int) -> NoReturn:
    """End the process: what is stuck could keep an ordinary end from ever coming."""
    with contextlib.suppress(OSError):  # who read it may be gone
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(code)


def start_logging(*, verbose: bool) -> None:
    """Log to standard error: warnings, or everything."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    # These log what we report ourselves, in our own words.
    for library in ("amqtt", "transitions", "libav", "picamera2"):
        logging.getLogger(library).setLevel(logging.DEBUG if verbose else logging.CRITICAL)
