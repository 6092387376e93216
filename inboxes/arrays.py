"""Values for PostgreSQL's arrays. Pure: no Django, no I/O.

Of a list psycopg2 writes an expression that holds every element; the literal of a whole array takes it a quarter of the time, and
PostgreSQL half of it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from types import NoneType
from typing import Any
from uuid import UUID


def array_literal(values: Iterable[Any]) -> str:
    """For a parameter that is cast, such as `%s::text[]`. Raises `TypeError` for values of a type that nothing here is stored as."""
    return "{" + ",".join([_ELEMENTS.get(type(value), _unusual)(value) for value in values]) + "}"


def text_array_literal(texts: Sequence[str]) -> str:
    """As `array_literal`, of texts alone: among thousands there is hardly ever one in which something has to be escaped."""
    joined = '","'.join(texts)
    if not texts or "\\" in joined or joined.count('"') > 2 * (len(texts) - 1):
        return array_literal(texts)
    return f'{{"{joined}"}}'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


def _hexadecimal(value: bytes | memoryview) -> str:
    return rf'"\\x{value.hex()}"'


def _unusual(value: Any) -> str:
    """Of a type that is derived from one of `_ELEMENTS`."""
    for known, literal in _ELEMENTS.items():
        if isinstance(value, known):
            return literal(value)
    raise TypeError(f"no array literal of {type(value).__name__}")


_ELEMENTS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: str,
    bool: str,
    NoneType: lambda _: "NULL",
    bytes: _hexadecimal,
    memoryview: _hexadecimal,
    datetime: datetime.isoformat,
    date: date.isoformat,
    UUID: str,
}
