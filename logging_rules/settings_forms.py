"""The settings of one level as a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logging_rules.facts import SETTING_NAMES, Preset, Settings
from logging_rules.models import InboxPolicy, PersonPolicy, WorkspacePolicy
from logging_rules.rules import said
from logging_rules.setting_words import SETTING_HELP, SETTING_LABELS, choices_of, value_help, value_label
from logging_rules.standing import Standing

GROUPS: list[tuple[Promise, list[str]]] = [
    (
        gettext_lazy("Logging"),
        ["preset", "log_incoming", "log_outgoing", "log_automatic_mail", "store_attachments", "hold_ambiguous"],
    ),
    (gettext_lazy("Who sees logged e-mail"), ["visibility"]),
    (gettext_lazy("Contacts"), ["create_contacts"]),
    (gettext_lazy("E-mail written in Genkan"), ["log_by_default", "track_opens", "track_clicks"]),
]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A field, what is in force, and which inboxes say otherwise."""

    field: forms.BoundField
    standing: Standing | None
    exceptions: list[str]


class SettingField(forms.TypedChoiceField):
    """One setting; the presets as cards. `as_default` is the choice that leaves it to the next level, if there is one."""

    always_answered = True
    """Leaving it to the next level is an answer, too: nothing here is optional."""

    def __init__(self, name: str, *, values: list[Any], as_default: str = "", of_team: bool = False) -> None:
        self.name = name
        is_card = name in ("preset", "most_open_preset")
        choices = [
            (
                _word(value),
                _described(name, value, of_team=of_team) if is_card else value_label(name, value, of_team=of_team),
            )
            for value in values
        ]
        super().__init__(
            label=str(SETTING_LABELS[name]),
            help_text=str(SETTING_HELP.get(name, "")),
            choices=[("", as_default), *choices] if as_default else choices,
            coerce={_word(value): value for value in values}.__getitem__,
            empty_value=None,
            required=not as_default,
            widget=forms.RadioSelect(attrs={"class": "cards"}) if is_card else forms.Select,
        )


def _word(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def _described(name: str, value: Any, *, of_team: bool) -> str:
    help_text = value_help(name, value, of_team=of_team)
    return format_html("<b>{}</b><small>{}</small>", value_label(name, value), help_text)


class GroupedForm(forms.Form):
    """A form whose fields are settings."""

    def rows(
        self, standings: Mapping[str, Standing], exceptions: Mapping[str, list[str]]
    ) -> list[tuple[Promise, list[SettingRow]]]:
        return [
            (
                title,
                [
                    SettingRow(self[name], standings.get(name), exceptions.get(name, []))
                    for name in names
                    if name in self.fields
                ],
            )
            for title, names in self.groups
        ]

    @property
    def groups(self) -> list[tuple[Promise, list[str]]]:
        return GROUPS


class SettingsForm(GroupedForm):
    """For an inbox or a person: each setting may be left to the next level, and the choice to do so says what that means now.

    A team's mail waits for nobody's word, so that setting is missing there.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        own: InboxPolicy | PersonPolicy,
        inherited: Settings,
        as_default: Promise,
        most_open: Preset,
        of_team: bool = False,
    ) -> None:
        self._own = own
        names = [name for name in SETTING_NAMES if not (of_team and name == "hold_ambiguous")]
        super().__init__(data, initial={name: _word(said(own, name)) for name in names if said(own, name) is not None})
        for name in names:
            words = str(as_default) % {"value": value_label(name, getattr(inherited, name).value)}
            values = self._values(name, most_open)
            self.fields[name] = SettingField(name, values=values, as_default=words, of_team=of_team)

    def _values(self, name: str, most_open: Preset) -> list[Any]:
        """A choice that the workspace has forbidden since is kept: it comes back when the workspace allows it."""
        if name != "preset":
            return choices_of(name)
        return [preset for preset in Preset if preset.openness <= most_open.openness or preset == self._own.preset]

    @property
    def changes(self) -> dict[str, Any]:
        """What is different from what is said now; None: as the next level says. What was not sent stays."""
        sent = [name for name in self.fields if name in self.data]
        return {name: value for name in sent if (value := self.cleaned_data[name]) != said(self._own, name)}


class WorkspacePolicyForm(GroupedForm):
    """Every setting has a value, and there is a limit to the presets."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, policy: WorkspacePolicy) -> None:
        self._policy = policy
        names = ("most_open_preset", *SETTING_NAMES)
        super().__init__(data, initial={name: _word(getattr(policy, name)) for name in names})
        for name in names:
            self.fields[name] = SettingField(name, values=choices_of(name))

    @property
    def groups(self) -> list[tuple[Promise, list[str]]]:
        return [(gettext_lazy("The limit for everybody"), ["most_open_preset"]), *GROUPS]

    def clean(self) -> None:
        preset, most_open = self.cleaned_data.get("preset"), self.cleaned_data.get("most_open_preset")
        if preset and most_open and Preset(preset).openness > Preset(most_open).openness:
            raise ValidationError(
                {"preset": _("The default cannot be more open than the most open setting people may choose.")},
                code="default_too_open",
            )

    @property
    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value != getattr(self._policy, name)}
