"""Never-log entries as people fill them in. The rules about them are in `never_log`, `never_log_lines` and the actions."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from logging_rules.facts import NeverLogScope
from logging_rules.models import NEVER_LOG_SCOPE_LABELS
from logging_rules.never_log_lines import LARGEST_FILE, LONGEST_NOTE, Line, decode, read_lines

_SCOPE_SHOWS = {
    NeverLogScope.WHOLE_MESSAGE: gettext_lazy("Nobody sees an e-mail in which it stands, whoever else is in it."),
    NeverLogScope.ADDRESS_ONLY: gettext_lazy("The e-mail may still be logged with other contacts who are in it."),
}


def scope_choices() -> list[tuple[str, str]]:
    return [
        (scope.value, format_html("<b>{}</b><small>{}</small>", NEVER_LOG_SCOPE_LABELS[scope], _SCOPE_SHOWS[scope]))
        for scope in NeverLogScope
    ]


class CoversTeamField(forms.BooleanField):
    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Team inboxes, too"),
            help_text=gettext_lazy("Without it the entry holds for everybody’s personal inboxes only."),
            required=False,
            initial=True,
        )


class EditEntryForm(forms.Form):
    """What can be changed of an entry; `covers_team` only where the list is the workspace's."""

    scope = forms.ChoiceField(
        label=gettext_lazy("What stays out"),
        choices=scope_choices,
        initial=NeverLogScope.WHOLE_MESSAGE,
        widget=forms.RadioSelect(attrs={"class": "cards"}),
    )
    note = forms.CharField(label=gettext_lazy("Note"), max_length=LONGEST_NOTE, required=False)
    covers_team = CoversTeamField()

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, shared: bool, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial)
        if not shared:
            del self.fields["covers_team"]
        note = _("Everybody can read it.") if shared else _("Only you can read it.")
        self.fields["note"].help_text = note

    @property
    def chosen(self) -> dict[str, Any]:
        return {"covers_team": False} | self.cleaned_data | {"scope": NeverLogScope(self.cleaned_data["scope"])}


class EntryForm(EditEntryForm):
    """A new entry."""

    text = forms.CharField(
        label=gettext_lazy("Address or domain"),
        max_length=320,
        help_text=gettext_lazy(
            "An address like name@example.com, a domain like example.com, or *.example.com with its subdomains."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autofocus": True}),
    )
    field_order = ("text", "scope", "note", "covers_team")


class LinesForm(forms.Form):
    """Many entries: pasted, or a file."""

    lines = forms.CharField(
        label=gettext_lazy("Paste addresses and domains"),
        required=False,
        strip=False,
        help_text=gettext_lazy(
            "One a line, or straight from a spreadsheet: address or domain, scope (whole_message or address_only), note."
            " Only the first is needed."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=gettext_lazy("Or choose a CSV file"),
        required=False,
        allow_empty_file=True,
        help_text=gettext_lazy(
            "UTF-8 or Shift_JIS, up to 1 MB and 5,000 lines. A first line of column names may be there."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv,text/plain"}),
    )
    covers_team = CoversTeamField()

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: "MultiValueDict[str, UploadedFile[Any]] | None" = None,
        *,
        shared: bool,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, initial=initial)
        if not shared:
            del self.fields["covers_team"]

    def clean(self) -> dict[str, Any]:
        """`read` are the lines of both places."""
        found: list[Line] = []
        if upload := self.cleaned_data.get("file"):
            found += self._read_file(upload)
        if (text := self.cleaned_data.get("lines", "")).strip() or not upload:
            found += self._read_text(text)
        return self.cleaned_data | {"read": found}

    def _read_file(self, upload: "UploadedFile[Any]") -> list[Line]:
        try:
            if (upload.size or 0) > LARGEST_FILE:
                raise ValidationError(_("The file is larger than 1 MB. Split it."), code="too_large")
            return read_lines(decode(upload.read()))
        except ValidationError as problem:
            self.add_error("file", problem)
            return []

    def _read_text(self, text: str) -> list[Line]:
        try:
            return read_lines(text)
        except ValidationError as problem:
            self.add_error("lines", problem)
            return []
