"""What a slice of sync does to the ledger, the stored messages and the timelines."""

from datetime import timedelta

import pytest

from contacts.models import TimelineEntry
from inboxes.attachments import read_attachment
from inboxes.models import Attachment, Folder, FolderState, HandledPage, Inbox, LedgerEntry, Message, Sighting, Thread
from inboxes.providers.base import FolderGone
from inboxes.sync.engine import Outcome, run_slice
from inboxes.sync.handled import digest
from inboxes.sync.pages import WORTH_WRITING
from inboxes.sync.rereading import read_again
from logging_rules.intake import InboxIntake
from logging_rules.models import InboxPolicy
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, STRANGER, connected_inbox, mail_bytes, sync, sync_until_quiet

pytestmark = pytest.mark.django_db


def ledger_rows():
    return list(LedgerEntry.objects.order_by("pk").values_list("remote_id", "state"))


def test_logs_mail_of_known_contacts_and_nothing_else(inbox, server, clock):
    logged = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes(STRANGER, message_id="<2@m>"))

    report = sync(inbox, server, clock)

    assert (report.outcome, report.counts) == (Outcome.DONE, {"known_contact_incoming": 1, "no_known_contact": 1})
    message = Message.objects.get()
    assert (message.subject, message.from_email, message.recipients) == ("Revised quote", SARAH, [["to", ALICE, ""]])
    assert message.body_text.strip() == "The price works for us."
    assert ledger_rows() == [(logged, "logged")]
    assert list(Sighting.objects.values_list("inbox", "reason", "outgoing")) == [
        (inbox.pk, "known_contact_incoming", False)
    ]
    assert TimelineEntry.objects.get().message == message


def test_fetches_no_byte_of_skipped_mail_and_keeps_only_a_digest_of_its_key(inbox, server, clock):
    logged = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    skipped = server.deliver(mail_bytes(STRANGER, message_id="<2@m>"))

    sync(inbox, server, clock)

    assert set(server.body_bytes) == {logged}
    pages = HandledPage.objects.filter(folder__name="INBOX")
    assert b"".join(bytes(page.digests) for page in pages) == digest(skipped)
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 1, "no_known_contact": 1}


def test_second_sync_changes_nothing_and_lists_nothing(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync(inbox, server, clock)
    before = (
        ledger_rows(),
        list(Message.objects.values()),
        list(Folder.objects.order_by("pk").values("counts", "live_cursor")),
    )
    server.calls.clear()

    report = sync(inbox, server, clock)

    assert (report.outcome, report.counts) == (Outcome.DONE, {})
    assert dict(server.calls) == {"folders": 1, "unchanged": 1, "any": 2}
    assert before == (
        ledger_rows(), list(Message.objects.values()), list(Folder.objects.order_by("pk").values("counts", "live_cursor"))
    )  # fmt: skip


def test_new_mail_is_logged_by_the_next_slice(inbox, server, clock):
    sync(inbox, server, clock)
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))

    report = sync(inbox, server, clock)

    assert report.counts == {"known_contact_incoming": 1}


def test_mail_that_arrives_while_the_past_is_listed_is_not_lost(inbox, server, clock):
    server.page_messages = 1
    for number in range(3):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
    sync(inbox, server, clock, budget=timedelta())
    server.deliver(mail_bytes(SARAH, message_id="<late@m>"))

    sync_until_quiet(inbox, server, clock)

    assert Message.objects.count() == 4


def test_an_empty_mailbox_has_a_valid_anchor(inbox, server, clock):
    assert sync(inbox, server, clock).outcome == Outcome.DONE
    server.deliver(mail_bytes(SARAH, message_id="<first@m>"))
    assert sync(inbox, server, clock).counts == {"known_contact_incoming": 1}


def test_the_same_mail_in_two_folders_is_stored_once_and_fetched_once(inbox, server, clock):
    raw = mail_bytes(SARAH, message_id="<1@m>")
    server.create_folder("Kept")
    copies = {server.deliver(raw), server.deliver(raw, "Kept")}

    sync(inbox, server, clock)

    assert Message.objects.count() == TimelineEntry.objects.count() == Sighting.objects.count() == 1
    assert {remote_id for remote_id, _ in ledger_rows()} == copies
    assert len(server.body_bytes) == 1


