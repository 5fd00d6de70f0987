"""Values that JSON held and that anybody may have changed: each is what it has to be, or is refused.

Every function raises TypeError or ValueError for anything else.
"""

from __future__ import annotations

import json
import os
from pathlib import PurePath
from typing import Any

#: So deep do lists and mappings lie in each other.
_DEEPEST = 12
#: No number of ours is larger.
_LARGEST = 1 << 64


def shallow(value: Any, left: int = _DEEPEST) -> Any:
    """A value that whoever goes through it comes to the end of."""
    if not left:
        raise ValueError("too deep")
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            shallow(each, left - 1)
    return value


def whole(value: Any) -> int:
    """A whole number."""
    if type(value) is not int or abs(value) > _LARGEST:
        raise TypeError("no whole number")
    return value


def number(value: Any) -> float:
    """A number that is finite."""
    if type(value) not in {int, float} or not abs(value) <= _LARGEST:
        raise TypeError("no number")
    return float(value)


def truth(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise TypeError("neither true nor false")
    return value


def text(value: Any) -> str:
    """A text."""
    if type(value) is not str:
        raise TypeError("no text")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """Values by their names."""
    if type(value) is not dict:
        raise TypeError("no mapping")
    return value


def sections(value: Any) -> dict[str, dict[str, Any]]:
    """Settings, section by section."""
    return {name: mapping(keys) for name, keys in mapping(value).items()}


def figures(value: Any) -> dict[str, float | None]:
    """Numbers by their names, some of them unknown."""
    for each in mapping(value).values():
        if each is not None:
            number(each)
    return dict(value)


def names(value: Any) -> Any:
    """A value in which every text could be a file's name, and be shown."""
    os.fsencode(json.dumps(value, ensure_ascii=False))
    return value


def below(value: Any) -> str:
    """A path that leads to some place below a folder, or to the folder itself."""
    path = PurePath(text(value))
    if path.is_absolute() or ".." in path.parts or "\0" in value:
        raise ValueError("leads elsewhere")
    return str(value)
