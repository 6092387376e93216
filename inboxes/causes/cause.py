"""What a cause tells the person it concerns."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Cause:
    """`title` is a few words, `explanation` says what happened, `fix` what to do (or that nothing needs to be done).

    `fix_by_hand` is for the person who tries servers out: nothing tries again by itself then.
    """

    title: str | Promise
    explanation: str | Promise
    fix: str | Promise
    fix_by_hand: str | Promise = ""

    @property
    def fix_while_trying(self) -> str | Promise:
        return self.fix_by_hand or self.fix


WAIT = _("You do not need to do anything: we keep trying, and no mail is lost.")
