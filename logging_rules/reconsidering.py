"""Deciding e-mails again that are logged already, from what is stored of them: which of them would other rules not log?

What a person chose stays: mail logged by hand, by a label, or from the CRM with its box ticked. What rules would hold for its owner
to decide stays, too: only what arrives is held. So does what the change has no part
in: mail that was logged under settings or contacts that are long gone.

A stored e-mail lacks a few things its mailbox shows. Whether it was marked as private and where it lies does not matter, as it was
logged in spite of it. That it answers an earlier mail shows only in its conversation as a whole, so of mail with a wrong date less
may be found to belong to one; then it is left alone, for the rules of before would not log it either.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.marks import NO_NAMES
from inboxes.models import Inbox, Message, Sighting
from logging_rules.changes import Change
from logging_rules.dry_run import as_if_new
from logging_rules.engine import Code, Decision, decide_page
from logging_rules.facts import Colleagues
from logging_rules.page_facts import facts_of_page
from logging_rules.queries import conversations_of, everybody_inside
from logging_rules.rules import Rules

BATCH_THREADS = 500
"""Conversations decided at once; those of one conversation depend on one another."""

CHOSEN = (Code.CHOSEN_BY_OWNER, Code.SENT_FROM_CRM)
"""Why a mail was logged that no rule takes away again."""


@dataclass(frozen=True, slots=True)
class Worlds:
    """The rules without a change and with it. Of a change that is made already nobody may know what was before: `wider` than it or
    `narrower`. Otherwise these two are the same."""

    wider: Rules
    narrower: Rules
    after: Rules

    @classmethod
    def of(cls, change: Change, rules: Rules) -> "Worlds":
        if not change.is_made_in(rules):
            return cls(rules, rules, change.apply_to(rules))
        wider, narrower = (change.taken_back_from(rules, to_wider=end).apply_to(rules) for end in (True, False))
        return cls(wider, narrower, rules)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of a logged e-mail."""

    sighting: Sighting
    decision: Decision
    is_taken: bool


@dataclass(frozen=True, slots=True)
class Reconsidered:
    """A part of an inbox's logged mail; `up_to` is the last conversation of it, None behind the last part."""

    verdicts: list[Verdict]
    up_to: int | None


def reconsider(
    inbox: Inbox, *, before: Rules, after: Rules, since: datetime | None, after_thread: int = 0
) -> Reconsidered:
    """The next part, by conversations. A constant number of queries."""
    threads = _next_threads(inbox, since, after_thread)
    if not threads:
        return Reconsidered([], None)
    sightings = list(
        Sighting.objects.filter(inbox=inbox, message__thread__in=threads)
        .select_related("message")
        .only("reason", "rule", "outgoing", "message__message_id", "message__thread", "message__from_email",
              "message__from_name", "message__recipients", "message__subject", "message__sent_at", "message__is_automatic")
        .order_by("message__sent_at", "pk")
    )  # fmt: skip
    envelopes = [_envelope(sighting) for sighting in sightings]
    colleagues = everybody_inside()
    decided = [_decide(inbox, rules, sightings, envelopes, colleagues) for rules in (before, after)]
    verdicts = [
        Verdict(sighting, now, is_taken=_is_taken(sighting, was, now))
        for sighting, was, now in zip(sightings, *decided, strict=True)
        if since is None or sighting.message.sent_at >= since
    ]
    return Reconsidered(verdicts, threads[-1])


def _next_threads(inbox: Inbox, since: datetime | None, after_thread: int) -> list[int]:
    messages = Message.objects.filter(sightings__inbox=inbox, thread__gt=after_thread)
    if since is not None:
        messages = messages.filter(sent_at__gte=since)
    return list(messages.order_by("thread").values_list("thread", flat=True).distinct()[:BATCH_THREADS])


def _envelope(sighting: Sighting) -> Envelope:
    message = sighting.message
    by_kind: dict[str, list[Address]] = {"to": [], "cc": [], "bcc": []}
    for kind, email, name in message.recipients:
        by_kind[kind].append(Address(email, name))
    return Envelope(
        remote_id=str(message.pk),
        folder_id="",
        folder_role=FolderRole.SENT if sighting.outgoing else FolderRole.INBOX,
        received_at=message.sent_at,
        sent_at=message.sent_at,
        size=0,
        subject=message.subject,
        from_=(Address(message.from_email, message.from_name),),
        to=tuple(by_kind["to"]),
        cc=tuple(by_kind["cc"]),
        bcc=tuple(by_kind["bcc"]),
        message_id=message.message_id,
        provider_thread_id=_conversation_key(message.thread_id),
        sent_by_owner=sighting.outgoing,
        is_automatic=message.is_automatic,
    )


def _conversation_key(thread_pk: int) -> str:
    return f"conversation {thread_pk}"


def _decide(
    inbox: Inbox, rules: Rules, sightings: Sequence[Sighting], envelopes: Sequence[Envelope], colleagues: Colleagues
) -> list[Decision]:
    """As if the mails came in now, with only those conversations logged that do not rest on these mails alone."""
    # What is stored of a mail does not include its labels.
    facts = facts_of_page(rules, envelopes, colleagues, mark_names=NO_NAMES, with_conversations=False)
    standing = _standing_messages(inbox, {sighting.message.thread_id for sighting in sightings})
    facts.conversations = {
        _conversation_key(thread_pk): [conversation]
        for thread_pk, conversation in conversations_of(standing, inbox=inbox).items()
    }
    return decide_page(envelopes, facts, as_if_new(rules, history_since=None))


def _standing_messages(inbox: Inbox, threads: Iterable[int]) -> QuerySet[Message]:
    """What stays logged of the conversations whatever the rules of this inbox are: mail that was chosen, or that other inboxes logged."""
    standing = Sighting.objects.filter(~Q(inbox=inbox) | Q(reason__in=CHOSEN), message=OuterRef("pk"))
    return Message.objects.filter(Exists(standing), thread__in=threads)


def _is_taken(sighting: Sighting, before: Decision, after: Decision) -> bool:
    if after.log or after.code is Code.HELD_FOR_OWNER or sighting.reason in CHOSEN:
        return False
    return before.log or (before.code, before.rule) != (after.code, after.rule)
