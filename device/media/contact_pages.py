"""A contact sheet of many pictures: as many pages as it needs, each written once its pictures are there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from device.errors import ConfigurationError
from device.media.contact import BeforeAfter, write_contact_sheet

if TYPE_CHECKING:
    from pathlib import Path

#: Pairs on one page.
PER_PAGE = 24
_SUFFIXES = (".png", ".jpg", ".jpeg")


def page_paths(path: Path, count: int) -> tuple[Path, ...]:
    """The pages of a sheet of ``count`` pictures: ``path``, then ``NAME-2`` and on beside it.

    Raises ConfigurationError for a kind of file that a sheet can't be.
    """
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigurationError(
            "is no name for a contact sheet", where=path, hint=f"its name ends with {', '.join(_SUFFIXES)}"
        )
    rest = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, _pages(count) + 1))
    return path, *rest


def _pages(count: int) -> int:
    return max(1, -(-count // PER_PAGE))


class ContactPages:
    """Takes the pairs of ``count`` pictures, in any order, from any thread; writes a page when it is full.

    Only the pages that are not full yet are in memory. Pages whose file is there are left as they are, unless
    ``overwrite`` says otherwise. ``title``, ``detail``: as of ``contact_sheet``.
    """

    def __init__(self, path: Path, count: int, *, title: str, detail: str, overwrite: bool = False) -> None:
        self.paths = page_paths(path, count)
        self._count = count
        self._title, self._detail = title, detail
        self._lock = threading.Lock()
        self._there = {page for page, path in enumerate(self.paths) if path.exists() and not overwrite}
        self._waiting: dict[int, dict[int, BeforeAfter]] = {}
        self._written = 0

    @property
    def written(self) -> int:
        """How many pages this run has written."""
        return self._written

    def wants(self, index: int) -> bool:
        """Whether the picture ``index`` (from 0) stands on a page that is to be written."""
        return index // PER_PAGE not in self._there

    def add(self, index: int, pair: BeforeAfter) -> None:
        """Put a pair in its place. Raises SpaceError, or InputError where a page can't be written."""
        page = index // PER_PAGE
        with self._lock:
            pairs = self._waiting.setdefault(page, {})
            pairs[index] = pair
            if len(pairs) < min(PER_PAGE, self._count - page * PER_PAGE):
                return
            del self._waiting[page]
        write_contact_sheet(
            self.paths[page], [pairs[each] for each in sorted(pairs)],
            title=self._title + (f", page {page + 1} of {len(self.paths)}" if len(self.paths) > 1 else ""),
            detail=self._detail,
        )  # fmt: skip
        with self._lock:
            self._written += 1
