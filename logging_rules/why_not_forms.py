"""What to look for in a mailbox."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox
from logging_rules.why_not import Quest
from users.days import DayField

_ONE_LINE = {"autocomplete": "off", "spellcheck": "false"}


class WhyNotForm(forms.Form):
    """All of it may be left empty; then the newest mails are found."""

    who = forms.CharField(
        label=_("Address or name"),
        required=False,
        max_length=200,
        help_text=_("Part of an address or name, of the sender or any recipient."),
        widget=forms.TextInput(attrs=_ONE_LINE | {"autocapitalize": "none"}),
    )
    subject = forms.CharField(
        label=_("Words in the subject"), required=False, max_length=200, widget=forms.TextInput(attrs=_ONE_LINE)
    )
    since = DayField(label=_("Since (day)"))
    until = DayField(label=_("Until (day)"))

    def clean(self) -> None:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            raise ValidationError(_("The period ends before it begins."), code="period_reversed")

    def quest(self, inbox: Inbox) -> Quest:
        """Days count in the time zone of the person who looks."""
        found, until = self.cleaned_data, self.cleaned_data["until"]
        return Quest(
            inbox.pk,
            who=found["who"],
            subject=found["subject"],
            since=_midnight(found["since"]),
            until=_midnight(until + timedelta(days=1) if until else None),
        )

    def show(self, quest: Quest) -> None:
        """Fills the form with a search that is going on."""
        until = _day(quest.until)
        self.initial = {
            "who": quest.who,
            "subject": quest.subject,
            "since": _day(quest.since),
            "until": until - timedelta(days=1) if until else None,
        }


def _midnight(day: date | None) -> str:
    return timezone.make_aware(datetime.combine(day, time())).isoformat() if day else ""


def _day(moment: str) -> date | None:
    return timezone.localtime(datetime.fromisoformat(moment)).date() if moment else None
