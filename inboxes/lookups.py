"""Looking up many values at once, for `__in`: one array parameter however many values, which takes a tenth of the time."""

from collections.abc import Iterable

from django.db.models.expressions import RawSQL

from inboxes.arrays import array_literal, text_array_literal


def among(values: Iterable[str]) -> RawSQL:
    """Texts. What PostgreSQL cannot hold is left out; it matches nothing."""
    storable = [value for value in values if (value.isascii() or _is_encodable(value)) and "\0" not in value]
    return RawSQL("SELECT unnest(%s::text[])", [text_array_literal(storable)])


def among_hashes(values: Iterable[bytes]) -> RawSQL:
    return RawSQL("SELECT unnest(%s::bytea[])", [array_literal(values)])


def among_keys(keys: Iterable[int]) -> RawSQL:
    return RawSQL("SELECT unnest(%s::bigint[])", [array_literal(keys)])


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
