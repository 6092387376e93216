"""Going through every column of every table that can hold text, found by asking PostgreSQL what there is."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from crm_project.privacy.search import Search, Trace
from inboxes.models import Message

_COLUMNS = """
    SELECT n.nspname, c.relname, a.attname, t.typname
    FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'm') AND a.attnum > 0 AND NOT a.attisdropped
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%%'
      AND t.typcategory NOT IN ('B', 'D', 'N', 'T') AND t.typname <> 'uuid'
    ORDER BY n.nspname, c.relname, a.attnum
"""

# The tables that hold logged mail, and which message a row of them belongs to.
_MESSAGE_OF = {
    "inboxes_message": "id",
    "inboxes_attachment": "message_id",
    "inboxes_sighting": "message_id",
    "contacts_mailindex": "message_id",
    "logging_rules_unloggedsighting": "message_id",
}
_THREAD_OF = {"inboxes_threadreference": "thread_id"}

# What a person has typed to keep somebody out is that person's own text; a leak would not be exactly one address.
_TYPED = {("logging_rules_neverlogentry", "value")}


@dataclass(frozen=True, slots=True)
class Table:
    schema: str
    name: str
    columns: dict[str, str]
    """Their PostgreSQL types by name."""

    def place(self, column: str) -> str:
        prefix = "" if self.schema == "public" else f"{self.schema}."
        return f"{prefix}{self.name}.{column}"


def tables() -> list[Table]:
    found: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for schema, table, column, kind in cursor.fetchall():
            found[schema, table][column] = kind
    return [Table(schema, name, columns) for (schema, name), columns in found.items()]


def traces(search: Search) -> Iterator[Trace]:
    for table in tables():
        yield from _traces_in_table(search, table)


def _traces_in_table(search: Search, table: Table) -> Iterator[Trace]:
    looks = [_look(search, table, column, kind) for column, kind in table.columns.items()]
    places = [table.place(column) for column in table.columns]
    for owner, *values in _rows(table):
        for place, look, value in zip(places, looks, values, strict=True):
            if value is not None and (tokens := look(value)):
                yield Trace(place, tokens, _messages(table, owner))


def _look(search: Search, table: Table, column: str, kind: str) -> Callable[[Any], frozenset[Any]]:
    if kind == "tsvector":
        return search.in_index
    if (table.name, column) in _TYPED:
        return lambda value: frozenset(token for token in search.in_value(value) if token.text != value)
    return search.in_value


def _rows(table: Table) -> Iterator[tuple[Any, ...]]:
    """Streamed: the key of the message or thread a row belongs to, then its columns."""
    quote = connection.ops.quote_name
    owner = _MESSAGE_OF.get(table.name) or _THREAD_OF.get(table.name)
    columns = [quote(column) if kind == "bytea" else f"{quote(column)}::text" for column, kind in table.columns.items()]
    wanted = ", ".join([quote(owner) if owner else "NULL", *columns])
    statement = f"SELECT {wanted} FROM {quote(table.schema)}.{quote(table.name)}"  # noqa: S608 - names quoted, no values
    if owner:
        statement += f" ORDER BY {quote(owner)}"
    # A named cursor lives in a transaction only; nothing but these rows is waited for in it.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        yield from cursor


def _messages(table: Table, owner: int | None) -> tuple[int, ...]:
    if owner is None:
        return ()
    if table.name in _THREAD_OF:
        return tuple(Message.objects.filter(thread=owner).values_list("pk", flat=True))
    return (owner,)
