"""The logging decision: fourteen rules in order, the first that speaks decides.

Pure: no Django, no I/O, no clock. The same envelope, facts and policy always give the same decision.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from inboxes.envelope import NOT_MAIL_ROLES, Envelope, FolderRole
from inboxes.filtered import NOBODY_KNOWN, Filtered
from inboxes.marks import BY_MARK, KEPT_PRIVATE, Mark
from inboxes.visibility import Visibility
from logging_rules.ambiguity import ambiguity_of
from logging_rules.facts import ContactCreation, Facts, Level, Policy, Preset, Setting
from logging_rules.mail import Mail, shared_address


class Code(StrEnum):
    """Why a mail was logged or skipped; stored, counted, shown, and never renamed."""

    NOT_MAIL = "not_mail"
    OUTSIDE_WINDOW = "outside_window"
    UNLOGGED_BY_OWNER = "unlogged_by_owner"
    MARKED_PRIVATE = KEPT_PRIVATE
    NEVER_LOG_WORKSPACE = "never_log_workspace"
    NEVER_LOG_PERSONAL = "never_log_personal"
    INTERNAL_ONLY = "internal_only"
    SENT_FROM_CRM = "sent_from_crm"
    LOG_UNTICKED = "log_unticked"
    CHOSEN_BY_OWNER = "chosen_by_owner"
    AUTOMATIC_MAIL = "automatic_mail"
    HELD_FOR_OWNER = "held_for_owner"
    REPLY_TO_LOGGED = "reply_to_logged"
    KNOWN_CONTACT_OUTGOING = "known_contact_outgoing"
    KNOWN_CONTACT_INCOMING = "known_contact_incoming"
    PRESET_TOO_NARROW = "preset_too_narrow"
    NO_KNOWN_CONTACT = NOBODY_KNOWN


BY_HAND = "by_hand"
"""The rule of mail its owner picked from the mailbox."""


class Decision(NamedTuple):
    """What becomes of one mail and why. `contact_ids` are the contacts whose timelines it stands on. A named tuple, as `Envelope`.

    The last three are what the settings say of a mail that is logged: `newcomers` are addresses that become contacts with it.
    A chosen or CRM-sent mail may be logged with no contact: it is stored, and appears once a contact with its address exists.
    `kept`: it is not logged and yet stored, for the members of a team inbox; `filtered`: why they do not find it in their list.
    """

    log: bool
    code: Code
    rule: str = ""
    level: Level = Level.NONE
    matched_address: str = ""
    contact_ids: tuple[int, ...] = ()
    decided_by_id: int | None = None
    newcomers: tuple[str, ...] = ()
    visibility: Visibility = Visibility.EVERYONE
    store_attachments: bool = True
    kept: bool = False
    filtered: str = ""


Rule = Callable[[Mail], Decision | None]


@lru_cache(maxsize=64)
def _skipped(code: Code, rule: str = "", level: Level = Level.NONE) -> Decision:
    """One for all mails that are skipped alike, which most are."""
    return Decision(log=False, code=code, rule=rule, level=level)


NO_MAIL_ROLES = NOT_MAIL_ROLES - {FolderRole.JUNK}
NO_MAIL_LABELS = frozenset({"CHAT", "DRAFT", "TRASH"})
SPAM_LABEL = "SPAM"


def not_mail(mail: Mail) -> Decision | None:
    """What a member of a team has taken back is no spam any more."""
    if is_no_mail(mail.envelope) or (_is_spam(mail) and not mail.is_restored):
        return _skipped(Code.NOT_MAIL)
    return None


def is_no_mail(envelope: Envelope) -> bool:
    """Drafts, trash and chats, which nobody logs and no team reads."""
    return envelope.is_draft or envelope.folder_role in NO_MAIL_ROLES or not NO_MAIL_LABELS.isdisjoint(envelope.labels)


def _is_spam(mail: Mail) -> bool:
    """A note of the receiving server counts for teams, whose members see what was filtered and can take it back."""
    envelope = mail.envelope
    in_junk = envelope.folder_role is FolderRole.JUNK or SPAM_LABEL in envelope.labels
    return in_junk or (envelope.is_spam and mail.policy.keeps_all)


def outside_window(mail: Mail) -> Decision | None:
    """By the time of arrival: a wrong clock at the sender must not lose new mail. Who picks an old mail of their own by hand wants that
    one too; what was before a team's window is nobody's to pick."""
    since, is_picked = mail.policy.history_since, mail.chosen_by_id is not None and not mail.policy.keeps_all
    if mail.policy.paused:
        return _skipped(Code.OUTSIDE_WINDOW, "paused", Level.INBOX)
    if since is not None and mail.envelope.received_at < since and not is_picked:
        return _skipped(Code.OUTSIDE_WINDOW, "history_since", Level.INBOX)
    return None


def unlogged_by_owner(mail: Mail) -> Decision | None:
    if mail.envelope.fingerprint in mail.facts.unlogged:
        return _skipped(Code.UNLOGGED_BY_OWNER, level=Level.PERSON)
    return None


def marked_private(mail: Mail) -> Decision | None:
    if mail.envelope.is_private:
        return _skipped(Code.MARKED_PRIVATE, "sensitivity")
    if mail.facts.has_mark(mail.envelope, Mark.PRIVATE):
        return _skipped(Code.MARKED_PRIVATE, BY_MARK, Level.PERSON)
    return None


def never_log_workspace(mail: Mail) -> Decision | None:
    blocked = mail.facts.blocked_by_workspace
    for email in mail.emails:
        if email in blocked:
            return Decision(False, Code.NEVER_LOG_WORKSPACE, f"never_log_{blocked[email]}", Level.WORKSPACE, email)
    return None


def never_log_personal(mail: Mail) -> Decision | None:
    blocked = mail.facts.blocked_by_person
    for email in mail.emails:
        if email in blocked:
            return Decision(False, Code.NEVER_LOG_PERSONAL, f"never_log_{blocked[email]}", Level.PERSON, email)
    return None


def internal_only(mail: Mail) -> Decision | None:
    if mail.emails and mail.facts.colleagues.issuperset(mail.emails):
        return _skipped(Code.INTERNAL_ONLY, level=Level.WORKSPACE)
    return None


def sent_from_crm(mail: Mail) -> Decision | None:
    """Only in the mailbox's own Sent copy: anybody can write a Message-ID into a mail that arrives."""
    if not mail.envelope.sent_by_owner:
        return None
    sent = mail.facts.sent_from_crm.get(mail.envelope.message_id)
    if sent is None:
        return None
    if not sent.log:
        return Decision(False, Code.LOG_UNTICKED, "log_unticked", Level.PERSON, decided_by_id=sent.by_id)
    address, contact_ids = mail.first_contact_address, mail.contact_ids
    return Decision(True, Code.SENT_FROM_CRM, "log_ticked", Level.PERSON, address, contact_ids, sent.by_id)


