"""What all of a night stands on, found out in a process of its own: the network, loaded once to try it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from device.engine import Stop
from device.jobs.film_child import ground_of
from device.jobs.hinting import board_of
from device.jobs.supervise import serve
from device.media.encoders import check_settings
from device.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from device.config import Config
    from device.jobs.film_identity import Ground


def look(config: Config, _send: Callable[[Any], None], _stop: Stop) -> Ground:
    """Load the network, and see that the hints fit it and films can be encoded as is asked for.

    Raises NetworkFileError and ConfigurationError.
    """
    check_settings(config.film)
    with Network.load(config.network.name, config.network.threads, config.network.runtime) as network:
        board_of(config.hints).check(network)
        return ground_of(network)


if __name__ == "__main__":
    sys.exit(serve(int(sys.argv[1]), look, Stop()))
