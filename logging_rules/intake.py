"""Decides pages of envelopes for the sync engine and puts what was logged on timelines.

Settings and never-log entries are read again for every page: a tighter setting holds from the next page on.
"""

from collections.abc import Sequence

from contacts.actions import MailEntry, record_mail_entries
from inboxes.envelope import Envelope
from inboxes.models import Inbox, InboxKind
from inboxes.providers.base import RemoteFolder
from inboxes.sync.intake import Intake, StoredMail
from logging_rules.engine import Decision, Mark, decide_page, mark_of
from logging_rules.facts import Colleagues, Facts, Preset, conversation_keys, facts_about
from logging_rules.models import WorkspacePolicy
from logging_rules.queries import (
    contacts_by_address,
    conversations_about,
    everybody_inside,
    never_log_about,
    policy_of,
)
from logging_rules.tombstones import unlogged_among


class InboxIntake(Intake[Decision]):
    """For one inbox, during one slice."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self._colleagues: Colleagues | None = None

    @property
    def colleagues(self) -> Colleagues:
        """Everybody inside the workspace, as of the last page."""
        if self._colleagues is None:
            self._colleagues = everybody_inside()
        return self._colleagues

    def reads_first(self, folder: RemoteFolder) -> bool:
        """What the owner chose begins conversations that mail in other folders may belong to."""
        return mark_of(folder.remote_id) is Mark.LOG

    def decide(self, envelopes: Sequence[Envelope]) -> list[Decision]:
        """A constant number of queries, whatever the size of the page; none for an empty one."""
        if not envelopes:
            return []
        workspace = WorkspacePolicy.objects.current()
        policy = policy_of(self.inbox, workspace)
        self._colleagues = everybody_inside()
        follows_conversations = policy.preset.value is not Preset.MANUAL
        facts = facts_of_page(
            self.inbox, envelopes, workspace, self._colleagues, with_conversations=follows_conversations
        )
        return decide_page(envelopes, facts, policy)

    def record(self, stored: Sequence[StoredMail[Decision]]) -> None:
        record_mail_entries(
            MailEntry(contact_id, mail.message_pk, mail.thread_pk, mail.envelope.sent_at)
            for mail in stored
            for contact_id in mail.verdict.contact_ids
        )


def facts_of_page(
    inbox: Inbox,
    envelopes: Sequence[Envelope],
    workspace: WorkspacePolicy,
    colleagues: Colleagues,
    *,
    with_conversations: bool,
) -> Facts:
    """What the database knows about a page. Conversations cost a look-up of every id; the narrowest preset needs none."""
    emails = {address.email for envelope in envelopes for address in envelope.participants}
    workspace_never_log, personal_never_log = never_log_about(
        emails, owner_id=inbox.owner_id if inbox.kind == InboxKind.PERSONAL else None
    )
    facts = facts_about(
        emails,
        own={inbox.address, *inbox.aliases},
        contacts=contacts_by_address(emails),
        colleagues=colleagues,
        workspace_never_log=workspace_never_log,
        personal_never_log=personal_never_log,
    )
    if with_conversations:
        facts.conversations = conversations_about(
            {key for envelope in envelopes for key in conversation_keys(envelope)}
        )
    facts.unlogged = unlogged_among(
        (envelope.fingerprint for envelope in envelopes), owner_id=inbox.owner_id, key=workspace.tombstone_key
    )
    return facts
