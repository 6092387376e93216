"""What the numbers of a team's threads must be, counted by hand."""

from collections import defaultdict

from inboxes.models import Folder, LedgerEntry, Message, Sighting, TeamMail, TeamThread


def assert_threads_say_what_their_mails_say() -> None:
    """And mail that is logged is filtered nowhere, every stored mail is on the list, and every count is that of its ledger rows."""
    mails: defaultdict[int, list[TeamMail]] = defaultdict(list)
    for mail in TeamMail.objects.select_related("message"):
        mails[mail.team_thread_id].append(mail)
        assert mail.team_thread.thread_id == mail.message.thread_id
    threads = {thread.pk: thread for thread in TeamThread.objects.all()}
    assert threads.keys() == mails.keys()
    for key, thread in threads.items():
        newest = max(mails[key], key=lambda mail: (mail.received_at, mail.pk))
        incoming = [mail.received_at for mail in mails[key] if not mail.outgoing]
        assert (thread.newest_id, thread.newest_at) == (newest.message_id, newest.received_at)
        assert thread.newest_incoming_at == max(incoming, default=None)
        assert thread.mails == len(mails[key])
        assert thread.filtered == (newest.filtered if all(mail.filtered for mail in mails[key]) else "")
    reasons = {sighting.message_id: sighting.reason for sighting in Sighting.objects.all()}
    for mail in TeamMail.objects.all():
        assert (mail.message_id in reasons) <= (not mail.filtered)
        assert mail.code == reasons.get(mail.message_id, mail.code)
    assert not Message.objects.filter(team_mail=None).exists()
    stored = LedgerEntry.objects.filter(message__isnull=False, state="logged")
    assert all(row.message_id in reasons for row in stored)


def assert_counts_are_those_of_the_ledger() -> None:
    for folder in Folder.objects.all():
        counted: defaultdict[str, int] = defaultdict(int)
        for code in folder.ledger.filter(message__isnull=False).exclude(code="").values_list("code", flat=True):
            counted[code] += 1
        assert folder.counts == dict(counted), folder.name
