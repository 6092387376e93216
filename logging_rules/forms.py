"""What an inbox logs, and from when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from logging_rules.facts import Preset
from logging_rules.models import PRESET_LABELS, PRESET_SHOWS

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


class PresetForm(forms.Form):
    """How much an inbox logs."""

    preset = forms.ChoiceField(label=_("What is logged"), widget=forms.RadioSelect(attrs={"class": "cards"}))

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, most_open: Preset, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        self.fields["preset"].choices = preset_choices(most_open)  # type: ignore[attr-defined]

    @property
    def chosen(self) -> Preset:
        return Preset(self.cleaned_data["preset"])


class ChangingForm(PresetForm):
    """For an inbox that has been read already."""

    apply_to_past = forms.BooleanField(
        label=_("Also apply it to e-mails of the past"),
        required=False,
        help_text=_(
            "The mailbox is read once more, and e-mails that this setting would have logged are logged. What is logged stays."
        ),
    )


class StartingForm(PresetForm):
    """Before the first sync, also how far back to read."""

    history = forms.ChoiceField(
        label=_("How far back"),
        choices=HISTORY_CHOICES,
        widget=forms.RadioSelect(attrs={"class": "segments"}),
        help_text=_("E-mails from before are neither read nor logged. New e-mail is always read."),
    )

    def since(self, now: datetime) -> datetime | None:
        """None for all of the past."""
        days = self.cleaned_data["history"]
        return None if days == EVERYTHING else now - timedelta(days=int(days))


def history_choice(since: datetime | None, now: datetime) -> str:
    """The choice that was made when the window began at `since`."""
    if since is None:
        return EVERYTHING
    days = round((now - since) / timedelta(days=1))
    choices = [value for value, _label in HISTORY_CHOICES if value != EVERYTHING]
    return min(choices, key=lambda value: abs(int(value) - days))
