"""Where a stream is, and the user and password that only its server sees."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote, urlsplit, urlunsplit

import av

from device.errors import ConfigurationError, SourceLost
from device.resources import read_password

if TYPE_CHECKING:
    from pathlib import Path

    from device.config import CameraSettings

#: What an address begins with.
SCHEMES: Final = ("rtsp", "rtsps", "http", "https")


@dataclass(frozen=True, slots=True)
class Address:
    """A stream's address. What ``str`` gives is for people: no user, no password, and no query either."""

    url: str = field(repr=False)
    user: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    insecure: bool = False
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_settings(cls, settings: CameraSettings) -> Self:
        """The address in ``settings.source``.

        Raises ConfigurationError for what is no stream's address, for one with a user or password in it, and
        for a password file that can't be read.
        """
        try:
            parts = urlsplit(settings.source)
            usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if "@" in settings.source.partition("//")[2].partition("/")[0]:
            raise ConfigurationError(
                "camera.source: a stream's address holds no user and no password",
                hint="name them as camera.user and camera.password_file",
            )
        if not usable:
            known = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise ConfigurationError("camera.source: is no stream's address", hint=f"it begins with {known}")
        if settings.password_file is not None and settings.user is None:
            raise ConfigurationError("camera.password_file: a password needs a user", hint="name camera.user")
        if settings.ca_file is not None and not settings.ca_file.is_file():
            raise ConfigurationError("camera.ca_file: no such file", where=settings.ca_file)
        return cls(
            settings.source,
            user=settings.user,
            password=read_password(settings.password_file),
            ca_file=settings.ca_file,
            insecure=settings.insecure,
        )

    @property
    def over_http(self) -> bool:
        """Whether it is http or https."""
        return self.url.startswith("http")

    @property
    def secure(self) -> bool:
        """Whether it is https or rtsps."""
        return self.url.startswith(("https:", "rtsps:"))

    def options(self) -> dict[str, str]:
        """How FFmpeg checks the server's certificate."""
        if not self.secure:
            return {}
        if self.insecure:
            return {"tls_verify": "0"}
        system = ssl.get_default_verify_paths().cafile or _SYSTEM_AUTHORITIES
        return {"tls_verify": "1", "ca_file": str(self.ca_file or system)}

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))

    def with_password(self) -> str:
        """What FFmpeg is given, and nobody else."""
        if self.user is None:
            return self.url
        parts = urlsplit(self.url)
        login = ":".join(quote(part, safe="") for part in (self.user, self.password) if part is not None)
        return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))

    def explain(self, error: av.FFmpegError, patience_s: float, *, begun: bool) -> SourceLost:
        """What FFmpeg's error means, in words of ours: its own may show the address that it was given.

        ``patience_s``: how long it waited at most; ``begun``: whether there were frames before.
        """
        known: tuple[tuple[type[Exception], str, str | None], ...] = (
            (av.error.HTTPUnauthorizedError, "the server refuses user and password", _LOGIN),
            (av.error.HTTPForbiddenError, "the server refuses us (403)", _LOGIN),
            (av.error.HTTPNotFoundError, "the server has no such stream (404)", None),
            (av.error.HTTPClientError, "the server does not take our request", None),
            (av.error.HTTPServerError, "the server is in trouble (5xx)", None),
            (ConnectionRefusedError, "nothing answers at this port", "is the camera on?"),
            (av.error.ExitError, f"does not answer within {patience_s:g} s", "is the camera on?"),
            (TimeoutError, f"does not answer within {patience_s:g} s", "is the camera on?"),
            (ConnectionError, "the connection broke", None),
            (av.error.InvalidDataError, "sends nothing that can be read as pictures", None),
            (av.error.DecoderNotFoundError, "its pictures are in a codec that can't be read", None),
            (av.error.ProtocolNotFoundError, "leads to an address of a kind that is not followed", None),
        )
        for kind, what, hint in known:
            if isinstance(error, kind):
                return SourceLost(what, where=self, hint=hint)
        if begun:
            return SourceLost("the stream broke off", where=self)
        if self.secure and not self.insecure:
            return SourceLost("can't be reached, or is not trusted", where=self, hint=_TRUST)
        return SourceLost("can't be reached, or sends nothing that can be read", where=self, hint=_CHECK)


#: Where Debian keeps them in one file.
_SYSTEM_AUTHORITIES: Final = "/etc/ssl/certs/ca-certificates.crt"
_LOGIN: Final = "name camera.user and camera.password_file"
_TRUST: Final = "camera.ca_file names who signed its certificate; camera.insecure takes any"
_CHECK: Final = "check its name, its port, and that it is on"
