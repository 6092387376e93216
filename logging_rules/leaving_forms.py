"""Who takes over when somebody leaves."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from logging_rules.leaving import Handover, Leaving, TeamPart, account_holders, colleagues


class HandoverForm(forms.Form):
    """A field for the contacts, one for each team inbox that needs an owner, one for each that nobody else reads."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, leaving: Leaving) -> None:
        super().__init__(data)
        self._leaving = leaving
        holders, people = account_holders(leaving.person), colleagues(leaving.person)
        # Read once: each field would ask for its own choices.
        listed_holders, listed_people = ([(one.code, str(one)) for one in found] for found in (holders, people))
        if leaving.contacts:
            self.fields["contacts"] = forms.ModelChoiceField(
                people,
                label=_("Contacts"),
                required=False,
                to_field_name="code",
                empty_label=_("Nobody: they have no owner"),
            )
        for part in leaving.owned:
            field = self.fields[f"owner_{part.inbox.pk}"] = forms.ModelChoiceField(
                holders, label=_label(part), to_field_name="code", help_text=_sign_in_help(part)
            )
            field.choices = [("", _("Choose somebody")), *listed_holders]
        for part in leaving.orphaned:
            field = self.fields[f"reader_{part.inbox.pk}"] = forms.ModelChoiceField(
                people, label=_label(part), required=False, to_field_name="code",
                help_text=_("Nobody else is a member of this inbox. Without one, nobody reads its mail."),
            )  # fmt: skip
            field.choices = [("", _("Nobody for now")), *listed_people]

    def handover(self) -> Handover:
        """Of a valid form."""
        values = self.cleaned_data
        chosen = {part.inbox.pk: part for part in self._leaving.teams}
        return Handover(
            contacts=values.get("contacts"),
            owners={key: values[name] for key in chosen if values.get(name := f"owner_{key}")},
            readers={key: values[name] for key in chosen if values.get(name := f"reader_{key}")},
        )


def _label(part: TeamPart) -> str:
    """Two teams may have chosen the same name."""
    return f"{part.inbox.name} ({part.inbox.address})" if part.inbox.name else part.inbox.address


def _sign_in_help(part: TeamPart) -> Any:
    if part.signs_in_again:
        return _(
            "Its new owner has to sign in to it once; until then nothing of it is read. Everybody concerned is told."
        )
    return _(
        "It is read with a password of its own and goes on. If the leaver knows that password, change it at the provider."
    )
