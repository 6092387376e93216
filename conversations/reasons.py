"""Why an e-mail of a team inbox is kept out of the list, and why it stands on no timeline: for members, in words."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inboxes.filtered import Filtered
from inboxes.models.team import FILTER_EXPLANATIONS, FILTER_LABELS
from logging_rules.engine import Code
from logging_rules.reasons import label_of


@dataclass(frozen=True, slots=True)
class FilterCause:
    """`word` stands on the badge, `because` says what happened; `take_back` is the word on the button that puts it right."""

    word: str | Promise
    because: str | Promise
    take_back: str | Promise
    icon: str


TAKE_BACK: dict[str, Promise] = {Filtered.SPAM: _("Not spam"), Filtered.AUTOMATIC: _("Show in list")}
ICONS: dict[str, str] = {Filtered.SPAM: "shield-alert", Filtered.AUTOMATIC: "bot"}

NOT_LOGGED: dict[str, Promise] = {
    Code.NOT_MAIL: _("Spam and drafts are logged on no timeline."),
    Code.OUTSIDE_WINDOW: _("It arrived before the period that this inbox logs."),
    Code.UNLOGGED_BY_OWNER: _("It was taken off the log before, so it stays off."),
    Code.MARKED_PRIVATE: _("It is marked as private."),
    Code.NEVER_LOG_WORKSPACE: _("Somebody in it is on the workspace’s never-log list."),
    Code.NEVER_LOG_PERSONAL: _("Somebody in it is on a never-log list."),
    Code.INTERNAL_ONLY: _("Everybody in it is a colleague."),
    Code.AUTOMATIC_MAIL: _("A machine sent it, or it went to a list."),
    Code.HELD_FOR_OWNER: _("It waits for somebody to decide whether it is logged."),
    Code.PRESET_TOO_NARROW: _("It is with a contact, but this inbox logs less than that."),
    Code.NO_KNOWN_CONTACT: _("Nobody in it is a contact."),
}


def filter_cause(code: str) -> FilterCause:
    return FilterCause(FILTER_LABELS[code], FILTER_EXPLANATIONS[code], TAKE_BACK[code], ICONS[code])


def why_not_logged(code: str) -> str:
    return str(NOT_LOGGED.get(code) or label_of(code))
