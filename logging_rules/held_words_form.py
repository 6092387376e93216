"""Words that have mail held, one a line."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LONGEST_WORD = 60
MOST_WORDS = 500


class HeldWordsForm(forms.Form):
    words = forms.CharField(
        label=_("Words"),
        required=False,
        max_length=MOST_WORDS * LONGEST_WORD,
        help_text=_(
            "One a line. Latin words match as a whole, others anywhere in the subject; case and width do not matter."
        ),
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false"}),
    )

    def clean_words(self) -> list[str]:
        words = list(dict.fromkeys(" ".join(line.split()) for line in self.cleaned_data["words"].splitlines()))
        words = [word for word in words if word]
        if any(len(word) > LONGEST_WORD for word in words):
            raise ValidationError(_("A word may have 60 characters at most."), code="too_long")
        if len(words) > MOST_WORDS:
            raise ValidationError(_("500 words at most."), code="too_many")
        return words
