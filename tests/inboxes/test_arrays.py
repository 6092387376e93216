"""What goes into an array comes out of PostgreSQL as it was."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
from django.db import connection

from inboxes.arrays import array_literal, text_array_literal

pytestmark = pytest.mark.django_db


class Colour(StrEnum):
    RED = "red, {or} so"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", "NULL", None, " a ", 'x"y', r"\x", r"\\", "{}", "a,b", "line\nline\t'", "見積り", "\U0001f600"]),
        ("bigint", [-1, 0, None, 2**62]),
        ("bool", [True, False, None]),
        ("bytea", [b"", b"\0\\\"'", None, bytes(range(256))]),
        ("timestamptz", [datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), None]),
        ("date", [date(1980, 1, 1)]),
        ("uuid", [UUID(int=7)]),
        ("text", []),
    ],
)
def test_values_are_the_same_in_the_database(kind, values):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest(%s::{kind}[])", [array_literal(values)])
        found = [value for (value,) in cursor.fetchall()]
    assert [bytes(value) if isinstance(value, memoryview) else value for value in found] == values


@pytest.mark.parametrize("texts", [[], [""], ["plain", "見積り", "a,b{}", ""], ['x"y'], ["a", r"\x"], ['"', '"']])
def test_texts_alone_make_the_same_literal(texts):
    assert text_array_literal(texts) == array_literal(texts)


def test_derived_types_are_what_they_are_derived_from_and_nothing_else_is_guessed():
    assert array_literal([Colour.RED, memoryview(b"\1")]) == r'{"red, {or} so","\\x01"}'
    with pytest.raises(TypeError, match="Decimal"):
        array_literal([Decimal(1)])
    with pytest.raises(ValueError, match="NUL"), connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array_literal(["\0"])])
