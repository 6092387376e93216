"""Decides pages of envelopes for the sync engine and puts what was logged on timelines.

Settings and never-log entries are read again for every page: a tighter setting holds from the next page on.

What is logged does not depend on where a page ends or which folder is read first, although the past is read newest first and a
reply may come by before the mail it answers: when a mail is logged whose conversation a passed-over mail may belong to, the
window is read once more after its end (`logging_rules.slices`), headers only, until nothing new is logged.
"""

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property

from contacts.actions import (
    ContactGone,
    MailEntry,
    index_messages,
    meet_correspondents,
    record_mail_entries,
    settle_privacy,
)
from inboxes.envelope import Envelope
from inboxes.marks import BY_MARK, NO_NAMES, Mark, MarkNames
from inboxes.models import Folder, Inbox, InboxKind
from inboxes.providers.base import Interest, RemoteFolder
from inboxes.sync.intake import DecisionOutdated, Intake, Label, SkippedMail, StoredMail
from inboxes.threading import outsiders
from logging_rules.actions import (
    forget_held,
    note_held,
    note_label,
    note_logged_by_hand,
    note_open_conversations,
    note_private_copies,
    unlog_unlabelled,
    withdraw,
)
from logging_rules.engine import BY_HAND, COULD_BE_REPLIES, Code, Decision, decide_page
from logging_rules.facts import Colleagues, ContactCreation, Policy, Preset
from logging_rules.interest import interest_of
from logging_rules.marks import mark_settings_of
from logging_rules.models import LookBack, MarkSettings
from logging_rules.page_facts import facts_of_page
from logging_rules.queries import contacts_by_address, everybody_inside
from logging_rules.rules import Rules, rules_of
from logging_rules.tombstones import digests_of, identity_of


