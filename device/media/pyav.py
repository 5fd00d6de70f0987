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

#: Whether films can be encoded: on 32-bit machines its x264 is missing (ARM) or crashes (x86).
HAS_H264 = sys.maxsize > 2**32 and "libx264" in av.codecs_available
