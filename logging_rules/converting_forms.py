"""What is chosen when a personal inbox becomes the team's, and what is asked for when a team's becomes personal."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inboxes.forms import MailboxPasswordField
from inboxes.team_forms import MembersField, TeamNamesForm
from users.days import DayField
from users.models import User

NOW, DATE = "now", "date"


class ConvertToTeamForm(TeamNamesForm):
    """Its names, its members, and from when on they may read everything. `agreed` is asked for on the last page only."""

    members = MembersField(
        label=_("Members"),
        error_messages={"required": _("Tick at least one person: nobody else could read the inbox.")},
        help_text=_("They read all mail of the inbox from the moment you choose below."),
    )
    since = forms.ChoiceField(label=_("What members may read"), widget=forms.RadioSelect(attrs={"class": "cards"}))
    date = DayField(label=_("From this date"))
    agreed = forms.BooleanField(label=_("I agree that members read this mailbox from then on"), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.fields["members"].queryset = User.objects.active().order_by("name", "email")  # type: ignore[attr-defined]
        self.fields["since"].choices = [  # type: ignore[attr-defined]
            (value, format_html("<b>{}</b><small>{}</small>", label, words)) for value, label, words in _SINCE
        ]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("since") == DATE:
            if not values.get("date") and "date" not in self.errors:
                self.add_error("date", ValidationError(_("Choose the date."), code="required"))
            elif values.get("date") and values["date"] > timezone.localdate():
                self.add_error("date", ValidationError(_("This date is in the future."), code="in_future"))
        return values

    @property
    def beginning(self) -> datetime | None:
        """None: the moment of the change. Of a date its first moment, where the person is."""
        if self.cleaned_data["since"] == NOW:
            return None
        return timezone.make_aware(datetime.combine(self.cleaned_data["date"], time.min))


class ConvertToPersonalForm(forms.Form):
    """`password` only of a mailbox that is read with one: who knows it may open the mailbox."""

    password = MailboxPasswordField(
        help_text=_("It shows that this mailbox is yours: account access alone does not let anybody read it.")
    )
    agreed = forms.BooleanField(
        label=_("I have told the members, and this mailbox is mine"),
        error_messages={"required": _("Please confirm this first: members lose the inbox at once.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, by_password: bool) -> None:
        super().__init__(data)
        if not by_password:
            del self.fields["password"]


_SINCE = (
    (
        NOW,
        _("Only what arrives from now on"),
        _("What is private in the mailbox today stays private. What was logged stays on the timelines."),
    ),
    (
        DATE,
        _("Everything from a date on"),
        _("Also what was private until now, in this mailbox and since that date. You see how much before you agree."),
    ),
)
