"""Where a page of a list ends, for lists that are read newest first by keyset."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True, slots=True)
class Place:
    """The moment and the key of the last row shown; `str()` and `parse` for addresses."""

    moment: datetime
    key: int

    def __str__(self) -> str:
        return f"{self.moment.isoformat()}_{self.key}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """None for what is no place."""
        written, _, key = text.partition("_")
        try:
            moment = parse_datetime(written)
            place = cls(moment, int(key)) if moment else None
        except ValueError:
            return None
        return place if place and place.moment.utcoffset() == timedelta(0) else None  # PostgreSQL knows fewer zones

    def older(self, field: str) -> Q:
        # The first condition is implied by the second, and is the one that an index can start from.
        before = Q(**{f"{field}__lt": self.moment}) | Q(pk__lt=self.key)
        return Q(**{f"{field}__lte": self.moment}) & before
