"""What shall become of the mail that an inbox logged, when the inbox goes."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from logging_rules.removal import Holdings

KEEP, ERASE = "keep", "erase"


class RemovalForm(forms.Form):
    """The choice in numbers. There is none where the inbox holds nothing that could stay."""

    logged = forms.ChoiceField(
        label=gettext_lazy("What it logged"), widget=forms.RadioSelect(attrs={"class": "cards"}), initial=KEEP
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, holdings: Holdings) -> None:
        super().__init__(data)
        labels = [
            (KEEP, _("Keep what it logged"), _what_stays(holdings)),
            (ERASE, _("Erase what it logged"), _what_goes(holdings)),
        ]
        self.fields["logged"].choices = [  # type: ignore[attr-defined]
            (value, format_html("<b>{}</b><small>{}</small>", title, " ".join(sentences)))
            for value, title, sentences in labels
        ]
        if not (holdings.mails or holdings.undoable):
            self.fields["logged"].widget = forms.HiddenInput()

    @property
    def erases(self) -> bool:
        return bool(self.cleaned_data["logged"] == ERASE)


def _what_stays(holdings: Holdings) -> list[str]:
    return [_counted(_STAYS, holdings.mails) + _counted(_ON_TIMELINES, holdings.contacts)]


def _what_goes(holdings: Holdings) -> list[str]:
    further = ((_SHARED, holdings.shared), (_MADE, holdings.made), (_UNDOABLE, holdings.undoable))
    return [_counted(_ERASED, holdings.erasable), *(_counted(words, number) for words, number in further if number)]


def _counted(words: Any, number: int) -> str:
    return str(words % {"count": number, "number": number_format(number, use_l10n=True, force_grouping=True)})


_STAYS = ngettext_lazy("%(number)s e-mail stays where it is", "%(number)s e-mails stay where they are", "count")
_ON_TIMELINES = ngettext_lazy(
    ", on the timeline of %(number)s contact.", ", on the timelines of %(number)s contacts.", "count"
)
_ERASED = ngettext_lazy(
    "%(number)s e-mail is erased for good, with its files.",
    "%(number)s e-mails are erased for good, with their files.",
    "count",
)
_SHARED = ngettext_lazy(
    "%(number)s stays in any case, because another inbox logged it too.",
    "%(number)s stay in any case, because another inbox logged them too.",
    "count",
)
_MADE = ngettext_lazy(
    "%(number)s contact that was created by them alone goes with them.",
    "%(number)s contacts that were created by them alone go with them.",
    "count",
)
_UNDOABLE = ngettext_lazy(
    "%(number)s e-mail that was un-logged can no longer be brought back.",
    "%(number)s e-mails that were un-logged can no longer be brought back.",
    "count",
)
