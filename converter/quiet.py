"""Holds back what native libraries log to standard error by themselves; all else is passed on."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: absl's lines (I0000 00:00:... file.cc:1]), what it says before it is set up, and two greetings.
_CHATTER = re.compile(rb"[IWE]\d{4} [\d:.]+|WARNING: All log messages before absl|INFO: |To enable ")


@contextmanager
def without_chatter() -> Iterator[None]:
    """For a block in one thread: standard error, file descriptor 2, without the libraries' own log lines."""
    sys.stderr.flush()
    before = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
            held.seek(0)
            for line in held:
                if not _CHATTER.match(line):
                    os.write(2, line)


def import_tensorflow() -> None:
    """Import TensorFlow and let it look for devices, so that it has nothing left to say later."""
    with without_chatter():
        import tensorflow as tf  # noqa: PLC0415 - takes seconds: only for commands that need it

        tf.config.list_physical_devices()
