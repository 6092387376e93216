"""Looking up many values at once."""

from collections.abc import Iterable

from django.db.models.expressions import RawSQL

from inboxes.arrays import array_literal, text_array_literal


def among(values: Iterable[str]) -> RawSQL:
    """For `__in`: one array parameter however many values. What PostgreSQL text cannot hold is left out; it matches nothing."""
    storable = [value for value in values if (value.isascii() or _is_encodable(value)) and "\0" not in value]
    return RawSQL("SELECT unnest(%s::text[])", [text_array_literal(storable)])


def among_hashes(values: Iterable[bytes]) -> RawSQL:
    """As `among`, for columns of bytes."""
    return RawSQL("SELECT unnest(%s::bytea[])", [array_literal(values)])


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
