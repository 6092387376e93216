"""Questions about single rows, for pages that show a few of very many."""

from typing import Any

from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import Coalesce


def exists_singly(rows: "QuerySet[Any]") -> Coalesce:
    """As `Exists`, and never answered but for the row at hand.

    For EXISTS that it expects to be asked often PostgreSQL first collects the answers for the whole table, also when a page ends
    after fifty rows; for a scalar subquery it cannot.
    """
    return Coalesce(Subquery(rows.annotate(found=Value(True)).values("found")[:1]), False)
