"""What people fill in about a team inbox, and about where their mail comes from."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inboxes.models import Inbox
from users.models import User


class TeamNamesForm(forms.Form):
    """What a team inbox is called."""

    name = forms.CharField(
        label=_("Name of the inbox"),
        max_length=120,
        help_text=_("Members and those who manage it see it under this name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    from_name = forms.CharField(
        label=_("From name"),
        max_length=120,
        required=False,
        help_text=_("Stands before the address of what is sent from here. Empty: the name of the inbox."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("Minato Support")}),
    )


class MembersField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg] # not generic at run time
    """People to tick."""

    widget = forms.CheckboxSelectMultiple(attrs={"class": "people"})
    default_error_messages = {
        "invalid_choice": _("Somebody you ticked is a member by now, or has left. Look at the list once more."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(User.objects.none(), to_field_name="code", **options)

    def label_from_instance(self, obj: Any) -> str:
        words = [obj.email, *([_("Account access: also manages this inbox")] if obj.has_account_access else [])]
        return format_html("<b>{}</b><small>{}</small>", obj.name, " · ".join(map(str, words)))


class AddMembersForm(forms.Form):
    """Active people who are no members yet."""

    members = MembersField(label=_("People to add"), error_messages={"required": _("Tick at least one person.")})

    def __init__(self, data: Mapping[str, Any] | None = None, *, inbox: Inbox) -> None:
        super().__init__(data)
        active = User.objects.active().exclude(team_memberships__inbox=inbox)
        self.fields["members"].queryset = active.order_by("name", "email")  # type: ignore[attr-defined]


class DefaultInboxForm(forms.Form):
    """Which inbox new mail is sent from."""

    inbox = forms.ChoiceField(
        label=_("New e-mail is sent from"),
        help_text=_("Should it be disabled or removed, the next inbox takes its place."),
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, possible: Sequence[Inbox], chosen: Inbox | None
    ) -> None:
        super().__init__(data, initial={"inbox": str(chosen.code) if chosen else ""})
        self._possible = {str(inbox.code): inbox for inbox in possible}
        self.fields["inbox"].choices = [  # type: ignore[attr-defined]
            (code, _words(inbox)) for code, inbox in self._possible.items()
        ]

    @property
    def chosen(self) -> Inbox:
        return self._possible[self.cleaned_data["inbox"]]


def _words(inbox: Inbox) -> str:
    return f"{inbox.name} ({inbox.address})" if inbox.name else inbox.address


class AliasesForm(forms.Form):
    """One address on each line."""

    aliases = forms.CharField(
        label=_("Further addresses of this mailbox"),
        required=False,
        max_length=20_000,
        help_text=_(
            "One on each line. Mail to them arrives in this mailbox, and mail from them counts as written by it."
        ),
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocapitalize": "none"}),
    )

    @property
    def wanted(self) -> list[str]:
        return str(self.cleaned_data["aliases"]).split()
