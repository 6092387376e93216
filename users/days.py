"""Asking for a day."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

FIRST, LAST = date(1970, 1, 1), date(2999, 12, 31)
"""Providers are asked for a day more on either side, and the end of a day is the beginning of the next: the first and the last day of
all have neither."""


class DayField(forms.DateField):
    """A day on which mail can have been sent or something can have been done, chosen from a calendar.

    As browsers send days, whatever the reader's language.
    """

    def __init__(self, *, required: bool = False, **options: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(attrs={"type": "date", "min": str(FIRST), "max": str(LAST)}, format="%Y-%m-%d"),
            validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)],
            required=required,
            **options,
        )
