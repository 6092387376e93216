"""Asking for a day."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

FIRST, LAST = date(1970, 1, 1), date(2999, 12, 31)
"""Providers are asked for a day more on either side, which the first and the last day of all do not have."""


class DayField(forms.DateField):
    """A day on which mail can have been sent, chosen from a calendar."""

    widget = forms.DateInput(attrs={"type": "date", "min": str(FIRST), "max": str(LAST)}, format="%Y-%m-%d")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)], **kwargs)
