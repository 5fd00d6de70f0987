"""What every job runs on: threads that end together, bounded channels, leases and one first error.

A run has one ``Stop``. Its threads are started by ``Workers``, hand items over by ``Channel`` (nothing is
lost) or ``Slot`` (newest wins), share what is scarce by ``Budget``, and each holds a ``Lease`` that it renews
while it works or rightly waits.
Whatever goes wrong anywhere, the run ends with the first error, within a deadline. What people change while
it runs are ``Switches``; what rests while nobody looks asks ``Interest``, what is paused waits at a ``Gate``.
"""

from device.engine.board import Board, read_board
from device.engine.budget import Budget
from device.engine.channel import Channel, Closed
from device.engine.gate import Gate
from device.engine.interest import Interest
from device.engine.lease import Lease, Leases
from device.engine.signals import stop_on_signals
from device.engine.slot import Slot
from device.engine.stop import POLL_S, Stop, Stopped
from device.engine.switches import Kind, Switches, Thing
from device.engine.watchdog import fail_if_expired
from device.engine.workers import Workers

__all__ = [
    "POLL_S",
    "Board",
    "Budget",
    "Channel",
    "Closed",
    "Gate",
    "Interest",
    "Kind",
    "Lease",
    "Leases",
    "Slot",
    "Stop",
    "Stopped",
    "Switches",
    "Thing",
    "Workers",
    "fail_if_expired",
    "read_board",
    "stop_on_signals",
]
