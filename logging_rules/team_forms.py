"""What is chosen for a team inbox before it starts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inboxes.team_forms import MembersField, TeamNamesForm
from logging_rules.facts import Preset
from logging_rules.forms import EVERYTHING, HISTORY_CHOICES
from logging_rules.models import PRESET_LABELS
from users.models import User

USUAL, NOTHING = "usual", "nothing"


class TeamStartingForm(TeamNamesForm):
    """Its names, its members, whether its mail is logged, and how far back to read."""

    members = MembersField(
        label=_("Members"),
        required=False,
        help_text=_(
            "They read all mail of the inbox and will answer it. Others with account access manage it, but do not read it."
        ),
    )
    logging = forms.ChoiceField(label=_("What is logged"), widget=forms.RadioSelect(attrs={"class": "cards"}))
    history = forms.ChoiceField(
        label=_("How far back"),
        choices=HISTORY_CHOICES,
        widget=forms.RadioSelect(attrs={"class": "segments"}),
        help_text=_("E-mails from before are neither stored nor logged. New e-mail is always read."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, most_open: Preset, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        self.fields["members"].queryset = User.objects.active().order_by("name", "email")  # type: ignore[attr-defined]
        self.fields["members"].always_answered = True  # type: ignore[attr-defined]
        self.fields["logging"].choices = _logging_choices(most_open)  # type: ignore[attr-defined]

    @property
    def preset(self) -> Preset | None:
        """None: as team inboxes do."""
        return Preset.MANUAL if self.cleaned_data["logging"] == NOTHING else None

    def since(self, now: datetime) -> datetime | None:
        """None for all of the past."""
        days = self.cleaned_data["history"]
        return None if days == EVERYTHING else now - timedelta(days=int(days))


def _logging_choices(most_open: Preset) -> list[tuple[str, str]]:
    shown = str(_("On the timelines of the contacts, for everybody in the workspace."))
    if most_open is not Preset.KNOWN:
        shown = str(_("The workspace allows at most “%(preset)s” at present.")) % {"preset": PRESET_LABELS[most_open]}
    choices = (
        (USUAL, _("All mail with known contacts"), shown),
        (NOTHING, _("Nothing by itself"), _("Members read the mail here; they put on timelines what they choose.")),
    )
    return [(value, format_html("<b>{}</b><small>{}</small>", label, help)) for value, label, help in choices]
