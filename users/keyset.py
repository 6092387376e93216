"""Pages of lists that are read newest first by keyset: what is added meanwhile neither repeats nor hides a row."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from django.db.models import Q

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidCursor(ValueError):
    """The text is no cursor of ours."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in such a list, by the moment and the key of a row; `str()` and `parse` for addresses."""

    moment: datetime
    key: int

    def __str__(self) -> str:
        # Whole microseconds: a float would lose some, and with them rows.
        since = self.moment - EPOCH
        return f"{(since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds}-{self.key}"

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Raises `InvalidCursor`."""
        try:
            microseconds, key = (int(part) for part in text.rsplit("-", 1))
            seconds, fraction = divmod(microseconds, 1_000_000)
            moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=fraction)
        except (ValueError, OverflowError, OSError) as error:
            raise InvalidCursor from error
        if moment.year in (MINYEAR, MAXYEAR):  # in some zones it would be no time at all
            raise InvalidCursor
        return cls(moment, key)

    def older(self, field: str) -> Q:
        """The rows after this place, in a list by `field` and key."""
        # The first condition is implied by the second, and is the one that an index can start from.
        return Q(**{f"{field}__lte": self.moment}) & (Q(**{f"{field}__lt": self.moment}) | Q(pk__lt=self.key))

    def newer(self, field: str) -> Q:
        """The rows before it."""
        return Q(**{f"{field}__gte": self.moment}) & (Q(**{f"{field}__gt": self.moment}) | Q(pk__gt=self.key))
