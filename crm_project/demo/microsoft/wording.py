"""How Graph writes values."""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
