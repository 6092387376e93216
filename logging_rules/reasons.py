"""Every reason in words: a short label for lists and counts, and a sentence for one e-mail."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from logging_rules.ambiguity import Ambiguity
from logging_rules.engine import Code
from logging_rules.facts import Level

LABELS: dict[str, Promise] = {
    Code.NOT_MAIL: _("Drafts, spam, trash and chats"),
    Code.OUTSIDE_WINDOW: _("Outside the chosen period"),
    Code.UNLOGGED_BY_OWNER: _("Taken off the log before"),
    Code.MARKED_PRIVATE: _("Marked as private"),
    Code.NEVER_LOG_WORKSPACE: _("On the workspace’s never-log list"),
    Code.NEVER_LOG_PERSONAL: _("On the personal never-log list"),
    Code.INTERNAL_ONLY: _("Among colleagues only"),
    Code.SENT_FROM_CRM: _("Sent from the CRM"),
    Code.LOG_UNTICKED: _("Sent from the CRM without logging"),
    Code.CHOSEN_BY_OWNER: _("Chosen by hand or label"),
    Code.AUTOMATIC_MAIL: _("Automatic and bulk mail"),
    Code.HELD_FOR_OWNER: _("Waiting for the owner’s word"),
    Code.REPLY_TO_LOGGED: _("Part of a logged conversation"),
    Code.KNOWN_CONTACT_OUTGOING: _("Sent to a contact"),
    Code.KNOWN_CONTACT_INCOMING: _("Received from a contact"),
    Code.PRESET_TOO_NARROW: _("With a contact, but the inbox logs less"),
    Code.NO_KNOWN_CONTACT: _("Nobody in it is a contact"),
}

LOGGING_CODES = frozenset(
    {
        Code.SENT_FROM_CRM,
        Code.CHOSEN_BY_OWNER,
        Code.REPLY_TO_LOGGED,
        Code.KNOWN_CONTACT_OUTGOING,
        Code.KNOWN_CONTACT_INCOMING,
    }
)
"""Codes of mail that was logged; with any other code it was not."""

_SENTENCES: dict[str, Promise] = {
    Code.NOT_MAIL: _("It is a draft, spam, in the trash, or a chat."),
    Code.OUTSIDE_WINDOW: _("It arrived before the period that this inbox logs."),
    f"{Code.OUTSIDE_WINDOW} paused": _("The inbox is paused or disabled."),
    Code.UNLOGGED_BY_OWNER: _("%(owner)s took it off the log before, so it stays off."),
    Code.MARKED_PRIVATE: _("%(owner)s marked it as private in the mail program."),
    f"{Code.MARKED_PRIVATE} sensitivity": _("Its sender marked it as private or confidential."),
    Code.NEVER_LOG_WORKSPACE: _("%(contact)s is on the workspace’s never-log list."),
    Code.NEVER_LOG_PERSONAL: _("%(contact)s is on the never-log list of %(owner)s."),
    Code.INTERNAL_ONLY: _("Everybody in it is a colleague."),
    Code.SENT_FROM_CRM: _("%(actor)s wrote it in the CRM and left “Log” ticked."),
    Code.LOG_UNTICKED: _("%(actor)s wrote it in the CRM and unticked “Log”."),
    Code.CHOSEN_BY_OWNER: _("%(actor)s marked it to be logged, in the mail program."),
    f"{Code.CHOSEN_BY_OWNER} by_hand": _("%(actor)s logged it by hand."),
    Code.AUTOMATIC_MAIL: _("A machine sent it, or it went to a list."),
    Code.HELD_FOR_OWNER: _("It waits for you to decide."),
    f"{Code.HELD_FOR_OWNER} {Ambiguity.SENSITIVE_SUBJECT}": _(
        "Its subject holds a word that often means something private, so it waits for you to decide."
    ),
    f"{Code.HELD_FOR_OWNER} {Ambiguity.PRIVATE_SENDER}": _(
        "%(contact)s is a contact, but a private address sent it, so it waits for you to decide."
    ),
    f"{Code.HELD_FOR_OWNER} {Ambiguity.MIXED_PARTICIPANTS}": _(
        "Colleagues and people from outside take part in it, so it waits for you to decide."
    ),
    Code.REPLY_TO_LOGGED: _("It continues a conversation that was logged before, and %(contact)s is in both."),
    Code.KNOWN_CONTACT_OUTGOING: _("%(owner)s sent this e-mail to %(contact)s, a contact of your workspace."),
    Code.KNOWN_CONTACT_INCOMING: _("This e-mail is with %(contact)s, a contact of your workspace."),
    f"{Code.KNOWN_CONTACT_OUTGOING} contact_created": _(
        "%(owner)s sent this e-mail to %(contact)s, who became a contact of your workspace by it."
    ),
    Code.PRESET_TOO_NARROW: _("This e-mail is with %(contact)s, a contact, but the inbox logs less than that."),
    f"{Code.PRESET_TOO_NARROW} incoming_off": _(
        "This e-mail is with %(contact)s and would be logged, but it was received, and the inbox does not log what is received."
    ),
    f"{Code.PRESET_TOO_NARROW} outgoing_off": _(
        "This e-mail is with %(contact)s and would be logged, but it was sent, and the inbox does not log what is sent."
    ),
    f"{Code.PRESET_TOO_NARROW} before_change": _(
        "This e-mail is with %(contact)s, a contact, but it arrived before the inbox logged such mail."
    ),
    Code.NO_KNOWN_CONTACT: _("Nobody in it is a contact."),
    f"{Code.NO_KNOWN_CONTACT} never_log_address_only": _(
        "The contact in it is reached by %(contact)s, which a never-log entry keeps off timelines."
    ),
}

_SETTINGS: dict[str, Promise] = {
    "preset_manual": _("The inbox %(inbox)s logs only what %(owner)s chooses."),
    "preset_replies": _("The inbox %(inbox)s logs replies and conversations already logged."),
    "preset_known": _("The inbox %(inbox)s logs all mail with known contacts."),
    "contact_created": _(
        "The inbox %(inbox)s logs all mail with known contacts, and people %(owner)s writes to become contacts."
    ),
    "incoming_off": _("The inbox %(inbox)s does not log e-mails that are received."),
    "outgoing_off": _("The inbox %(inbox)s does not log e-mails that are sent."),
}

_LEVELS: dict[str, Promise] = {
    Level.INBOX: _("This inbox"),
    Level.PERSON: _("All inboxes of %(owner)s"),
    Level.WORKSPACE: _("The whole workspace"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A decision with what a sentence about it names. `contact` is a name and address, or the address that matched."""

    code: str
    rule: str
    level: str
    inbox: str
    owner: str
    contact: str = ""
    actor: str = ""

    @property
    def label(self) -> str:
        return label_of(self.code)

    @property
    def because(self) -> str:
        """What about the e-mail decided, in a sentence."""
        return self._fill(_SENTENCES.get(f"{self.code} {self.rule}", _SENTENCES[self.code]))

    @property
    def setting(self) -> str:
        """The setting of the inbox that applied; empty when none did."""
        return self._fill(_SETTINGS[self.rule]) if self.rule in _SETTINGS else ""

    @property
    def set_for(self) -> str:
        """What the setting was made for, its level in words; empty when there is no `setting`."""
        return self._fill(_LEVELS[self.level]) if self.setting and self.level in _LEVELS else ""

    def _fill(self, text: Promise) -> str:
        names = {"inbox": self.inbox, "owner": self.owner, "contact": self.contact, "actor": self.actor or self.owner}
        return str(text) % names


def label_of(code: str) -> str:
    """A few words for a decision code; the code itself when it is no decision of ours (a quarantine cause, say)."""
    return str(LABELS.get(code, code))
