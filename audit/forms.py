"""What super admins look for in the audit log."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from audit.acts import groups
from audit.queries import Filter
from users.days import DayField


def _group_choices() -> list[tuple[str, str]]:
    return [("", str(_("All actions"))), *groups()]


class AuditFilterForm(forms.Form):
    """Of the address of the page, so that a search can be kept and sent on."""

    person = forms.CharField(label=_("Person"), required=False, max_length=200)
    group = forms.ChoiceField(label=_("Actions"), choices=_group_choices, required=False)
    since = DayField(label=_("From"))
    until = DayField(label=_("Until"))
    about = forms.CharField(required=False, max_length=120)
    request = forms.CharField(required=False, max_length=64)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("since") and values.get("until") and values["since"] > values["until"]:
            self.add_error("until", ValidationError(_("This day is before the first one."), code="turned_round"))
        return values

    def wanted(self) -> Filter:
        """Of a valid form."""
        return Filter(**self.cleaned_data)
