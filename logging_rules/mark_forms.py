"""What the owner's folders and labels are called, and what is shown in the mailbox."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from logging_rules.actions import MarkChoices
from logging_rules.models.marks import LONGEST_NAME

WRITTEN = ("writes_label", "logged_name", "removing_unlogs")
"""What is about marks that we would set ourselves."""


def _name(**texts: Any) -> forms.CharField:
    return forms.CharField(max_length=LONGEST_NAME, **texts)


class MarksForm(forms.Form):
    """Names are checked by `set_marks`. Where nothing may be written into the mailbox, only what is read there is asked for."""

    log_name = _name(
        label=_("What logs an e-mail"),
        help_text=_(
            "The name of the folder, and of the keyword (a tag or category). Parts of a folder’s path are parted by “/”."
        ),
    )
    private_name = _name(
        label=_("What keeps an e-mail private"),
        help_text=_("It always wins: what is marked as private is never logged."),
    )
    writes_label = forms.BooleanField(
        label=_("Show in the mailbox which e-mails are logged"),
        required=False,
        help_text=_(
            "Logged e-mails get a label (a keyword), and lose it when they are logged no more. Nothing else in your mailbox is changed. "
            "Switched off, the labels are taken off again."
        ),
    )
    logged_name = _name(
        label=_("Name of this label"), help_text=_("Mail programs show it as a tag or category of this name.")
    )
    removing_unlogs = forms.BooleanField(
        label=_("Taking this label off an e-mail un-logs it"),
        required=False,
        help_text=_("As if you un-logged it here: it disappears from timelines, and you can undo it for seven days."),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any], can_write: bool) -> None:
        super().__init__(data, initial=dict(initial))
        self._as_it_was = {name: initial[name] for name in WRITTEN}
        if not can_write:
            for name in WRITTEN:
                del self.fields[name]
            self.fields["log_name"].help_text = _("The name of the label or category; parts of it are parted by “/”.")

    @property
    def choices(self) -> MarkChoices:
        return MarkChoices(**self._as_it_was | self.cleaned_data)
