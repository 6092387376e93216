"""What super admins fill in about what may be connected."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from inboxes.actions.policy import host_pattern
from inboxes.models import ConnectionPolicy, ProviderKind, WhoMayConnect

WHO_SHOWS = {
    WhoMayConnect.EVERYONE: _("Every person who can sign in connects inboxes of their own."),
    WhoMayConnect.ACCOUNT_ACCESS: _("Those who manage team inboxes, super admins included."),
    WhoMayConnect.SUPER_ADMINS: _("Only those who look after the workspace."),
    WhoMayConnect.NOBODY: _("There are team inboxes only, but for people you let in one by one."),
}
PROVIDER_SHOWS = {
    ProviderKind.GMAIL: _("Signing in at Google, for Gmail and Google Workspace."),
    ProviderKind.GRAPH: _("Signing in at Microsoft, for Microsoft 365 and Outlook.com."),
    ProviderKind.IMAP: _("Any other mail server, with a password or by signing in."),
}


def _who_choices() -> list[tuple[str, str]]:
    return [(who.value, format_html("<b>{}</b><small>{}</small>", who.label, WHO_SHOWS[who])) for who in WhoMayConnect]


def _provider_choices() -> list[tuple[str, str]]:
    kinds = (ProviderKind.GMAIL, ProviderKind.GRAPH, ProviderKind.IMAP)
    return [(kind.value, format_html("<b>{}</b><small>{}</small>", kind.label, PROVIDER_SHOWS[kind])) for kind in kinds]


class PolicyForm(forms.Form):
    who = forms.ChoiceField(
        label=_("Who may connect personal inboxes"),
        choices=_who_choices,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        help_text=_("Team inboxes are connected by holders of account access, whatever you choose here."),
    )
    providers = forms.MultipleChoiceField(
        label=_("Through which providers"),
        choices=_provider_choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "cards"}),
        required=False,
        help_text=_("For personal and for team inboxes. With none of them, nothing new can be connected."),
    )
    imap_hosts = forms.CharField(
        label=_("On which mail servers (IMAP and SMTP)"),
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": "mail.example.com\n*.example.com", "spellcheck": "false"}
        ),
        required=False,
        max_length=20_000,
        help_text=_("One a line; *.example.com stands for every server below example.com. Empty: any public server."),
    )

    def clean_imap_hosts(self) -> list[str]:
        patterns, problems = [], []
        for line in self.cleaned_data["imap_hosts"].replace(",", "\n").splitlines():
            try:
                patterns += [host_pattern(line)] if line.strip() else []
            except ValidationError as problem:
                problems.append(problem)
        if problems:
            raise ValidationError(problems)
        return patterns

    def chosen(self) -> dict[str, Any]:
        """Of a valid form, for `set_connection_policy`."""
        values = self.cleaned_data
        return {
            "who": WhoMayConnect(values["who"]),
            "providers": [ProviderKind(kind) for kind in values["providers"]],
            "imap_hosts": values["imap_hosts"],
        }

    @staticmethod
    def values_of(policy: ConnectionPolicy) -> dict[str, Any]:
        return {"who": policy.who, "providers": policy.providers, "imap_hosts": "\n".join(policy.imap_hosts)}


class AnsweredField(forms.ChoiceField):
    """Empty is an answer, too."""

    always_answered = True


class ExceptionForm(forms.Form):
    """Of one person."""

    ANSWERS = {"": None, "yes": True, "no": False}

    may_connect = AnsweredField(
        label=_("May connect personal inboxes"),
        choices=[
            ("", _("As the workspace says")),
            ("yes", pgettext_lazy("may connect", "Always")),
            ("no", pgettext_lazy("may connect", "Never")),
        ],
        widget=forms.RadioSelect(attrs={"class": "segments"}),
        required=False,
    )

    def answer(self) -> bool | None:
        """Of a valid form."""
        return self.ANSWERS[self.cleaned_data["may_connect"]]

    @classmethod
    def values_of(cls, may_connect: bool | None) -> dict[str, Any]:
        return {"may_connect": {answer: text for text, answer in cls.ANSWERS.items()}[may_connect]}
