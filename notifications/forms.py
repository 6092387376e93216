"""What a person fills in about how to be told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications import kinds
from notifications.topics import ALWAYS_TOLD, SUBJECTS, Subject, Topic, Wish

CHANNELS: dict[str, Promise] = {"in_app": _("In the product"), "by_e_mail": _("By e-mail")}


@dataclass(frozen=True, slots=True)
class Row:
    """A topic and its two ticks. `by_e_mail` is None where nothing of the topic goes by e-mail."""

    subject: Subject
    is_fixed: bool
    in_app: BoundField
    by_e_mail: BoundField | None


class PreferencesForm(forms.Form):
    """One row for each topic; those that cannot be switched off are shown ticked and take no answer."""

    def __init__(self, *args: Any, wishes: Mapping[Topic, Wish], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._goes_by_e_mail = kinds.topics()
        self._topics = list(wishes)
        for topic, wish in wishes.items():
            for channel, label in CHANNELS.items():
                self.fields[f"{topic}_{channel}"] = forms.BooleanField(
                    label=f"{SUBJECTS[topic].label}: {label}",
                    initial=getattr(wish, channel),
                    required=False,
                    disabled=topic in ALWAYS_TOLD,
                )

    def rows(self) -> Iterator[Row]:
        for topic in self._topics:
            by_e_mail = self[f"{topic}_by_e_mail"] if self._goes_by_e_mail[topic] else None
            yield Row(SUBJECTS[topic], topic in ALWAYS_TOLD, self[f"{topic}_in_app"], by_e_mail)

    def wishes(self) -> dict[Topic, Wish]:
        """Of the topics that can be chosen."""
        chosen = self.cleaned_data
        return {
            topic: Wish(chosen[f"{topic}_in_app"], chosen[f"{topic}_by_e_mail"] or not self._goes_by_e_mail[topic])
            for topic in self._topics
            if topic not in ALWAYS_TOLD
        }
