"""Reading what must not be stored: the headers of unlogged mail, live from its mailbox."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from crm_project.privacy.tokens import Token, tokens_of
from inboxes.envelope import Envelope
from inboxes.models import Inbox, InboxKind, LedgerEntry, Message, Sighting, TeamMail
from inboxes.providers.base import MailProvider, Page, RemoteFolder


@dataclass(frozen=True, slots=True)
class LiveMail:
    """What identifies a mail of a mailbox, and what would give it away. Never stored, never shown."""

    inbox_id: int
    folder_id: str
    remote_id: str
    fingerprint: bytes
    tokens: frozenset[Token]


def live_mails(inbox: Inbox, provider: MailProvider) -> Iterator[list[LiveMail]]:
    """Page by page all the mail in the folders that are synced; headers only. Raises `ProviderError`."""
    for folder in provider.folders():
        for page in _pages(provider, folder):
            yield [_mail(inbox, envelope) for envelope in page.envelopes]


def _pages(provider: MailProvider, folder: RemoteFolder) -> Iterator[Page]:
    anchor, cursor, done = provider.anchor(folder), "", False
    while not done:
        page = provider.backfill_page(folder, cursor, anchor=anchor, since=None)
        yield page
        done = page.done or page.cursor == cursor
        cursor = page.cursor


def _mail(inbox: Inbox, envelope: Envelope) -> LiveMail:
    tokens = frozenset(tokens_of(envelope))
    return LiveMail(inbox.pk, envelope.folder_id, envelope.remote_id, envelope.fingerprint, tokens)


def is_held() -> Q:
    """Condition on messages: an inbox logged it, or it lies in a team inbox. A personal inbox keeps nothing for anybody."""
    logged = Sighting.objects.filter(message=OuterRef("pk"))
    listed = TeamMail.objects.filter(message=OuterRef("pk"), inbox__kind=InboxKind.TEAM)
    return Q(Exists(logged)) | Q(Exists(listed))


def unlogged(mails: Sequence[LiveMail]) -> list[LiveMail]:
    """Those of one inbox that are rightly stored for none: neither logged, nor in the list of a team. Two queries."""
    if not mails:
        return []
    rows = Message.objects.filter(is_held(), fingerprint__in={mail.fingerprint for mail in mails})
    fingerprints = set(map(bytes, rows.values_list("fingerprint", flat=True)))
    # Mail without a message id is known by its key alone once the server has renumbered its folder.
    keys = set(
        LedgerEntry.objects.filter(
            inbox=mails[0].inbox_id,
            message__in=Message.objects.filter(is_held()),
            remote_id__in={mail.remote_id for mail in mails},
        ).values_list("folder__remote_id", "remote_id")
    )
    return [
        mail for mail in mails if mail.fingerprint not in fingerprints and (mail.folder_id, mail.remote_id) not in keys
    ]
