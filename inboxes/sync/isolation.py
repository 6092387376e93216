"""Keeping one bad message from failing its neighbours, and one unlucky transaction from failing at all."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError

from inboxes.providers.base import ProviderError
from inboxes.sync.intake import DecisionOutdated
from inboxes.sync.lease import LeaseLost
from inboxes.sync.slice import SystemFault

T = TypeVar("T")
Answer = TypeVar("Answer")
logger = structlog.get_logger(__name__)

ATTEMPTS = 3
UNLUCKY = frozenset({"40001", "40P01", "23505"})
"""PostgreSQL's codes for a serialisation failure, a deadlock and a row that another worker wrote first."""

NOT_OF_ONE_MESSAGE = (LeaseLost, SystemFault, ProviderError, DecisionOutdated, OperationalError, InterfaceError)


def persistently(act: Callable[[], Answer]) -> Answer:
    """Does a whole transaction, again if it collided with another one."""
    for _ in range(ATTEMPTS - 1):
        try:
            return act()
        except (OperationalError, IntegrityError) as error:
            if getattr(error.__cause__, "pgcode", None) not in UNLUCKY:
                raise
    return act()


def isolate(items: Sequence[T], act: Callable[[Sequence[T]], None]) -> Iterator[T]:
    """Does something with all items at once; where that fails, with smaller and smaller parts. Yields those that fail alone.

    `act` must have had no effect when it raises. What cannot be one item's fault is raised.
    """
    if not items:
        return
    try:
        act(items)
    except NOT_OF_ONE_MESSAGE:
        raise
    except Exception as error:
        if len(items) == 1:
            logger.warning("message_failed", error=type(error).__name__, exc_info=True)
            yield items[0]
            return
        half = len(items) // 2
        yield from isolate(items[:half], act)
        yield from isolate(items[half:], act)
