"""Parsing and filing e-mails in a thread of its own while those before them are written to the database: parser, files and
database work at the same time.

The thread touches no database: it would need a connection of its own.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from inboxes.providers.base import ProviderError, RawMessage
from inboxes.sync.content import Content
from inboxes.sync.slice import SliceOver

MAILS_AHEAD = 100
WEIGHT_AHEAD = 4_000_000
"""So many e-mails, or so many bytes of them, may wait in memory."""

Reading = tuple[str, "Future[Content]"]


def read_ahead(messages: Iterable[RawMessage], read: Callable[[RawMessage], Content]) -> Generator[Reading, None, None]:
    """The key of each message and what `read` makes of it, to come, in order. Close it: what was not handed out by then is not read.

    When `messages` ends in a `ProviderError` or `SliceOver`, what came before is handed out first.
    """
    reader = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
    underway = _Underway()
    try:
        for message in messages:
            underway.add(message, reader.submit(read, message))
            while underway.is_full:
                yield underway.take()
    except (ProviderError, SliceOver):
        yield from underway
        raise
    else:
        yield from underway
    finally:
        reader.shutdown(cancel_futures=True)


class _Underway:
    def __init__(self) -> None:
        self._readings: deque[tuple[int, Reading]] = deque()
        self._weight = 0

    @property
    def is_full(self) -> bool:
        return len(self._readings) > MAILS_AHEAD or self._weight > WEIGHT_AHEAD

    def add(self, message: RawMessage, content: "Future[Content]") -> None:
        self._readings.append((len(message.raw), (message.remote_id, content)))
        self._weight += len(message.raw)

    def take(self) -> Reading:
        weight, reading = self._readings.popleft()
        self._weight -= weight
        return reading

    def __iter__(self) -> Iterator[Reading]:
        while self._readings:
            yield self.take()
