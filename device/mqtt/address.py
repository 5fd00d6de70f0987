"""Where the broker is, and as whom we come."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from device.errors import ConfigurationError
from device.resources import read_password

if TYPE_CHECKING:
    from pathlib import Path

    from device.config import MqttSettings

PLAIN_PORT = 1883
TLS_PORT = 8883


class TlsContext(ssl.SSLContext):
    """Checks certificate and host name, and knows its socket: a failed handshake leaves that to us."""

    wrapped: ssl.SSLSocket | None = None

    def wrap_socket(self, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        """As its base, and remember the socket."""
        self.wrapped = super().wrap_socket(*arguments, **options)
        return self.wrapped


@dataclass(frozen=True, slots=True)
class Address:
    """A broker. ``insecure``: encrypt, but take whatever certificate it shows; said aloud by the session.

    ``mqtt5``: whether to try MQTT 5 at all, before 3.1.1.
    """

    host: str
    port: int = PLAIN_PORT
    tls: bool = False
    ca_file: Path | None = None
    insecure: bool = False
    user: str | None = None
    password_file: Path | None = None
    mqtt5: bool = True

    @classmethod
    def from_settings(cls, mqtt: MqttSettings) -> Self:
        """Make one of the configuration's section ``mqtt``."""
        return cls(
            host=mqtt.host,
            port=mqtt.port or (TLS_PORT if mqtt.tls else PLAIN_PORT),
            tls=mqtt.tls,
            mqtt5=mqtt.protocol == "auto",
            ca_file=mqtt.ca_file,
            insecure=mqtt.insecure,
            user=mqtt.user,
            password_file=mqtt.password_file,
        )

    def __str__(self) -> str:
        """As a URL; user and password are never part of it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def password(self) -> str | None:
        """First line of the password file. Raises ConfigurationError where it can't be read."""
        return read_password(self.password_file)

    def tls_context(self) -> TlsContext | None:
        """How to check the broker's certificate; None without TLS. Raises ConfigurationError."""
        if not self.tls:
            return None
        context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if self.ca_file is None:
                context.load_default_certs()
            else:
                context.load_verify_locations(self.ca_file)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror if error.errno and not isinstance(error, ssl.SSLError) else "not PEM"
            raise ConfigurationError(
                f"can't read the certificate authority: {reason}", where=self.ca_file
            ) from None
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
