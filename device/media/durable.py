"""Files that are there whole, or not at all, whenever the plug is pulled."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from device.errors import TintcastError, from_os_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


#: So much of a large file may wait for the disk at a time: a slow card takes seconds for it, not minutes.
_AT_ONCE = 32 << 20


class PartFile:
    """A file that is written with ``.part`` behind its name until ``commit``; ``file`` is what to write to.

    Raises a TintcastError where it can't be written: SpaceError on a full disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._part = path.with_name(path.name + ".part")
        with writable(path):
            self._part.unlink(missing_ok=True)  # it may be a link, or a pipe that nobody reads
            self.file = self._part.open("x+b")
        self._on_disk = 0

    def keep_up(self) -> None:
        """Bring to the disk what was written, once that is much: so there is little left for ``commit``.

        For a file that is written from start to end; often called, it costs next to nothing. Raises OSError.
        """
        written = os.fstat(self.file.fileno()).st_size
        if written - self._on_disk >= _AT_ONCE:
            os.fdatasync(self.file.fileno())
            self._on_disk = written

    def commit(self) -> None:
        """Bring the file to the disk, and then under its own name."""
        with writable(self.path):
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            move(self._part, self.path)

    def discard(self) -> None:
        """Leave nothing of it."""
        with contextlib.suppress(OSError):
            self.file.close()
        with contextlib.suppress(OSError):
            self._part.unlink(missing_ok=True)


@contextlib.contextmanager
def writable(path: object) -> Iterator[None]:
    """Turn an OSError inside the block into the error of the tree that it is, about ``path``."""
    try:
        yield
    except TintcastError:
        raise  # one of ours that is an OSError, too: of what is read meanwhile
    except OSError as error:
        raise from_os_error(error, where=path, doing="can't be written") from None


def write_bytes(path: Path, data: bytes) -> None:
    """Write a small file; errors as ``PartFile``."""
    part = PartFile(path)
    try:
        with writable(path):
            part.file.write(data)
        part.commit()
    except BaseException:
        part.discard()
        raise


def copy_file(source: Path, target: Path) -> None:
    """Copy a file's content byte for byte; errors as ``PartFile``."""
    part = PartFile(target)
    try:
        with writable(target), source.open("rb") as file:
            shutil.copyfileobj(file, part.file, 1 << 20)
        part.commit()
    except BaseException:
        part.discard()
        raise


def set_times(path: Path, accessed_ns: int, modified_ns: int) -> None:
    """Give a file its times, also after a power cut."""
    with path.open("rb") as file:
        os.utime(file.fileno(), ns=(accessed_ns, modified_ns))
        os.fsync(file.fileno())


def move(source: Path, target: Path) -> None:
    """Give a file on the disk its name, also after a power cut. Both must be on one file system."""
    source.replace(target)
    number = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
