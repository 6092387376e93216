"""What an inbox logs, and from when."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox
from logging_rules.changes import Change, Entry
from logging_rules.facts import Preset
from logging_rules.models import PRESET_LABELS, PRESET_SHOWS
from logging_rules.never_log import Target, parse_target

EVERYTHING = "all"
HISTORY_CHOICES = [
    ("30", _("30 days")),
    ("90", _("90 days")),
    ("365", _("One year")),
    (EVERYTHING, _("Everything")),
]


def preset_choices(most_open: Preset) -> list[tuple[str, str]]:
    """The presets the workspace allows, as cards."""
    return [
        (preset.value, format_html("<b>{}</b><small>{}</small>", PRESET_LABELS[preset], PRESET_SHOWS[preset]))
        for preset in Preset
        if preset.openness <= most_open.openness
    ]


class StartingForm(forms.Form):
    """Before the first sync: how much the inbox logs, and how far back to read."""

    preset = forms.ChoiceField(label=_("What is logged"), widget=forms.RadioSelect(attrs={"class": "cards"}))
    history = forms.ChoiceField(
        label=_("How far back"),
        choices=HISTORY_CHOICES,
        widget=forms.RadioSelect(attrs={"class": "segments"}),
        help_text=_("E-mails from before are neither read nor logged. New e-mail is always read."),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, most_open: Preset, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["preset"].choices = preset_choices(most_open)  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Preset:
        return Preset(self.cleaned_data["preset"])

    def since(self, now: datetime) -> datetime | None:
        """None for all of the past."""
        days = self.cleaned_data["history"]
        return None if days == EVERYTHING else now - timedelta(days=int(days))


class WhatIfForm(forms.Form):
    """Another preset for one inbox, or a never-log entry of the person's own: what would it mean?"""

    inbox = forms.ChoiceField(label=_("Inbox"))
    preset = forms.ChoiceField(
        label=_("What if this inbox logged"),
        choices=[("", _("What it logs now")), *PRESET_LABELS.items()],
        required=False,
    )
    never_log = forms.CharField(
        label=_("What if I never logged e-mail with"),
        required=False,
        max_length=320,
        help_text=_("An address, a domain, or *.example.com with its subdomains."),
        widget=forms.TextInput(attrs={"placeholder": "name@example.com"}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, inboxes: Iterable[Inbox]) -> None:
        super().__init__(data)
        self.inboxes = {str(inbox.code): inbox for inbox in inboxes}
        self.fields["inbox"].choices = [  # type: ignore[attr-defined]
            (code, inbox.address) for code, inbox in self.inboxes.items()
        ]

    def clean_never_log(self) -> Target | None:
        text = self.cleaned_data["never_log"]
        return parse_target(text) if text else None

    def clean(self) -> None:
        if not (self.errors or self.cleaned_data["preset"] or self.cleaned_data["never_log"]):
            raise ValidationError(
                _("Choose what should be different: a setting, or an address."), code="nothing_chosen"
            )
        if not self.errors and self.cleaned_data["preset"] and self.cleaned_data["never_log"]:
            raise ValidationError(_("Ask about one of the two at a time."), code="two_changes")

    @property
    def change(self) -> Change:
        target = self.cleaned_data["never_log"]
        if target:
            return Change.of_person(listed=[Entry(target.kind, target.value)])
        return Change.of_inbox(self.inboxes[self.cleaned_data["inbox"]], preset=self.cleaned_data["preset"])


class ReachForm(forms.Form):
    """How far a change reaches: `is_made` ones hold from now on already."""

    reach = forms.ChoiceField(label=_("When does it hold?"), widget=forms.RadioSelect(attrs={"class": "cards"}))

    def __init__(self, data: Mapping[str, Any] | None = None, *, period: str, is_made: bool) -> None:
        super().__init__(data, initial={"reach": "past" if is_made else "now"})
        label = dict(HISTORY_CHOICES)[period]
        past = (
            _("Also for e-mail of the past: everything")
            if period == EVERYTHING
            else _("Also for e-mail of the past: %(period)s")
        )
        now = (
            _("From now on"),
            _(
                "It holds for e-mail that arrives from now on. What is logged stays, what was passed over stays private."
            ),
        )
        then = (
            str(past) % {"period": label},
            _(
                "What it would have logged is logged; what it would not have logged comes off the log. You can undo that for seven days."
            ),
        )
        choices = [("past", then)] if is_made else [("now", now), ("past", then)]
        self.fields["reach"].choices = [  # type: ignore[attr-defined]
            (value, format_html("<b>{}</b><small>{}</small>", *words)) for value, words in choices
        ]


def history_choice(since: datetime | None, now: datetime) -> str:
    """The choice that was made when the window began at `since`."""
    if since is None:
        return EVERYTHING
    days = round((now - since) / timedelta(days=1))
    choices = [value for value, _label in HISTORY_CHOICES if value != EVERYTHING]
    return min(choices, key=lambda value: abs(int(value) - days))
