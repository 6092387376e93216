"""The cache, on a server that may be away: then nothing is found in it and nothing is kept, and every page works as before."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as ServerAway
from redis.exceptions import TimeoutError as ServerSilent
from redis.retry import Retry

logger = structlog.get_logger(__name__)

PATIENCE = 1.0  # seconds; people wait for this
Answer = TypeVar("Answer")


class ForgetfulCache(RedisCache):
    """While its server cannot be reached, reading finds nothing and writing does nothing.

    `add` says then that the key was new: whoever takes a lock by it must get on. So rate limits do not count meanwhile.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        # One more try at once: a connection kept from before the server's restart is broken, a new one may be good.
        swift = {
            "socket_connect_timeout": PATIENCE,
            "socket_timeout": PATIENCE,
            "retry": Retry(NoBackoff(), 1, supported_errors=(ServerAway,)),
        }
        super().__init__(server, {**params, "OPTIONS": {**swift, **params.get("OPTIONS", {})}})

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return _unless_away(lambda: super(ForgetfulCache, self).add(key, value, timeout, version), True)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _unless_away(lambda: super(ForgetfulCache, self).get(key, default, version), default)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        _unless_away(lambda: super(ForgetfulCache, self).set(key, value, timeout, version), None)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return _unless_away(lambda: super(ForgetfulCache, self).touch(key, timeout, version), False)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return _unless_away(lambda: super(ForgetfulCache, self).delete(key, version), False)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        return _unless_away(lambda: super(ForgetfulCache, self).get_many(keys, version), {})

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return _unless_away(lambda: super(ForgetfulCache, self).has_key(key, version), False)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Raises `ValueError` when the key is not there, as any cache does; it is not when the server is away."""
        count = _unless_away(lambda: super(ForgetfulCache, self).incr(key, delta, version), None)
        if count is None:
            raise ValueError("the cache is away")
        return count

    def set_many(self, data: dict[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> list[Any]:
        """Returns the keys that were not kept."""
        return _unless_away(lambda: super(ForgetfulCache, self).set_many(data, timeout, version), list(data))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        _unless_away(lambda: super(ForgetfulCache, self).delete_many(keys, version), None)

    def clear(self) -> None:
        _unless_away(lambda: super(ForgetfulCache, self).clear(), None)


def _unless_away(act: Callable[[], Answer], otherwise: Answer) -> Answer:
    try:
        return act()
    except (ServerAway, ServerSilent) as error:
        logger.warning("cache_unavailable", error=type(error).__name__)
        return otherwise
