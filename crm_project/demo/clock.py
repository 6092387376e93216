"""The time as a stand-in sees it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time, until it is moved or stopped."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._stopped_at: datetime | None = None

    def now(self) -> datetime:
        return self._stopped_at or datetime.now(UTC) + self._ahead

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Negative values turn it back."""
        step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if self._stopped_at:
            self._stopped_at += step
        else:
            self._ahead += step

    def stop(self, at: datetime | None = None) -> None:
        """Every moment is the same from here on, until somebody moves it."""
        self._stopped_at = at or self.now()
