"""One clear line for each way in which a broker keeps us out."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from device.errors import BrokerRefused, BrokerUnreachable

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

    from device.errors import BrokerError
    from device.mqtt.address import Address

#: Reason codes of MQTT 5 (a 3.1.1 broker's are turned into these).
UNSUPPORTED_PROTOCOL = 0x84
NOT_AUTHORIZED = 0x87
_BAD_CREDENTIALS = 0x86

_TAKEN_OVER = 0x8E

#: Refusals that time may heal: unavailable, busy, quota, connection rate.
_PASSING = {0x88, 0x89, 0x97, 0x9F}
_CHECK = "check --user and --password-file, and the broker's rights"
_REFUSALS = {
    0x85: ("does not take our client id", None),
    _BAD_CREDENTIALS: ("user or password is wrong", _CHECK),
    NOT_AUTHORIZED: ("we are not allowed in", _CHECK),
    0x8A: ("we are banned", None),
}


def refused(address: Address, reason: int) -> BrokerError:
    """What a CONNACK with this reason code means."""
    if reason in _PASSING:
        return BrokerUnreachable("the broker is there, but busy", where=address, hint="try again later")
    what, hint = _REFUSALS.get(reason, (f"refuses us (reason {reason:#04x})", None))
    return BrokerRefused(what, where=address, hint=hint)


def not_taken(address: Address, topic: str, reason: ReasonCode) -> BrokerRefused:
    """What a PUBACK with this reason code, a failure, means for a publication on ``topic``."""
    hint = "give us the right to write there" if reason.value == NOT_AUTHORIZED else None
    return BrokerRefused(f"the broker refuses {topic}: {reason.getName().lower()}", where=address, hint=hint)


def not_subscribed(address: Address, topic: str, reason: ReasonCode) -> BrokerRefused:
    """What a SUBACK with this reason code, a failure, means for the filter ``topic``."""
    return BrokerRefused(
        f"the broker refuses to subscribe us to {topic}: {reason.getName().lower()}",
        where=address,
        hint="give us the right to read there",
    )


def sent_away(address: Address, reason: ReasonCode) -> BrokerRefused | None:
    """What a DISCONNECT with this reason code means; None where coming again may do."""
    if reason.value != _TAKEN_OVER:
        return None
    return BrokerRefused(
        "another process came under our name",
        where=address,
        hint="give each sender and each receiver a name of its own (--device, --name)",
    )


def unreachable(address: Address, error: OSError) -> BrokerError:
    """One line for whatever kept us from the broker."""
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.rstrip(".")
        return BrokerRefused(
            f"its certificate is not good: {reason[:1].lower()}{reason[1:]}",
            where=address,
            hint="name the authority that signed it with --ca",
        )
    if isinstance(error, ssl.SSLError):
        return BrokerRefused(
            f"no TLS there: {(error.reason or str(error)).replace('_', ' ').lower()}",
            where=address,
            hint="is this the broker's TLS port?",
        )
    if isinstance(error, socket.gaierror):
        what = "no such host"
    elif isinstance(error, TimeoutError):
        what = "nothing answers in time"
    else:
        reason = error.strerror or str(error)
        what = f"can't be reached: {reason[:1].lower()}{reason[1:]}"
    return BrokerUnreachable(what, where=address, hint="is the broker running, and is that its address?")
