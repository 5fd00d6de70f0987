"""Everything that goes wrong, in one tree. Each class says which exit code the command ends with.

    TintcastError                    70  our own bug, if it is none of the below
    ├── Stuck                        70  a thread of ours does not answer or does not end
    ├── PartlyFailed                  1  some of the work failed, the rest is done
    ├── NotOurs                      70  a file that is not ours stands where a result belongs
    ├── ConfigurationError            2  a wrong key, value, flag or combination
    │   ├── SettingRefused               a value that a running job does not take
    │   └── FilmBusy                     another run is writing it: that one ends, and it can be tried again
    ├── InputError                    3  what was given to colorize can't be read
    │   ├── MissingInput                 no such file or folder
    │   ├── UnreadableFilm               not a film, truncated, corrupt
    │   ├── FilmCrashed                  the process that read it died
    │   ├── FilmStalled                  the process that read it got nowhere
    │   ├── SourceChanged                it became another while it was worked on
    │   ├── FilmTooLarge                 the process that read it needed more memory than it may have
    │   ├── NoVideo                      a film without a picture track
    │   ├── UnsupportedColour            PQ, HLG: no standard dynamic range luma
    │   ├── UnreadablePicture            not a picture, or broken
    │   ├── UnwritablePicture            a picture that the format asked for can't hold
    │   ├── UnreadableJpeg               a received JPEG or its facts are not ours
    │   └── SourceLost                   a camera or stream that is not there, or no longer: it may come back
    ├── NetworkFileError              4  the neural network or its manifest can't be used
    │   └── DownloadFailed               its official release can't be had
    ├── BrokerError                   5  MQTT
    │   ├── BrokerUnreachable            nothing answers at that address
    │   ├── BrokerRefused                it answers, but not to us: user, password, TLS, rights
    │   └── DeliveryTimeout              no receiver acknowledged in time
    ├── SpaceError                    6  no room left on the device
    ├── CameraWedged                 75  only a new process can open this camera again
    └── Interrupted                 130  Ctrl-C or a stop signal
        └── Postponed                    a night's rules ended it for now: it goes on later

Every error is one line: what happened, to what, and what to do about it.
"""

from __future__ import annotations

import errno
from typing import ClassVar


class TintcastError(Exception):
    """The root. ``what`` happened, ``where`` (a file, key or address), and ``hint``: what to do about it."""

    exit_code: ClassVar[int] = 70

    def __init__(self, what: str, *, where: object = None, hint: str | None = None) -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = None if where is None else str(where)
        self.hint = hint

    def __str__(self) -> str:
        """One line: ``where: what (hint)``, with control characters made harmless."""
        line = self.what if self.where is None else f"{self.where}: {self.what}"
        if self.hint:
            line = f"{line} ({self.hint})"
        return " ".join("".join(c if c.isprintable() else " " for c in line).split())

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the keyword fields when an error crosses from a child process to its parent."""
        return _rebuild, (type(self), self.what, self.where, self.hint)


def _rebuild(kind: type[TintcastError], what: str, where: str | None, hint: str | None) -> TintcastError:
    return kind(what, where=where, hint=hint)


class Stuck(TintcastError):
    """A thread of ours does not answer, or does not end; the run was ended without it."""


class PartlyFailed(TintcastError):
    """Some of the work failed; what is done stays."""

    exit_code = 1


class NotOurs(TintcastError):
    """Where a result belongs stands a file that we did not make, or that was changed since."""


class ConfigurationError(TintcastError):
    """A key, value, flag or combination that is not allowed."""

    exit_code = 2


class SettingRefused(ConfigurationError):
    """A value, or a name, that is not allowed among what can be changed while a job runs."""


class FilmBusy(ConfigurationError):
    """Another run is writing the film: once that ended, it can be tried again."""


class InputError(TintcastError):
    """What was given to colorize can't be read."""

    exit_code = 3


class MissingInput(InputError, FileNotFoundError):
    """No such file or folder."""


class UnreadableFilm(InputError):
    """Not a film, or one that is truncated or corrupt."""


class FilmCrashed(InputError):
    """The process that read the film died."""


class FilmStalled(InputError):
    """The process that read the film made no progress."""


class FilmTooLarge(InputError):
    """The process that read the film needed more memory than it may have."""


class SourceChanged(InputError):
    """What is read became another file while it was worked on."""


class NoVideo(InputError):
    """A film without a picture track."""


class UnsupportedColour(InputError):
    """A transfer without a standard dynamic range luma (PQ, HLG)."""


class UnreadablePicture(InputError):
    """Not a picture, or a broken one."""


class UnwritablePicture(InputError):
    """A picture that the format asked for can't hold."""


class UnreadableJpeg(InputError):
    """A JPEG, or the facts in it, that we did not make."""


class SourceLost(InputError):
    """A camera or a stream is not there, or no longer; who waits and opens it again may find it back."""


class NetworkFileError(TintcastError):
    """The neural network's file or manifest can't be used."""

    exit_code = 4


class DownloadFailed(NetworkFileError):
    """An official release can't be downloaded."""


class BrokerError(TintcastError):
    """MQTT."""

    exit_code = 5


class BrokerUnreachable(BrokerError, ConnectionError):
    """Nothing answers at the broker's address."""


class BrokerRefused(BrokerError):
    """The broker answers, but refuses us: user, password, TLS or rights."""


class DeliveryTimeout(BrokerError, TimeoutError):
    """No receiver acknowledged in time."""


class SpaceError(TintcastError):
    """No room left on the device."""

    exit_code = 6


class CameraWedged(TintcastError):
    """The camera library is stuck; only a new process can open the camera again."""

    exit_code = 75


class Interrupted(TintcastError):
    """Ctrl-C or a stop signal."""

    exit_code = 130

    def __init__(self, what: str = "interrupted", *, where: object = None, hint: str | None = None) -> None:
        super().__init__(what, where=where, hint=hint)


class Postponed(Interrupted):
    """The rules of a night ended the work in good order: out of hours, no clock. It goes on later."""


def from_os_error(error: OSError, *, where: object, doing: str) -> TintcastError:
    """Give an ``OSError`` its place in the tree; ``doing`` is what failed, as in ``can't write``."""
    reason = error.strerror or str(error)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return SpaceError(f"{doing}: no space left", where=where, hint="free some space and run it again")
    if error.errno == errno.ENOENT:
        return MissingInput("no such file or folder", where=where)
    return InputError(f"{doing}: {reason[:1].lower()}{reason[1:]}", where=where)


def from_misfit(error: BaseException) -> ConfigurationError | None:
    """What to say of an import that failed because of another numpy; None for every other error.

    An environment that sees the system's packages may have one that was built for numpy 1 beside numpy 2.
    """
    text = str(error).lower()
    if "numpy" not in text or not any(sign in text for sign in _OTHER_NUMPY):
        return None
    return ConfigurationError(
        "a package of the system's was built for another numpy than this environment's",
        hint="`pip install --ignore-installed simplejpeg` in this environment",
    )


_OTHER_NUMPY = ("binary incompatib", "numpy 1.x", "multiarray")
