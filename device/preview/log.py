"""What the server writes into logs: never a query, never a token."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, StreamResponse

_TOKENS: Final = re.compile(r"(token=)[^&\s'\"\\]+")

#: Where requests are told (INFO), and what goes wrong with them.
access_log: Final = logging.getLogger("device.preview.access")
server_log: Final = logging.getLogger("device.preview.server")


class AccessLogger(AbstractAccessLogger):
    """One line for each answer: who, what, without the query, how it ended and how long it took."""

    def log(self, request: BaseRequest, response: StreamResponse, time: float) -> None:
        """See the base class."""
        path = request.rel_url.raw_path.encode("ascii", "backslashreplace").decode()
        self.logger.info(
            "%s %s %s: %d, %d bytes, %.3f s",
            request.remote,
            request.method,
            path,
            response.status,
            response.body_length,
            time,
        )

    @property
    def enabled(self) -> bool:
        """Whether anybody reads it."""
        return self.logger.isEnabledFor(logging.INFO)


class Redacting(logging.LoggerAdapter[logging.Logger]):
    """A logger that takes tokens out of what others hand it: a broken request is quoted as it came."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log the text and, in short, an exception; what a client did wrong is no error of ours."""
        given = kwargs.get("exc_info")
        error = given if isinstance(given, BaseException) else sys.exception() if given else None
        if isinstance(error, HttpProcessingError):
            level = logging.DEBUG
        text = str(msg) % args if args else str(msg)
        if error is not None:
            text = f"{text}: {type(error).__name__}: {error}"
        self.logger.log(level, "%s", " ".join(_TOKENS.sub(r"\1...", text).split()))
