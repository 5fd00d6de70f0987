"""What a command said on standard error."""

from __future__ import annotations

import re


def complaints(said: str) -> str:
    """``said`` without the lines that tell how far a command is, which it prints where work takes long."""
    return re.sub(r"^[^:\n]+: \d+(/\d+)?( .*)?\n", "", said, flags=re.MULTILINE)
