"""Downloads that go on where they broke off, and always end: done, or with the reason why not.

Neither pooch nor what else is well kept both resumes and has a deadline, so here are requests and HTTP's own
ranges (RFC 9110, section 14): what has come is kept in ``NAME.part``, and in ``NAME.part.json`` beside it
what it is a part of. A server that changed its file, or has no ranges, starts from the beginning.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import requests
import urllib3

from device.errors import DownloadFailed, SpaceError, from_os_error
from device.resources import version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Told = Callable[[int, int | None], None]

_CHUNK: Final = 1 << 18
_LONGEST_PAUSE_S: Final = 30.0
_HOPELESS: Final = (
    requests.exceptions.SSLError,
    requests.exceptions.TooManyRedirects,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
)
_PASSING: Final = {408, 425, 429, 500, 502, 503, 504}  # what another try may mend


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait, in seconds: for a connection, for the next byte, between tries at first, for all.

    ``tries``: how many in a row may fail without bringing anything new.
    """

    connect: float = 15.0
    silence: float = 30.0
    pause: float = 1.0
    total: float = 3600.0
    tries: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """What a part is a part of: where it came from, and how the server tells this version of it."""

    address: str = ""
    validator: str = ""
    total: int | None = None


class _Refused(Exception):
    """An address will not give the file, however often it is asked."""


