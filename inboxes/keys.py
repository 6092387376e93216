"""Naming many rows in one query."""

from collections.abc import Iterable

from django.db.models.expressions import RawSQL

from inboxes.arrays import array_literal


def any_of(keys: Iterable[int]) -> RawSQL:
    """For `__in`: one array parameter instead of a parameter for each key, which takes a tenth of the time for many thousands."""
    return RawSQL("SELECT unnest(%s::bigint[])", [array_literal(keys)])
