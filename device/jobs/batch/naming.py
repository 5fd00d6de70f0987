"""Names of files as people, pages, topics and shells can have them: a file's own name may be anything."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from urllib.parse import quote_from_bytes

_JOB_NAME = 40
_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


def shown(name: str | os.PathLike[str]) -> str:
    """``name`` to read, in one line: what is no text or can't be printed becomes U+FFFD or a space."""
    text, lost = os.fsencode(name).decode("utf-8", "replace"), "\N{REPLACEMENT CHARACTER}"
    return "".join(c if c.isprintable() else " " if c.isspace() else lost for c in text)


def href(name: str | os.PathLike[str]) -> str:
    """A relative ``name`` as a relative address, from which every byte of it can be had back."""
    return quote_from_bytes(os.fsencode(name), safe="/")


def job_level(name: str | os.PathLike[str]) -> str:
    """A topic level for a file's job: the same in every night, readable, and no other file's."""
    raw = os.fsencode(name)
    stem = os.path.splitext(os.path.basename(raw))[0].decode("ascii", "replace")  # noqa: PTH119, PTH122 - bytes
    readable = _PLAIN.sub("-", stem)[:_JOB_NAME].strip("-") or "file"
    return f"{readable}-{hashlib.sha256(raw).hexdigest()[:8]}"


def shell_word(name: str | os.PathLike[str]) -> str:
    """``name`` as a word to type in a shell, on one line, whatever is in it (bash, zsh, ksh: ``$'...'``)."""
    raw = os.fsencode(name)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and text.isprintable():
        return shlex.quote(text)
    # In three octal digits: a hexadecimal escape could swallow what follows.
    safe = (chr(b) if 0x20 <= b < 0x7F and b not in b"'\\" else f"\\{b:03o}" for b in raw)
    return f"$'{''.join(safe)}'"