def chosen_by_owner(mail: Mail) -> Decision | None:
    by_id = mail.chosen_by_id
    if by_id is None and not mail.facts.has_mark(mail.envelope, Mark.LOG):
        return None
    return Decision(
        log=True,
        code=Code.CHOSEN_BY_OWNER,
        rule=BY_MARK if by_id is None else BY_HAND,
        level=Level.PERSON,
        matched_address=mail.first_contact_address,
        contact_ids=mail.contact_ids,
        decided_by_id=mail.policy.owner_id if by_id is None else by_id,
    )


def automatic_mail(mail: Mail) -> Decision | None:
    allowed = mail.policy.log_automatic_mail
    if mail.envelope.is_automatic and not allowed.value and not mail.is_restored:
        return _skipped(Code.AUTOMATIC_MAIL, level=allowed.level)
    return None


def reply_to_logged(mail: Mail) -> Decision | None:
    """References are the sender's claim, so somebody from outside must be in both the mail and the logged conversation.

    The entry goes to the contacts the mail names; if it names none, to the contacts of the conversation.
    """
    return _continued(mail) if mail.direction.value else None


def _continued(mail: Mail) -> Decision | None:
    """The decision about a mail that belongs to a logged conversation, whichever its direction."""
    preset, facts = mail.policy.preset, mail.facts
    if preset.value is Preset.MANUAL or not facts.conversations:
        return None
    for key in mail.conversation_keys:
        for conversation in facts.conversations.get(key, ()):
            shared = shared_address(mail, conversation.participants)
            if not shared or not conversation.precedes(mail.envelope):
                continue
            contact_ids = mail.contact_ids
            if not contact_ids and not mail.withheld:
                contact_ids = tuple(sorted(conversation.contact_ids))
            if contact_ids:
                return Decision(True, Code.REPLY_TO_LOGGED, f"preset_{preset.value}", preset.level, shared, contact_ids)
    return None


