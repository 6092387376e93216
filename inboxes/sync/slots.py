"""How many workers may talk to one mail server or API at a time, so that a slow or dead one cannot hold them all.

A slot is a PostgreSQL session lock: it ends with the worker's connection, so a killed worker leaves none behind. Inboxes that are in
trouble share the first slot of their host: however many of them wait for a dead server, they hold up one worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b

from django.db import connection


@contextmanager
def host_slot(host: str, *, slots: int, in_trouble: bool) -> Iterator[bool]:
    """Whether a slot was free; it is given back at the end of the block."""
    count = 1 if in_trouble else slots
    taken = next((key for key in _keys(host, count) if _call("pg_try_advisory_lock", key)), None)
    try:
        yield taken is not None
    finally:
        if taken is not None:
            _call("pg_advisory_unlock", taken)


def _keys(host: str, count: int) -> list[int]:
    return [
        int.from_bytes(blake2b(f"mail host slot {number} of {host}".encode(), digest_size=8).digest(), signed=True)
        for number in range(count)
    ]


def _call(function: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [key])
        (answer,) = cursor.fetchone()
    return bool(answer)
