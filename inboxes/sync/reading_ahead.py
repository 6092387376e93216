"""Reading and filing e-mails in threads of their own while those before them are written to the database: parser, files and
database work at the same time.

The threads touch no database: they would need connections of their own.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import NamedTuple

from inboxes.mime.content import Content
from inboxes.providers.base import ProviderError, RawMessage
from inboxes.sync.slice import SliceOver

MAILS_AHEAD = 200
WEIGHT_AHEAD = 6_000_000
"""So many e-mails, or so many bytes of them, may wait in memory: more than are read while those before them are written."""

THREADS = 2
"""One has e-mails read, the other files those before them."""

BATCH_MAILS = 20
BATCH_WEIGHT = 500_000
"""So many, or so many bytes of them, are read at a time."""

PATIENCE = 10.0
"""Seconds without news."""

Read = Callable[[Sequence[RawMessage]], Sequence[Content | Exception]]


class Reading(NamedTuple):
    """One message of a batch that is being read."""

    remote_id: str
    weight: int
    batch: "Future[Sequence[Content | Exception]]"
    position: int

    def content(self, *, meanwhile: Callable[[], None]) -> Content:
        """Waits for it, and does something `meanwhile` every few seconds. Raises what reading it raised."""
        while not (self.batch.done() or wait([self.batch], timeout=PATIENCE).done):
            meanwhile()
        content = self.batch.result()[self.position]
        if isinstance(content, Exception):
            raise content
        return content


def read_ahead(messages: Iterable[RawMessage], read: Read) -> Generator[Reading, None, None]:
    """Each message and what `read` makes of it, to come, in order. Close it: what was not handed out by then is not read.

    When `messages` ends in a `ProviderError` or `SliceOver`, what came before is handed out first.
    """
    reader = ThreadPoolExecutor(THREADS, thread_name_prefix="read-ahead")
    underway = _Underway()
    try:
        for batch in _batches(messages):
            underway.add(batch, reader.submit(read, batch))
            while underway.is_full:
                yield underway.take()
    except (ProviderError, SliceOver):
        yield from underway
        raise
    else:
        yield from underway
    finally:
        reader.shutdown(cancel_futures=True)


def _batches(messages: Iterable[RawMessage]) -> Iterator[list[RawMessage]]:
    """What raises while they come is raised behind the last of them."""
    batch: list[RawMessage] = []
    weight = 0
    try:
        for message in messages:
            batch.append(message)
            weight += len(message.raw)
            if len(batch) >= BATCH_MAILS or weight >= BATCH_WEIGHT:
                yield batch
                batch, weight = [], 0
    except (ProviderError, SliceOver):
        if batch:
            yield batch
        raise
    if batch:
        yield batch


class _Underway:
    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()
        self._weight = 0

    @property
    def is_full(self) -> bool:
        return len(self._readings) > MAILS_AHEAD or self._weight > WEIGHT_AHEAD

    def add(self, batch: Sequence[RawMessage], contents: "Future[Sequence[Content | Exception]]") -> None:
        for position, message in enumerate(batch):
            self._readings.append(Reading(message.remote_id, len(message.raw), contents, position))
            self._weight += len(message.raw)

    def take(self) -> Reading:
        reading = self._readings.popleft()
        self._weight -= reading.weight
        return reading

    def __iter__(self) -> Iterator[Reading]:
        while self._readings:
            yield self.take()
