"""Ends a run when a lease runs out: a stuck thread never hangs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.errors import Stuck

if TYPE_CHECKING:
    from device.engine.lease import Leases
    from device.engine.stop import Stop


def fail_if_expired(leases: Leases, stop: Stop) -> None:
    """Fail ``stop`` when a lease has run out, saying whose, and what the others were doing."""
    expired = leases.expired()
    if expired and not stop.is_set():
        names = ", ".join(expired)
        stop.fail(Stuck(f"stuck in {names}, the run was ended", hint=leases.status()))
