"""What a person's settings may be."""

from functools import cache
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


@cache
def time_zones() -> tuple[str, ...]:
    """Places only ("Asia/Tokyo", and "UTC"): the other names are aliases kept for old systems."""
    return ("UTC", *sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def validate_time_zone(name: str) -> None:
    if name not in time_zones():
        raise ValidationError(_("Choose a time zone from the list."), code="unknown_time_zone")


def validate_language(code: str) -> None:
    if code not in dict(settings.LANGUAGES):
        raise ValidationError(_("Choose a language from the list."), code="unknown_language")