class _BrokeOff(Exception):
    """Another try may bring more."""

    def __init__(self, reason: str, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.pause = pause


def download(
    addresses: Sequence[str],
    part: Path,
    *,
    limits: Limits | None = None,
    told: Told = lambda *_: None,
    by_hand: str | None = None,
) -> bool:
    """Bring a file into ``part`` from the first address that gives it; True if it went on from a part.

    ``told`` hears how many bytes of how many (None: not known) are there. Raises DownloadFailed with each
    address's reason and ``by_hand``, what to do then; SpaceError before the disk is full, if the server
    says how much will come.
    """
    limits = limits or Limits()
    deadline = time.monotonic() + limits.total
    problems: list[str] = []
    with _held(part) as file, requests.Session() as session:
        session.max_redirects = 5
        session.headers.update({"User-Agent": f"tintcast/{version()}", "Accept-Encoding": "identity"})
        for address in addresses:
            try:
                return _Download(address, part, file, session, limits, deadline, told).run()
            except _Refused as refused:
                problems.append(f"{refused} from {address}")
    raise DownloadFailed("; ".join(problems), where=part.name.removesuffix(".part"), hint=by_hand)


@dataclass(slots=True)
class _Download:
    """One address: asked again as long as that brings something new, or may."""

    address: str
    part: Path
    file: BinaryIO
    session: requests.Session
    limits: Limits
    deadline: float
    told: Told

    def run(self) -> bool:
        """Complete the part; True if an earlier part was gone on from."""
        resumed, most, failures = False, self._have(), 0
        while True:
            try:
                resumed |= self._ask()
            except _HOPELESS as error:
                raise _Refused(_reason(error)) from error
            except (_BrokeOff, requests.RequestException, urllib3.exceptions.HTTPError) as error:
                grown, most = self._have() > most, max(most, self._have())
                failures = 0 if grown else failures + 1
                if failures >= self.limits.tries:
                    raise _Refused(_reason(error)) from error
                self._pause(error, failures)
            else:
                return resumed

    def _ask(self) -> bool:
        """One request; True if it went on from what was there. The part is complete when it returns."""
        have, origin = self._have(), _read_origin(self.part)
        if have and origin.address == self.address and origin.total == have:
            return True
        answer = self._request(have, origin)
        with answer:
            start, total = self._start(answer, have, origin)
            self._check_room(start, total)
            _write_origin(self.part, _Origin(address=self.address, validator=_validator(answer), total=total))
            self.file.seek(start)
            self._truncate(start)
            self._receive(answer, start, total)
        return start > 0

    def _request(self, have: int, origin: _Origin) -> requests.Response:
        if self._left() <= 0:
            raise _Refused(f"not done after {self.limits.total:.0f} s")
        headers = {}
        if have and origin.address == self.address:
            headers["Range"] = f"bytes={have}-"
            if origin.validator:
                headers["If-Range"] = origin.validator
        waits = (min(self.limits.connect, self._left()), min(self.limits.silence, self._left()))
        return self.session.get(self.address, headers=headers, stream=True, timeout=waits)

    def _start(self, answer: requests.Response, have: int, origin: _Origin) -> tuple[int, int | None]:
        """Where in the file the answer begins, and the file's length, if the server says it."""
        if self.address.startswith("https:") and not answer.url.startswith("https:"):
            raise _Refused("a redirection to an address without encryption")
        status, ranges = answer.status_code, answer.headers.get("Content-Range", "")
        if status == 206 and (found := re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", ranges)):
            start, total = int(found[1]), None if found[2] == "*" else int(found[2])
            if start <= have and total == origin.total:
                return start, total
        if status in {
            206,
            416,
        }:  # not the part that was asked for, or there is none: from the beginning, then
            self._forget()
            raise _BrokeOff("a part that does not fit what is there")
        if status in _PASSING:
            raise _BrokeOff(f"{status} {answer.reason}", _seconds(answer.headers.get("Retry-After", "")))
        if status != 200:
            raise _Refused(f"{status} {answer.reason}")
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            raise _Refused("a web page, not a file")
        length = answer.headers.get("Content-Length", "")
        return 0, int(length) if length.isdigit() else None

    def _receive(self, answer: requests.Response, have: int, total: int | None) -> None:
        # read1 gives what has come: read would wait for a whole chunk, past every deadline.
        while data := answer.raw.read1(_CHUNK):
            self._write(data)
            have += len(data)
            self.told(have, total)
            if self._left() <= 0:
                raise _Refused(f"not done after {self.limits.total:.0f} s ({_of(have, total)})")
        if total is not None and have != total:
            raise _BrokeOff(f"broken off at {_of(have, total)}")
        if not have:
            raise _Refused("an empty file")

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self.file.write(rest) :]
        except OSError as error:
            raise from_os_error(error, where=self.part, doing="can't write") from error

    def _check_room(self, have: int, total: int | None) -> None:
        free = shutil.disk_usage(self.part.parent).free
        if total is not None and total - have > free:
            raise SpaceError(
                f"{(total - have) / 1e6:.0f} MB are still to come, {free / 1e6:.0f} MB are free",
                where=self.part.parent,
                hint="free some space and run it again, or name another folder with --cache",
            )

    def _pause(self, error: Exception, failures: int) -> None:
        asked = error.pause if isinstance(error, _BrokeOff) else 0.0
        pause = min(max(asked, self.limits.pause * 2 ** max(failures - 1, 0)), _LONGEST_PAUSE_S)
        if pause >= self._left():
            raise _Refused(f"not done after {self.limits.total:.0f} s ({_reason(error)})") from error
        time.sleep(pause)

    def _have(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def _forget(self) -> None:
        self._truncate(0)
        _origin_path(self.part).unlink(missing_ok=True)

    def _truncate(self, size: int) -> None:
        if self._have() > size:
            self.file.truncate(size)

    def _left(self) -> float:
        return self.deadline - time.monotonic()


@contextmanager
def _held(part: Path) -> Iterator[BinaryIO]:
    """The part, opened and ours alone: two that write into one file would make a third."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        number = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise from_os_error(error, where=part, doing="can't write") from error
    with os.fdopen(number, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DownloadFailed("another download of it is under way", where=part) from None
        try:
            yield file
        finally:
            with suppress(OSError):  # a device has nothing to bring to the disk
                os.fsync(file.fileno())
            if not os.fstat(file.fileno()).st_size:
                discard(part)


def discard(part: Path) -> None:
    """Leave nothing of a part."""
    part.unlink(missing_ok=True)
    _origin_path(part).unlink(missing_ok=True)


def _origin_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_origin(part: Path) -> _Origin:
    try:
        return _Origin(**json.loads(_origin_path(part).read_bytes()))
    except (OSError, ValueError, TypeError):
        return _Origin()


def _write_origin(part: Path, origin: _Origin) -> None:
    try:
        _origin_path(part).write_text(json.dumps(asdict(origin)), encoding="utf-8")
    except OSError as error:
        raise from_os_error(error, where=_origin_path(part), doing="can't write") from error


def _validator(answer: requests.Response) -> str:
    """A strong ETag, or the time of the last change: what If-Range takes."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _seconds(retry_after: str) -> float:
    return float(retry_after) if retry_after.isdigit() else 0.0


def _of(have: int, total: int | None) -> str:
    return f"{have} bytes" if total is None else f"{have} of {total} bytes"


#: In few words what the libraries say at length; the first that fits.
_REASONS: Final = (
    (requests.exceptions.SSLError, "no safe connection"),
    (requests.exceptions.ConnectTimeout, "no connection in time"),
    (requests.exceptions.Timeout, "no answer in time"),
    (requests.exceptions.TooManyRedirects, "redirections without end"),
    (requests.exceptions.ConnectionError, "no connection"),
    (urllib3.exceptions.TimeoutError, "silence in the middle"),
    (urllib3.exceptions.HTTPError, "a broken connection"),
)


def _reason(error: Exception) -> str:
    return next((words for kind, words in _REASONS if isinstance(error, kind)), str(error))
