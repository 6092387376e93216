"""Going through every key of every database of the broker, which is the cache as well."""

from collections.abc import Callable, Iterator

from django.conf import settings
from redis import ConnectionPool, Redis

from crm_project import logs
from crm_project.privacy.search import Search, Trace, Unsearchable

Value = str | bytes
PART = 1000
"""Members read at once of a list, set, hash or stream."""


def traces(search: Search) -> Iterator[Trace]:
    """Raises `Unsearchable` for a key of a kind that only a server module can read."""
    with _database(None) as server:
        numbers = [int(name.removeprefix("db")) for name in server.info("keyspace")]
    for number in numbers:
        with _database(number) as database:
            for key in database.scan_iter(count=PART):
                yield from _traces_under(search, database, key, f"broker database {number}")


def _database(number: int | None) -> Redis:
    pool = ConnectionPool.from_url(settings.REDIS_URL)
    if number is not None:
        pool.connection_kwargs["db"] = number  # a number in the URL would win over an argument
    return Redis.from_pool(pool)


def _traces_under(search: Search, database: Redis, key: Value, place: str) -> Iterator[Trace]:
    kind = _text(database.type(key))
    if kind == "none":
        return  # it is gone meanwhile
    in_name = search.in_value(key)
    if in_name:
        yield Trace(f"{place}: the name of a {kind} key", in_name)
    place = f"{place}: {kind} {logs.WITHHELD if in_name else logs.checked(_text(key))}"
    if kind not in _READERS:
        raise Unsearchable(place)
    for value in _READERS[kind](database, key):
        if tokens := search.in_value(value):
            yield Trace(place, tokens)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _string(database: Redis, key: Value) -> Iterator[Value]:
    yield database.get(key) or b""


def _list(database: Redis, key: Value) -> Iterator[Value]:
    start = 0
    while part := database.lrange(key, start, start + PART - 1):
        yield from part
        start += PART


def _set(database: Redis, key: Value) -> Iterator[Value]:
    yield from database.sscan_iter(key, count=PART)


def _sorted_set(database: Redis, key: Value) -> Iterator[Value]:
    return (member for member, _ in database.zscan_iter(key, count=PART))


def _hash(database: Redis, key: Value) -> Iterator[Value]:
    return (text for pair in database.hscan_iter(key, count=PART) for text in pair)


def _stream(database: Redis, key: Value) -> Iterator[Value]:
    start = "-"
    while part := database.xrange(key, min=start, count=PART):
        yield from (text for _, fields in part for pair in (fields or {}).items() for text in pair)
        start = f"({_text(part[-1][0] or b'')}"


_READERS: dict[str, Callable[[Redis, Value], Iterator[Value]]] = {
    "string": _string,
    "list": _list,
    "set": _set,
    "zset": _sorted_set,
    "hash": _hash,
    "stream": _stream,
}
