"""Work on parts of a picture by as many threads as there are cores for, a few parts at a time."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST_THREADS = 4


def in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``function`` of each of ``items``, in order; it must let go of the interpreter to gain by threads."""
    threads = min(_MOST_THREADS, len(os.sched_getaffinity(0)))
    under_way: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, "photograph") as pool:
        for item in items:
            under_way.append(pool.submit(function, item))
            if len(under_way) > 2 * threads:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