def known_contact(mail: Mail) -> Decision | None:
    return _known(mail) if mail.direction.value else None


def _known(mail: Mail) -> Decision | None:
    """The decision about a mail with a contact, or to somebody its owner makes one by writing, whichever its direction."""
    preset = mail.policy.preset
    if preset.value is not Preset.KNOWN:
        return None
    if not mail.contacts:
        return _first_contact(mail) if mail.envelope.sent_by_owner else None
    return Decision(
        log=True,
        code=Code.KNOWN_CONTACT_OUTGOING if mail.envelope.sent_by_owner else Code.KNOWN_CONTACT_INCOMING,
        rule=f"preset_{preset.value}",
        level=preset.level,
        matched_address=mail.first_contact_address,
        contact_ids=mail.contact_ids,
    )


def _first_contact(mail: Mail) -> Decision | None:
    newcomers, creation = mail.newcomers, mail.policy.create_contacts
    if not newcomers:
        return None
    return Decision(True, Code.KNOWN_CONTACT_OUTGOING, "contact_created", creation.level, newcomers[0])


def preset_too_narrow(mail: Mail) -> Decision | None:
    """Also speaks where the preset would do, but mail of this direction is not logged."""
    if not mail.direction.value and (wanted := _continued(mail) or _known(mail)):
        rule = "outgoing_off" if mail.envelope.sent_by_owner else "incoming_off"
        return Decision(False, Code.PRESET_TOO_NARROW, rule, mail.direction.level, wanted.matched_address)
    if not mail.contacts:
        return None
    preset = mail.policy.preset
    # A known contact's mail gets here under this preset only if it is from before the preset was chosen.
    rule = "before_change" if preset.value is Preset.KNOWN else f"preset_{preset.value}"
    return Decision(False, Code.PRESET_TOO_NARROW, rule, preset.level, mail.first_contact_address)


_NOBODY = _skipped(Code.NO_KNOWN_CONTACT)


def no_known_contact(mail: Mail) -> Decision | None:
    """Says so when a contact was there but a never-log entry keeps this address off timelines."""
    for email in mail.withheld:
        withheld = mail.facts.withheld[email]
        if withheld.contact_id is not None:
            return Decision(False, Code.NO_KNOWN_CONTACT, "never_log_address_only", withheld.level, email)
    return _NOBODY


RULES: tuple[Rule, ...] = (
    not_mail, outside_window, unlogged_by_owner, marked_private, never_log_workspace, never_log_personal, internal_only,
    sent_from_crm, chosen_by_owner, automatic_mail, reply_to_logged, known_contact, preset_too_narrow, no_known_contact,
)  # fmt: skip
"""The decision table of the design, in its order."""


SPEAKS_IF: Mapping[Rule, Callable[[Facts, Policy], object]] = {
    unlogged_by_owner: lambda facts, _: facts.unlogged,
    never_log_workspace: lambda facts, _: facts.blocked_by_workspace,
    never_log_personal: lambda facts, _: facts.blocked_by_person,
    sent_from_crm: lambda facts, _: facts.sent_from_crm,
    reply_to_logged: lambda _, policy: policy.preset.value is not Preset.MANUAL,
    known_contact: lambda _, policy: policy.preset.value is Preset.KNOWN,
}
"""What some rules need to say anything, of whichever mail of a page: asked once, not for each mail."""


BY_SETTINGS = frozenset({Code.REPLY_TO_LOGGED, Code.KNOWN_CONTACT_OUTGOING, Code.KNOWN_CONTACT_INCOMING})
"""Codes of mail that is logged because the settings say so."""


def decide(envelope: Envelope, facts: Facts, policy: Policy) -> Decision:
    """What becomes of one mail. Total: every envelope gets a decision."""
    return _decide(Mail(envelope, facts, policy), _rules_for(facts, policy))


def _rules_for(facts: Facts, policy: Policy) -> list[Rule]:
    return [rule for rule in RULES if rule not in SPEAKS_IF or SPEAKS_IF[rule](facts, policy)]