def test_the_same_mail_in_two_inboxes_is_one_message_with_two_sightings(inbox, server, clock, bob):
    raw = mail_bytes(SARAH, f"{ALICE}, bob@ours.example", message_id="<1@m>")
    server.deliver(raw)
    bobs, bobs_server = connected_inbox(bob, "bob@ours.example"), type(server)(now=NOW)
    bobs_server.deliver(raw)

    sync(inbox, server, clock)
    sync(bobs, bobs_server, clock)

    assert Message.objects.count() == TimelineEntry.objects.count() == 1
    assert set(Sighting.objects.values_list("inbox", flat=True)) == {inbox.pk, bobs.pk}
    assert not bobs_server.body_bytes


def test_two_bodies_under_the_same_headers_are_both_kept(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>", body="We accept."))
    server.deliver(mail_bytes(SARAH, message_id="<1@m>", body="We decline."))

    sync(inbox, server, clock)

    assert list(Message.objects.order_by("variant").values_list("variant", flat=True)) == [0, 1]
    assert {text.strip() for text in Message.objects.values_list("body_text", flat=True)} == {
        "We accept.",
        "We decline.",
    }


def test_a_message_id_used_again_for_another_mail_is_another_mail(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>", subject="Parcel 1"))
    server.deliver(mail_bytes(SARAH, message_id="<1@m>", subject="Parcel 2"))

    sync(inbox, server, clock)

    assert set(Message.objects.values_list("subject", "variant")) == {("Parcel 1", 0), ("Parcel 2", 0)}


def test_mail_without_a_message_id_is_logged_once(inbox, server, clock):
    server.deliver(mail_bytes(SARAH))
    sync(inbox, server, clock)
    sync(inbox, server, clock)
    assert Message.objects.count() == 1


def test_a_reply_joins_the_thread_whatever_comes_first(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes(SARAH, message_id="<3@m>", In_Reply_To="<2@m>", References="<1@m> <2@m>"))
    sync(inbox, server, clock)
    server.deliver(mail_bytes(ALICE, SARAH, message_id="<2@m>", In_Reply_To="<1@m>"), "Sent")
    sync(inbox, server, clock)

    assert Message.objects.count() == 3
    assert Thread.objects.count() == 1


def test_a_forged_reference_does_not_enter_a_customers_thread(inbox, server, clock):
    make_contact("Mallory", "mallory@evil.example")
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes("mallory@evil.example", message_id="<2@e>", In_Reply_To="<1@m>"))

    sync(inbox, server, clock)

    assert len(set(Message.objects.values_list("thread", flat=True))) == 2


def test_attachments_of_logged_mail_are_listed_and_readable(inbox, server, clock):
    body = (
        "--x\r\nContent-Type: text/plain\r\n\r\nSee file\r\n--x\r\n"
        "Content-Type: text/csv; name=a.csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n--x--"
    )
    server.deliver(mail_bytes(SARAH, message_id="<1@m>", body=body, Content_Type="multipart/mixed; boundary=x"))

    sync(inbox, server, clock)

    attachment = Attachment.objects.get()
    assert (attachment.filename, attachment.content_type, attachment.position) == ("a.csv", "text/csv", 0)
    assert read_attachment(attachment) == b"1,2"


def test_a_page_with_more_mail_than_fits_in_memory_is_written_in_parts(inbox, server, clock):
    server.page_messages = 500
    for number in range(250):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))

    report = sync(inbox, server, clock)

    assert report.counts == {"known_contact_incoming": 250}
    assert Message.objects.count() == LedgerEntry.objects.filter(state="logged").count() == 250
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 250}


def test_a_slice_stops_at_its_deadline_and_the_next_goes_on(inbox, server, clock):
    server.page_messages = 2
    for number in range(5):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))

    report = sync(inbox, server, clock, budget=timedelta())
    assert (report.outcome, Message.objects.count()) == (Outcome.MORE, 0)

    sync_until_quiet(inbox, server, clock)
    assert Message.objects.count() == 5


def test_the_inbox_is_due_again_after_a_minute_or_at_once_while_there_is_more(inbox, server, clock):
    sync(inbox, server, clock)
    assert Inbox.objects.get().next_due_at == NOW + timedelta(seconds=60)
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync(inbox, server, clock, budget=timedelta())
    assert Inbox.objects.get().next_due_at == NOW


