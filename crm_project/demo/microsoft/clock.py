"""What time the stand-in believes it is."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The time of this machine, ahead by as much as somebody asked for."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        self._ahead += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def written(moment: datetime) -> str:
    """As Graph writes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
