"""Rows that other rows are about to refer to."""

from collections.abc import Iterable

from django.db import connection
from django.db.models import Model


def keep_from_deletion(model: type[Model], keys: Iterable[int]) -> set[int]:
    """Which of the rows still exist. Nobody deletes those before the transaction ends, so that other rows can refer to them.

    As PostgreSQL's own check of a foreign key, which comes too late: at the commit. Waits for nobody but who deletes one.
    """
    with connection.cursor() as cursor:
        table = model._meta.db_table
        cursor.execute(f"SELECT id FROM {table} WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(keys)])  # noqa: S608
        return {key for (key,) in cursor.fetchall()}
