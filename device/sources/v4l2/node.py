"""A V4L2 device node: opening it, asking it, and what its errors mean."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from device.errors import SourceLost
from device.sources.v4l2 import abi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Entry = TypeVar("Entry", bound=ctypes.Structure)

#: No device offers more formats, sizes or rates than this; who never ends its list is cut off here.
_MOST: Final = 256
_GONE: Final = {errno.ENODEV, errno.ENXIO, errno.ESHUTDOWN}
_STOPPED: Final = {errno.EIO, errno.EPIPE, errno.EPROTO}


class Node:
    """The open node at ``path``, which captures; every error is a SourceLost that says what is wrong with it.

    ``number``: its descriptor; ``kind``: of its buffers; ``piped``: it is part of a pipeline that others set
    up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.number = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise self.refusal(error) from None
        try:
            found = self._capability()
        except BaseException:
            os.close(self.number)
            raise
        can = _abilities(found)
        self.card: str = found.card.decode(errors="replace")
        self.driver: str = found.driver.decode(errors="replace")
        self.kind = abi.CAPTURE if can & abi.Can.CAPTURE else abi.CAPTURE_MULTI
        self.piped = bool(can & abi.Can.IO_MC)

    @property
    def multi(self) -> bool:
        """Whether its planes may lie apart: it is spoken to differently then."""
        return self.kind == abi.CAPTURE_MULTI

    def close(self) -> None:
        """Close it; once is enough."""
        if self.number >= 0:
            os.close(self.number)
            self.number = -1

    def call(self, request: int, argument: abi.Argument) -> None:
        """Make one request."""
        try:
            self.try_call(request, argument)
        except OSError as error:
            raise self.refusal(error) from None

    def try_call(self, request: int, argument: abi.Argument) -> None:
        """Make one request; a signal in between only has it made again. Raises OSError."""
        while True:
            try:
                fcntl.ioctl(self.number, request, argument)  # type: ignore[call-overload, unused-ignore]
            except InterruptedError:
                continue
            return

    def listed(self, request: int, entry: Callable[[int], Entry]) -> Iterator[Entry]:
        """The entries of one of the driver's lists; ``entry`` makes the question for one by its number."""
        for number in count():
            found = entry(number)
            try:
                self.try_call(request, found)
            except OSError:
                return
            yield found
            if number == _MOST:
                return

    def set_control(self, number: int, value: int) -> bool:
        """Set a control; whether the device has it."""
        with contextlib.suppress(OSError):
            self.try_call(abi.S_CTRL, abi.Control(id=number, value=value))
            return True
        return False

    def refusal(self, error: OSError) -> SourceLost:
        """What an error means."""
        if error.errno == errno.ENOENT:
            return SourceLost("no such device", where=self.path, hint="is it plugged in?")
        if error.errno in {errno.EACCES, errno.EPERM}:
            hint = "its users are in the group video: sudo usermod -aG video USER, then log in again"
            return SourceLost("no permission to open it", where=self.path, hint=hint)
        if error.errno == errno.EBUSY:
            return SourceLost("is in use by another program", where=self.path, hint="close that one")
        if error.errno in _GONE:
            return SourceLost("is gone", where=self.path, hint="is it still plugged in?")
        if error.errno in _STOPPED:
            return SourceLost("has stopped giving frames", where=self.path)
        return SourceLost(f"does not answer: {error.strerror}", where=self.path)

    def _capability(self) -> abi.Capability:
        """What the node is; only of one that captures."""
        found = abi.Capability()
        try:
            self.try_call(abi.QUERYCAP, found)
        except OSError:
            raise SourceLost("is no V4L2 device", where=self.path) from None
        can = _abilities(found)
        if not can & (abi.Can.CAPTURE | abi.Can.CAPTURE_MPLANE) or can & (abi.Can.M2M | abi.Can.M2M_MPLANE):
            raise SourceLost("is no camera: it captures no pictures", where=self.path)
        if not can & abi.Can.STREAMING:
            raise SourceLost("is a camera that can't stream", where=self.path)
        return found


def _abilities(found: abi.Capability) -> int:
    """What this node can do, rather than all nodes of its device together."""
    of_node = found.capabilities & abi.Can.DEVICE_CAPS
    return int(found.device_caps if of_node else found.capabilities)


def nodes() -> list[Path]:
    """Paths of the system's video nodes, by number."""
    found = (path for path in Path("/dev").glob("video*") if path.name[5:].isdecimal())
    return sorted(found, key=lambda path: int(path.name[5:]))