class InboxIntake(Intake[Decision]):
    """For one inbox, during one slice."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self._colleagues: Colleagues | None = None
        self._passed_over: PassedOver | None = None
        self._interest: Interest | None = None

    @property
    def colleagues(self) -> Colleagues:
        """Everybody inside the workspace, as of the last page."""
        if self._colleagues is None:
            self._colleagues = everybody_inside()
        return self._colleagues

    @property
    def mark_names(self) -> MarkNames:
        """As of the beginning of the slice: folders are told apart by them."""
        return self._mark_names

    @property
    def label(self) -> Label:
        return self._mark_settings.label

    @cached_property
    def _mark_names(self) -> MarkNames:
        return self._mark_settings.names

    @cached_property
    def _mark_settings(self) -> MarkSettings:
        return mark_settings_of(self.inbox)

    def note_label(self, *, written: str, refused: bool = False) -> None:
        note_label(inbox=self.inbox, written=written, refused=refused)

    def label_removed(self, message_pks: Sequence[int]) -> None:
        unlog_unlabelled(inbox=self.inbox, message_ids=message_pks)

    def digests(self, envelopes: Sequence[Envelope]) -> list[bytes]:
        return digests_of(identity_of(envelope) for envelope in envelopes)

    @property
    def code_of_strangers(self) -> str:
        return Code.NO_KNOWN_CONTACT

    def interest(self) -> Interest | None:
        """As of the first time it is asked: who turns up later makes us read the window once more. A team has all of its mail."""
        if self.inbox.kind == InboxKind.TEAM:
            return None
        if self._interest is None:
            self._interest = interest_of(self.inbox)
        return self._interest

    def reads_first(self, folder: RemoteFolder) -> bool:
        """What the owner chose begins conversations that mail in other folders may belong to."""
        return self.mark_names.of_folder(folder.name) is Mark.LOG

    def decide(self, envelopes: Sequence[Envelope]) -> list[Decision]:
        """A constant number of queries, whatever the size of the page; none for an empty one."""
        return self._decide(envelopes)

    def decide_anew(self, envelopes: Sequence[Envelope], *, heeding_marks: bool = True) -> list[Decision]:
        return self._decide(envelopes, anew=True, heeding_marks=heeding_marks)

    def _decide(
        self, envelopes: Sequence[Envelope], *, anew: bool = False, heeding_marks: bool = True
    ) -> list[Decision]:
        if not envelopes:
            return []
        rules = rules_of(self.inbox)
        policy = _as_of_now(rules)
        self._colleagues = everybody_inside()
        follows_conversations = policy.preset.value is not Preset.MANUAL
        meets_people = policy.create_contacts.value is not ContactCreation.NEVER
        facts = facts_of_page(
            rules,
            envelopes,
            self._colleagues,
            mark_names=self.mark_names if heeding_marks else NO_NAMES,
            with_conversations=follows_conversations,
            anew=anew,
        )
        if not heeding_marks:
            facts.marks = {}
        decisions = decide_page(envelopes, facts, policy)
        if follows_conversations:
            self._passed_over = self._passed_over or PassedOver(forgetful=_was_begun_before(self.inbox))
            self._passed_over.note(envelopes, decisions, facts.colleagues, with_strangers=meets_people)
        return decisions

    def record_skipped(self, folder: Folder, skipped: Sequence[SkippedMail[Decision]]) -> None:
        private = [mail.envelope for mail in skipped if _is_private_by_mark(mail.verdict)]
        if private:
            digests = self.digests(private)
            note_private_copies(folder=folder, remote_ids=[one.remote_id for one in private], digests=digests)
        causes = {mail.envelope.remote_id: mail.verdict.rule for mail in skipped if _is_held(mail.verdict)}
        note_held(folder=folder, causes=causes, skipped=[mail.envelope.remote_id for mail in skipped])

    def withdraw(self, message_pks: Sequence[int], *, code: str = "") -> None:
        withdraw(inbox=self.inbox, message_ids=message_pks, code=code)

    def record(self, stored: Sequence[StoredMail[Decision]]) -> None:
        passed_over = self._passed_over
        if passed_over and any(self._is_unforeseen(mail) or passed_over.may_follow(mail.envelope) for mail in stored):
            note_open_conversations(inbox=self.inbox)
        by_hand = [mail.envelope for mail in stored if mail.verdict.rule == BY_HAND]
        note_logged_by_hand(inbox=self.inbox, mails=by_hand)
        forget_held(inbox=self.inbox, places=[(one.envelope.folder_id, one.envelope.remote_id) for one in stored])
        self.record_again(stored)

    def record_kept(self, folder: Folder, kept: Sequence[StoredMail[Decision]]) -> None:
        """Members search it by its words."""
        self.record_skipped(folder, [SkippedMail(mail.envelope, mail.verdict) for mail in kept])
        index_messages([mail.message_pk for mail in kept], new_only=True)

    def _is_unforeseen(self, mail: StoredMail[Decision]) -> bool:
        """Whether somebody takes part whose mail was skipped without looking at it: by then it could not be a reply."""
        if self._interest is None:
            return False
        emails = {address.email for address in mail.envelope.participants}
        return any(email not in self._interest.addresses for email in outsiders(emails, self.colleagues))

    def record_again(self, stored: Sequence[StoredMail[Decision]]) -> None:
        if not stored:
            return
        met = self._meet(stored)
        entries = [
            MailEntry(contact_id, mail.message_pk, mail.thread_pk, mail.envelope.sent_at)
            for mail in stored
            for contact_id in {*mail.verdict.contact_ids, *(met[email] for email in mail.verdict.newcomers)}
        ]
        try:
            record_mail_entries(entries)
        except ContactGone as error:
            raise DecisionOutdated from error
        if known := [mail.message_pk for mail in stored if not mail.is_new]:
            settle_privacy(message_ids=known)

    def _meet(self, stored: Sequence[StoredMail[Decision]]) -> dict[str, int]:
        """The contact of each newcomer, made if need be. Mail of theirs that was passed over is then read once more."""
        newcomers = {email: "" for mail in stored for email in mail.verdict.newcomers}
        if not newcomers:
            return {}
        for mail in stored:
            for address in mail.envelope.participants:
                if address.name and address.email in newcomers:
                    newcomers[address.email] = address.name
        known = contacts_by_address(newcomers)
        if self._passed_over and any(self._passed_over.holds_mail_of(email) for email in newcomers.keys() - known):
            note_open_conversations(inbox=self.inbox)
        return meet_correspondents(people=newcomers, inbox=self.inbox)


def _as_of_now(rules: Rules) -> Policy:
    """With the contacts whose mail from before a widening is looked for."""
    policy = rules.policy
    if policy.wider_since is None:
        return policy
    asked = LookBack.objects.filter(inbox=rules.inbox).values_list("contact_id", flat=True)
    return replace(policy, looked_back=frozenset(asked))


class PassedOver:
    """Mails of this slice that were not logged but answer others, or are with people who may become contacts: hashes of (id they
    give, outsider they name) with the time of the youngest.

    A `forgetful` one takes every mail for one that may be followed: earlier slices passed over mails nobody remembers.
    """

    LIMIT = 250_000

    def __init__(self, *, forgetful: bool) -> None:
        self._forgetful = forgetful
        self._youngest: dict[int, datetime] = {}

    def note(
        self,
        envelopes: Sequence[Envelope],
        decisions: Sequence[Decision],
        colleagues: Set[str],
        *,
        with_strangers: bool,
    ) -> None:
        """`with_strangers`: those whom nobody knows may become contacts."""
        for envelope, decision in zip(envelopes, decisions, strict=True):
            if decision.code not in COULD_BE_REPLIES:
                continue
            strangers = (ANYTHING,) if with_strangers and decision.code is Code.NO_KNOWN_CONTACT else ()
            for link in _links(envelope, (*_mentions(envelope), *strangers), without=colleagues):
                self._youngest[link] = max(self._youngest.get(link, NEVER), envelope.sent_at)
        if len(self._youngest) > self.LIMIT:
            self._forgetful = True
            self._youngest.clear()

    def may_follow(self, logged: Envelope) -> bool:
        """Whether a passed-over mail answers this one, or is younger and speaks of the same mails."""
        if self._forgetful or any(link in self._youngest for link in _links(logged, (logged.message_id,))):
            return True
        links = _links(logged, _mentions(logged))
        return any(self._youngest.get(link, NEVER) >= logged.sent_at for link in links)

    def holds_mail_of(self, email: str) -> bool:
        """Whether a passed-over mail names somebody nobody knew."""
        return self._forgetful or hash((ANYTHING, email)) in self._youngest


def _mentions(envelope: Envelope) -> tuple[str, ...]:
    thread = envelope.provider_thread_id
    return (*envelope.related_ids, thread) if thread else envelope.related_ids


def _links(envelope: Envelope, keys: Collection[str], *, without: Set[str] = frozenset()) -> Iterable[int]:
    if not keys:
        return ()
    emails = {address.email for address in envelope.participants} - without
    return (hash((key, email)) for key in keys if key for email in emails)


def _is_private_by_mark(decision: Decision) -> bool:
    return decision.code is Code.MARKED_PRIVATE and decision.rule == BY_MARK


def _is_held(decision: Decision) -> bool:
    return decision.code is Code.HELD_FOR_OWNER


NEVER = datetime.min.replace(tzinfo=UTC)
ANYTHING = "*"
"""In place of a message id: any mail at all."""


def _was_begun_before(inbox: Inbox) -> bool:
    """Whether earlier slices have read a part of the past."""
    return inbox.backfill_done_at is None and Folder.objects.filter(inbox=inbox).exclude(backfill_cursor="").exists()
