"""Choosing logged e-mails to un-log."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils.html import format_html
from django.utils.timezone import make_aware
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from contacts.models import ContactAddress
from inboxes.addresses import InvalidAddress, normalise, normalise_domain
from inboxes.models import Inbox, Sighting
from logging_rules.reasons import label_of
from logging_rules.unlogging import Selection
from users.days import DayField


class UnlogForm(forms.Form):
    """Which of an inbox's logged e-mails. What is left empty does not matter; who is `confirming` names the newest they were shown."""

    reason = forms.ChoiceField(label=_("Why it was logged"), required=False)
    person = forms.CharField(
        label=_("With whom"),
        required=False,
        max_length=320,
        help_text=_("An e-mail address. If it is a contact’s, all their addresses count."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "inputmode": "email"}
        ),
    )
    domain = forms.CharField(
        label=_("With which organisation"),
        required=False,
        max_length=253,
        help_text=_("A domain such as example.com; what is below it counts too."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    since = DayField(label=_("Sent from"))
    until = DayField(label=_("Sent until"))
    newest = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, inbox: Inbox, confirming: bool = False) -> None:
        super().__init__(data)
        self._inbox = inbox
        self.fields["newest"].required = confirming
        self.fields["reason"].choices = [("", _("Any reason")), *_reasons_of(inbox)]  # type: ignore[attr-defined]

    def clean_person(self) -> str:
        text = self.cleaned_data["person"].strip()
        if not text:
            return ""
        try:
            return normalise(text)
        except InvalidAddress:
            raise ValidationError(_("This is not an e-mail address."), code="invalid_address") from None

    def clean_domain(self) -> str:
        text = self.cleaned_data["domain"].strip().removeprefix("*.").removeprefix("@")
        try:
            return normalise_domain(text) if text else ""
        except InvalidAddress:
            raise ValidationError(_("This is not a domain."), code="invalid_domain") from None

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", ValidationError(_("This is before the first day."), code="backwards"))
        return self.cleaned_data

    @property
    def selection(self) -> Selection:
        chosen = self.cleaned_data
        contact = ContactAddress.objects.filter(email=chosen["person"], contact__withdrawn_at=None).first()
        return Selection(
            inbox=self._inbox,
            code=chosen["reason"],
            contact_id=contact.contact_id if contact else None,
            address="" if contact else chosen["person"],
            domain=chosen["domain"],
            with_subdomains=True,
            since=beginning_of(chosen["since"]),
            until=beginning_of(chosen["until"], after=True),
            newest=chosen["newest"],
        )

    def confirmed(self, *, newest: int) -> list[tuple[str, object]]:
        """What a form sends that un-logs what a preview showed, and nothing that was logged since."""
        given = [(name, self.data.get(name, "")) for name in self.fields if name != "newest"]
        return [(name, value) for name, value in given if value] + [("newest", newest)]


class UnlogMailForm(forms.Form):
    """One e-mail, or the conversation it belongs to."""

    MAIL, THREAD = "mail", "thread"

    scope = forms.ChoiceField(
        label=_("What to un-log"), widget=forms.RadioSelect(attrs={"class": "cards"}), initial=MAIL
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, sizes: Mapping[str, int]) -> None:
        super().__init__(data)
        labels = {
            self.MAIL: format_html("<b>{}</b>", _("Only this e-mail")),
            self.THREAD: format_html(
                "<b>{}</b><small>{}</small>",
                _("The whole conversation"),
                ngettext("%(count)d e-mail of yours", "%(count)d e-mails of yours", sizes.get(self.THREAD, 0))
                % {"count": sizes.get(self.THREAD, 0)},
            ),
        }
        self.fields["scope"].choices = [(scope, labels[scope]) for scope in sizes]  # type: ignore[attr-defined]


def _reasons_of(inbox: Inbox) -> list[tuple[str, str]]:
    rows = (
        Sighting.objects.filter(inbox=inbox)
        .values_list("reason")
        .annotate(mails=Count("pk"))
        .order_by("-mails", "reason")
    )
    return [(code, f"{label_of(code)} ({mails})") for code, mails in rows]


def beginning_of(day: date | None, *, after: bool = False) -> datetime | None:
    """Of the day in the active zone, or with `after` of the next day."""
    if day is None:
        return None
    return make_aware(datetime.combine(day + timedelta(days=1) if after else day, time.min))
