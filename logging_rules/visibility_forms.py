"""Choosing who sees logged mail, and for how long somebody is let in."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Contact
from inboxes.addresses import InvalidAddress, normalise
from inboxes.models import VISIBILITY_LABELS, Visibility
from users.days import DayField
from users.models import User

VISIBILITY_SHOWS = {
    Visibility.EVERYONE: gettext_lazy("Colleagues can open it on the timeline, with its files."),
    Visibility.SUBJECT: gettext_lazy(
        "Colleagues see the subject and who takes part. To open it they ask you, and you decide for how long."
    ),
    Visibility.PRIVATE: gettext_lazy("To all others it is as if it had never been logged. Nothing counts it."),
}
"""What each level means for colleagues who do not take part in the e-mail."""

UNTIL_DAY = "day"
DURATIONS = [
    ("1", gettext_lazy("1 day")),
    ("7", gettext_lazy("7 days")),
    ("30", gettext_lazy("30 days")),
    (UNTIL_DAY, gettext_lazy("Until a day")),
]


class VisibilityForm(forms.Form):
    """Of one e-mail, or of its conversation."""

    visibility = forms.ChoiceField(
        label=gettext_lazy("Who can see it"), widget=forms.RadioSelect(attrs={"class": "cards"})
    )
    whole_thread = forms.BooleanField(label=gettext_lazy("For the whole conversation"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visibility"].choices = [  # type: ignore[attr-defined]
            (level.value, format_html("<b>{}</b><small>{}</small>", VISIBILITY_LABELS[level], VISIBILITY_SHOWS[level]))
            for level in Visibility
        ]

    @property
    def chosen(self) -> Visibility:
        return Visibility(self.cleaned_data["visibility"])


class GrantForm(forms.Form):
    """How long somebody may open an e-mail."""

    duration = forms.ChoiceField(
        label=gettext_lazy("For how long"),
        choices=DURATIONS,
        initial="7",
        widget=forms.RadioSelect(attrs={"class": "segments"}),
    )
    last_day = DayField(label=gettext_lazy("The last day"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("duration") == UNTIL_DAY and not cleaned.get("last_day") and "last_day" not in self.errors:
            self.add_error("last_day", _("Choose the last day."))
        return cleaned

    def until(self, now: datetime) -> datetime:
        """The end of the chosen day in the viewer's zone, or so many days from now."""
        if self.cleaned_data["duration"] == UNTIL_DAY:
            last_day: date = self.cleaned_data["last_day"]
            return timezone.make_aware(datetime.combine(last_day, time.max))
        return now + timedelta(days=int(self.cleaned_data["duration"]))


class ViewAsForm(forms.Form):
    """As whom to look, and at the mail with whom."""

    person = forms.ModelChoiceField(
        label=gettext_lazy("Colleague"), queryset=User.objects.none(), to_field_name="code", empty_label=None
    )
    contact = forms.CharField(
        label=gettext_lazy("Only mail with the contact (e-mail address)"), required=False, max_length=320
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleagues = User.objects.active().exclude(pk=viewer.pk).order_by("name", "email")
        self.fields["person"].queryset = colleagues  # type: ignore[attr-defined]

    def clean_contact(self) -> Contact | None:
        text = self.cleaned_data["contact"].strip()
        if not text:
            return None
        try:
            return Contact.objects.get(addresses__email=normalise(text), withdrawn_at=None)
        except (InvalidAddress, Contact.DoesNotExist) as error:
            raise ValidationError(_("No contact has this address."), code="unknown") from error