def _decide(mail: Mail, rules: Sequence[Rule]) -> Decision:
    for rule in rules:
        decision = rule(mail)
        if decision is None or (decision.code in BY_SETTINGS and mail.is_passed_over):
            continue
        return held_for_owner(mail, decision) or (_as_set(decision, mail) if decision.log else decision)
    raise AssertionError("the last rule always decides")


def held_for_owner(mail: Mail, decision: Decision) -> Decision | None:
    """Asked of what the settings would log: the owner's own choices need no second question."""
    hold = mail.policy.hold_ambiguous
    cause = ambiguity_of(mail.envelope, mail.facts) if hold.value and decision.code in BY_SETTINGS else None
    return Decision(False, Code.HELD_FOR_OWNER, cause, hold.level, decision.matched_address) if cause else None


def _as_set(decision: Decision, mail: Mail) -> Decision:
    """The decision to log, with what the settings say of logged mail."""
    return decision._replace(
        newcomers=mail.newcomers,
        visibility=mail.policy.visibility.value,
        store_attachments=mail.policy.store_attachments.value,
    )


COULD_BE_REPLIES = frozenset({Code.PRESET_TOO_NARROW, Code.NO_KNOWN_CONTACT})
"""Codes of mail that would be logged if it belonged to a logged conversation."""


def decide_page(envelopes: Sequence[Envelope], facts: Facts, policy: Policy) -> list[Decision]:
    """One decision per envelope, in the order given; what is logged does not depend on that order.

    A mail may belong to a conversation that another mail of the page makes logged. So the page is decided oldest first, what is
    logged is remembered in `facts.conversations`, and mails that could still turn out to be replies are asked again until
    nothing more is logged. (Only ids that collide or are forged crosswise can make an order count.)

    Contacts are made last: who wrote within a conversation stands with its contacts, whether or not strangers become contacts.
    """
    mails = [Mail(envelope, facts, policy) for envelope in envelopes]
    decisions = _decide_all(mails, facts, policy)
    if not policy.keeps_all:
        return decisions
    return [_kept_for_team(decision, mail) for decision, mail in zip(decisions, mails, strict=True)]


def _decide_all(mails: Sequence[Mail], facts: Facts, policy: Policy) -> list[Decision]:
    decisions = [_NOBODY] * len(mails)
    creation = policy.create_contacts
    if creation.value is ContactCreation.NEVER:
        _settle(decisions, mails, facts)
        return decisions
    makes_none = replace(policy, create_contacts=Setting(ContactCreation.NEVER, creation.level))
    _settle(decisions, [Mail(mail.envelope, facts, makes_none) for mail in mails], facts)
    _settle(decisions, mails, facts)
    return [
        _as_set(decision, mail) if decision.log else decision for decision, mail in zip(decisions, mails, strict=True)
    ]


def _kept_for_team(decision: Decision, mail: Mail) -> Decision:
    """The members of a team inbox have all of its mail, but for what is no mail, was before the window, or must not be kept."""
    if decision.log or is_no_mail(mail.envelope) or outside_window(mail) or never_log_workspace(mail):
        return decision
    return decision._replace(kept=True, filtered=_filtered(mail), store_attachments=mail.policy.store_attachments.value)


def _filtered(mail: Mail) -> str:
    if mail.is_restored:
        return ""
    if _is_spam(mail):
        return Filtered.SPAM
    return Filtered.AUTOMATIC if mail.envelope.is_automatic and not mail.envelope.sent_by_owner else ""


def _settle(decisions: list[Decision], mails: Sequence[Mail], facts: Facts) -> None:
    """Decides what is undecided or could be a reply, until nothing more is logged."""
    if not mails:
        return
    policy = mails[0].policy
    rules = _rules_for(facts, policy)
    undecided = [index for index, decision in enumerate(decisions) if decision.code in COULD_BE_REPLIES]
    undecided.sort(key=lambda index: mails[index].envelope.sent_at)
    ready = undecided
    while ready:
        for index in ready:
            mail = mails[index]
            decision = decisions[index] = _decide(mail, rules)
            if decision.log:
                facts.remember(mail.envelope, decision.contact_ids)
        if policy.preset.value is Preset.MANUAL or not any(decisions[index].log for index in ready):
            break
        undecided = [index for index in undecided if decisions[index].code in COULD_BE_REPLIES]
        known = facts.conversations.keys()
        ready = [index for index in undecided if not known.isdisjoint(mails[index].conversation_keys)]