def test_a_folder_that_cannot_be_opened_three_times_is_retired_and_the_others_go_on(inbox, server, clock):
    sync(inbox, server, clock)
    states = []
    for number in range(3):
        server.deliver(mail_bytes(SARAH, message_id=f"<sent{number}@m>"), "Sent")
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
        server.fail("live_page", FolderGone())  # INBOX is read first
        sync(inbox, server, clock)
        states.append(Folder.objects.get(name="INBOX").state)

    assert states == [FolderState.MISSING, FolderState.MISSING, FolderState.RETIRED]
    assert Message.objects.count() == 3


def test_a_retired_folder_that_is_listed_again_catches_up(inbox, server, clock):
    sync(inbox, server, clock)
    folder = server.folders.pop("Sent")
    for _ in range(3):
        sync(inbox, server, clock)
    assert Folder.objects.get(name="Sent").state == FolderState.RETIRED

    server.folders["Sent"] = folder
    server.deliver(mail_bytes(ALICE, SARAH, message_id="<1@m>"), "Sent")
    sync_until_quiet(inbox, server, clock)

    assert Folder.objects.get(name="Sent").state == FolderState.LIVE
    assert Message.objects.count() == 1


def test_a_folder_that_comes_back_is_read_again_where_other_rules_hold_since(inbox, server, clock):
    server.deliver(mail_bytes(ALICE, SARAH, message_id="<1@m>"), "Sent")
    InboxPolicy.objects.update(preset="manual")
    sync_until_quiet(inbox, server, clock)
    folder = server.folders.pop("Sent")
    for _ in range(3):
        sync(inbox, server, clock)
    InboxPolicy.objects.update(preset="known")
    read_again(inbox.pk, now=clock())
    sync_until_quiet(inbox, server, clock)
    assert Folder.objects.get(name="Sent").state == FolderState.RETIRED

    server.folders["Sent"] = folder
    sync_until_quiet(inbox, server, clock)

    assert Message.objects.count() == 1


def test_a_renamed_folder_doubles_nothing_and_fetches_nothing_again(inbox, server, clock):
    server.create_folder("Old")
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"), "Old")
    sync(inbox, server, clock)
    server.body_bytes.clear()

    server.rename_folder("Old", "New")
    for _ in range(3):
        sync(inbox, server, clock)

    assert Folder.objects.get(name="Old").state == FolderState.RETIRED
    assert Message.objects.count() == TimelineEntry.objects.count() == 1
    assert not server.body_bytes


def test_new_folders_are_found_and_their_past_is_read(inbox, server, clock):
    sync(inbox, server, clock)
    server.create_folder("Projects")
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"), "Projects")
    sync_until_quiet(inbox, server, clock)
    assert Message.objects.count() == 1


def test_only_the_chosen_window_is_logged(inbox, server, clock):
    Inbox.objects.update(history_since=NOW - timedelta(days=30))
    server.deliver(mail_bytes(SARAH, message_id="<old@m>"), received_at=NOW - timedelta(days=40))
    server.deliver(mail_bytes(SARAH, message_id="<new@m>"), received_at=NOW - timedelta(days=20))
    sync(inbox, server, clock)
    assert list(Message.objects.values_list("message_id", flat=True)) == ["<new@m>"]


@pytest.mark.parametrize(
    ("seconds", "mails", "after_each"),
    [(1, 2 * WORTH_WRITING + 50, [WORTH_WRITING, 2 * WORTH_WRITING]), (10, 28, [12, 24])],
)
def test_a_page_with_more_mail_than_fits_in_a_slice_is_stored_in_several(
    inbox, server, clock, seconds, mails, after_each
):
    server.page_messages = mails
    for number in range(mails):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))

    class Slow(type(server.open())):
        def bodies(self, folder, remote_ids):
            for raw in super().bodies(folder, remote_ids):
                clock.pass_by(seconds=seconds)
                yield raw

    def one_slice():
        return run_slice(
            inbox_id=inbox.pk, intake_for=InboxIntake, open_provider=lambda _: Slow(server), clock=clock
        ).outcome

    stored = []
    while one_slice() == Outcome.MORE:
        stored.append(Message.objects.count())

    assert stored == after_each
    assert Message.objects.count() == mails
    assert (Folder.objects.get(name="INBOX").counts, server.calls["body"]) == (
        {"known_contact_incoming": mails},
        mails,
    )
