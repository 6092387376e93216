"""How fast providers that count are asked, by all workers together: token buckets in Valkey.

A bucket fills evenly and holds a quarter of the quota, so that in no minute more is asked for than the quota. What reads the past
takes from a bucket that fills half as fast as well: new mail always finds something left. Without Valkey, or after it was emptied,
nothing is counted: the provider's own refusals slow us down then.

Who finds a bucket too empty is to come back when it is full: whatever is begun then, a page with its bodies say, comes to its end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from time import sleep

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from inboxes.models import ProviderKind
from inboxes.providers.base import NoPace, Pace, PaceReached

logger = structlog.get_logger(__name__)

BURST = 1 / 4
"""Of a minute's quota, what a bucket holds; the rest is what flows in within a minute."""

SHARE_OF_PAST = 1 / 2
"""Of a minute's quota, what flows into the bucket of the past."""

PATIENCE_SECONDS = 3.0
"""It is not worth while to come back for less."""

CONNECT_SECONDS = 1.0

SPEND = """
local time = redis.call('TIME')
local now = tonumber(ARGV[2]) or (time[1] + time[2] / 1000000)
local units = tonumber(ARGV[1])
local levels, enough, full = {}, 0, 0
for number, key in ipairs(KEYS) do
    local size, flow = tonumber(ARGV[number * 2 + 1]), tonumber(ARGV[number * 2 + 2])
    local kept = redis.call('HMGET', key, 'level', 'at')
    local level, at = tonumber(kept[1]) or size, tonumber(kept[2]) or now
    level = math.min(size, level + math.max(0, now - at) * flow)
    local need = math.min(units, size)
    if level < need then
        enough = math.max(enough, (need - level) / flow)
        full = math.max(full, (size - level) / flow)
    end
    levels[number] = level
end
if full == 0 then
    for number, key in ipairs(KEYS) do
        redis.call('HSET', key, 'level', tostring(levels[number] - units), 'at', tostring(now))
        redis.call('EXPIRE', key, 120)
    end
end
return {tostring(enough), tostring(full)}
"""
"""Takes from all buckets or from none, and says in how many seconds there will be enough, and all are full.

What costs more than a bucket holds waits for a full one, and leaves a debt.
"""

_reads_past: ContextVar[bool] = ContextVar("reads_past", default=False)


@contextmanager
def for_the_past() -> Iterator[None]:
    """What is asked for inside can wait: it leaves half of each quota to new mail."""
    token = _reads_past.set(True)
    try:
        yield
    finally:
        _reads_past.reset(token)


@dataclass(frozen=True, slots=True)
class Bucket:
    """`size` in units, `flow` in units a second."""

    key: str
    size: float
    flow: float


def _buckets_of(key: str, quota: float) -> tuple[Bucket, Bucket]:
    """For everything, and for what reads the past. `quota` is in units a minute."""
    size = quota * BURST
    return Bucket(key, size, (quota - size) / 60), Bucket(f"{key}:past", size, quota * SHARE_OF_PAST / 60)


class MailboxPace(Pace):
    """The quotas of one mailbox and of all of them together. `now` is for tests: Valkey's clock is the same for all workers."""

    def __init__(
        self,
        kind: ProviderKind,
        inbox_id: int,
        *,
        now: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = sleep,
    ) -> None:
        self._buckets = buckets(kind, inbox_id)
        self._now = now
        self._sleep = sleep

    def spend(self, units: int) -> None:
        enough, full = self._take(units)
        while 0 < enough <= PATIENCE_SECONDS:
            self._sleep(enough)
            enough, full = self._take(units)
        if enough:
            raise PaceReached(retry_after=full)

    def _take(self, units: int) -> tuple[float, float]:
        counted = self._buckets if _reads_past.get() else self._buckets[::2]
        limits = [value for bucket in counted for value in (bucket.size, bucket.flow)]
        try:
            script = _connection().register_script(SPEND)
            answer = script([bucket.key for bucket in counted], [units, self._now() if self._now else "", *limits])
        except RedisError as error:
            logger.warning("pace_not_counted", error=type(error).__name__)
            return 0, 0
        enough, full = map(float, answer)
        return enough, full


def pace_of(kind: ProviderKind, inbox_id: int) -> Pace:
    return MailboxPace(kind, inbox_id) if buckets(kind, inbox_id) else NoPace()


def buckets(kind: ProviderKind, inbox_id: int) -> list[Bucket]:
    """Each followed by that of the past. None for a provider that counts nothing."""
    mailbox = f"pace:{kind}:{inbox_id}"
    if kind is ProviderKind.GMAIL:
        project = _buckets_of(f"pace:{kind}", settings.GMAIL_PROJECT_UNITS_PER_MINUTE)
        return [*_buckets_of(mailbox, settings.GMAIL_UNITS_PER_MINUTE), *project]
    if kind is ProviderKind.GRAPH:
        return [*_buckets_of(mailbox, settings.GRAPH_REQUESTS_PER_MINUTE)]
    return []


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket held when something was last taken from it; full when nobody did lately. In units, `per_minute` what flows in."""

    bucket: str
    units: int
    size: int
    per_minute: int


def levels(kind: ProviderKind, inbox_id: int) -> list[Level]:
    """Empty without Valkey, and for a provider that counts nothing."""
    counted = buckets(kind, inbox_id)
    try:
        kept = [_connection().hget(bucket.key, "level") for bucket in counted]
    except RedisError:
        return []
    return [
        Level(
            bucket.key,
            int(bucket.size if level is None else float(level)),
            size=int(bucket.size),
            per_minute=int(bucket.flow * 60),
        )
        for bucket, level in zip(counted, kept, strict=True)
    ]


@lru_cache(maxsize=1)
def _connection() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
        decode_responses=True,
    )
