from __future__ import annotations

import os
from typing import TYPE_CHECKING

from converter.quiet import without_chatter

if TYPE_CHECKING:
    import pytest


def test_libraries_chatter_is_dropped_and_all_else_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with without_chatter():
        os.write(2, b"I0000 00:00:1795260767.311016   28948 port.cc:153] oneDNN custom operations are on.\n")
        os.write(2, b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n")
        os.write(2, b"terminate called after throwing\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "terminate called after throwing\nafter\n"
