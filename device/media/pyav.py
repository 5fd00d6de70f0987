"""What versions of PyAV do differently, said once."""

from __future__ import annotations

import sys
from typing import Any

import av

_MAJOR = int(av.__version__.partition(".")[0])

#: For ``av.open``: before PyAV 19 a title that is not UTF-8 is an error unless this is said; from then on it
#: can't be said.
ANY_TITLE: dict[str, Any] = {"metadata_errors": "replace"} if _MAJOR < 19 else {}

#: For ``reformat``: from PyAV 17 on several threads turn a frame, and each writes some samples beyond its
#: rows, over those that another has already written. One alone does it right.
ALONE: dict[str, Any] = {"threads": 1} if _MAJOR >= 17 else {}


def encodes(encoder: str) -> bool:
    """Whether there is this encoder: on 32-bit machines libraries are missing (ARM) or crash (x86)."""
    return encoder in av.codecs_available and (sys.maxsize > 2**32 or not encoder.startswith("lib"))
