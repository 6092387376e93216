"""How long a provider asks to be left alone."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_wait(retry_after: str | None, *, now: datetime) -> float | None:
    """Seconds by a Retry-After header (RFC 9110, 10.2.3), a number or a date. None if it says nothing that makes sense."""
    text = retry_after or ""
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, IndexError, TypeError, OverflowError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return seconds if math.isfinite(seconds) else None
