"""What was read back from a disk, which may have been damaged or edited: whether it is what we write."""

from __future__ import annotations

import json
import os
from pathlib import PurePath
from typing import Any, TypeGuard

#: Nothing that we write is nested deeper.
_DEEPEST = 12
_LARGEST = 1 << 63


def check_strings(values: Any) -> None:
    """See that every string in ``values``, as JSON had it, is one that a file's name could be.

    Raises ValueError; RecursionError where they are nested too deep.
    """
    os.fsencode(json.dumps(values, ensure_ascii=False))


def is_path(value: object) -> TypeGuard[str]:
    """Whether it is a path below some folder, or that folder itself."""
    if not isinstance(value, str) or "\0" in value:
        return False
    path = PurePath(value)
    return not path.is_absolute() and ".." not in path.parts


def is_number(value: object) -> bool:
    """Whether it is a number that can be reckoned with: finite, and not beyond 64 bits."""
    return isinstance(value, int | float) and -_LARGEST <= value < _LARGEST


def is_plain(value: object) -> bool:
    """Whether it is a dictionary, its own ones no deeper than we write."""
    return isinstance(value, dict) and _is_shallow(value, _DEEPEST)


def _is_shallow(value: object, deepest: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return deepest > 0 and all(_is_shallow(each, deepest - 1) for each in inner)
