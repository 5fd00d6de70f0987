"""One clear line for each way in which a broker keeps us out."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from device.errors import BrokerRefused, BrokerUnreachable

if TYPE_CHECKING:
    from device.errors import BrokerError
    from device.mqtt.address import Address

#: Reason codes of MQTT 5 (a 3.1.1 broker's are turned into these).
UNSUPPORTED_PROTOCOL = 0x84
NOT_AUTHORIZED = 0x87
_BAD_CREDENTIALS = 0x86

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
