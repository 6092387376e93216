"""What must be true when everything is quiet again, whatever happened before."""

from collections import Counter
from collections.abc import Iterable

from contacts.models import TimelineEntry
from crm_project.bench.mailbox import GeneratedMail
from inboxes.connections import open_provider
from inboxes.models import DailyCount, Folder, FolderState, HandledPage, Inbox, LedgerEntry, Message
from inboxes.sync.handled import digest, unpack


def expected(mails: Iterable[GeneratedMail], preset: str) -> set[tuple[str, str]]:
    """Message ids, and the addresses of the contacts they belong to."""
    return {(mail.message_id, mail.contact) for mail in mails if preset in mail.logged_by}


def assert_nothing_lost_or_doubled(inbox: Inbox, mails: list[GeneratedMail], preset: str = "known") -> None:
    """Each mail is logged or skipped, once; timelines hold what they must; the ledger is what the mailbox holds."""
    wanted = expected(mails, preset)
    rows = list(TimelineEntry.objects.values_list("message__message_id", "contact__addresses__email"))
    assert sorted(rows) == sorted(wanted)
    assert sorted(Message.objects.values_list("message_id", flat=True)) == sorted({key for key, _ in wanted})
    assert not LedgerEntry.objects.filter(state__in=["retrying", "quarantined"]).exists()
    with open_provider(Inbox.objects.get(pk=inbox.pk)) as provider:
        for remote in provider.folders():
            there = sorted(digest(remote_id) for remote_id in provider.remote_ids(remote, since=None))
            assert handled_in(inbox, remote.remote_id) == there, remote.name
    assert_days_sum_up(inbox)


def assert_days_sum_up(inbox: Inbox) -> None:
    for folder in Folder.objects.filter(inbox=inbox).exclude(state=FolderState.RETIRED):
        codes: Counter[str] = Counter()
        for code, messages in DailyCount.objects.filter(folder=folder).values_list("code", "messages"):
            codes[code] += messages
        assert codes == folder.counts, folder.name


def handled_in(inbox: Inbox, folder_id: str) -> list[bytes]:
    folder = Folder.objects.get(inbox=inbox, remote_id=folder_id)
    skipped = [key for page in HandledPage.objects.filter(folder=folder) for key in unpack(bytes(page.digests))]
    stored = folder.ledger.filter(state__in=("logged", "kept")).values_list("remote_id", flat=True)
    return sorted([*skipped, *map(digest, stored)])
