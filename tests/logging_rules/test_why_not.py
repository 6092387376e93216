"""Why not? What the owner is told of mail in the mailbox."""

from datetime import timedelta

import pytest
from django.urls import reverse

from inboxes.envelope import FolderRole
from inboxes.models import Inbox, Message
from inboxes.providers.memory import MemoryMailbox
from inboxes.sync.rereading import read_again
from logging_rules import why_not
from logging_rules.actions import MarkChoices, add_never_log_entry, log_by_hand, set_inbox_policy, set_marks
from logging_rules.facts import Preset
from logging_rules.why_not import Fate, Quest, pick, search
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, STRANGER, Clock, connected_inbox, mail_bytes, sync_until_quiet
from tests.factories.logging_rules import bury
from users.models import WorkspaceDomain

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def mailbox():
    return MemoryMailbox(now=NOW)


@pytest.fixture
def inbox(alice):
    make_contact("Sarah Okafor", SARAH)
    WorkspaceDomain.objects.create(domain="ours.example")
    return connected_inbox(alice)


def deliver(mailbox, sender=STRANGER, subject="Hello", folder="INBOX", *, age=0, **headers):
    at = NOW - timedelta(hours=age)
    number = sum(len(stored.messages) for stored in mailbox.folders.values())
    raw = mail_bytes(sender, subject=subject, message_id=f"<{number}@x>", date=at, **headers)
    return mailbox.deliver(raw, folder, received_at=at)


def hits(inbox, mailbox, **question):
    with mailbox.open() as provider:
        inbox = Inbox.objects.get(pk=inbox.pk)
        return search(provider, inbox, Quest(inbox.pk, **question), reader=inbox.owner).hits


def told(inbox, mailbox, **question):
    return {hit.envelope.subject: (hit.fate, hit.reason.code) for hit in hits(inbox, mailbox, **question)}


def test_each_hit_says_what_became_of_it_and_why(inbox, mailbox, clock, alice):
    add_never_log_entry(text="lawyer@divorce.example", by=alice, owner=alice)
    mailbox.create_folder("Spam", FolderRole.JUNK)
    mailbox.create_folder("CRM/Private")
    for sender, subject, folder in (
        (SARAH, "logged", "INBOX"),
        (STRANGER, "unknown", "INBOX"),
        ("lawyer@divorce.example", "never", "INBOX"),
        ("bob@ours.example", "internal", "INBOX"),
        (SARAH, "spam", "Spam"),
        (SARAH, "private", "CRM/Private"),
    ):
        deliver(mailbox, sender, subject, folder)
    deliver(mailbox, SARAH, "newsletter", Precedence="bulk")
    spoiled = deliver(mailbox, SARAH, "broken")
    mailbox.spoil(spoiled, fault="missing")
    sync_until_quiet(inbox, mailbox, clock)
    mailbox.spoil(spoiled, fault="")
    deliver(mailbox, SARAH, "new")

    assert told(inbox, mailbox) == {
        "logged": (Fate.LOGGED, "known_contact_incoming"),
        "unknown": (Fate.SKIPPED, "no_known_contact"),
        "never": (Fate.SKIPPED, "never_log_personal"),
        "internal": (Fate.SKIPPED, "internal_only"),
        "spam": (Fate.SKIPPED, "not_mail"),
        "private": (Fate.SKIPPED, "marked_private"),
        "newsletter": (Fate.SKIPPED, "automatic_mail"),
        "broken": (Fate.RETRYING, "known_contact_incoming"),
        "new": (Fate.NOT_READ, "known_contact_incoming"),
    }


def test_only_what_no_list_and_no_mark_keeps_out_can_be_logged_by_hand(inbox, mailbox, clock, alice):
    add_never_log_entry(text="lawyer@divorce.example", by=alice, owner=alice)
    mailbox.create_folder("Trash", FolderRole.TRASH)
    for sender, subject, folder in (
        (SARAH, "logged", "INBOX"),
        (STRANGER, "unknown", "INBOX"),
        ("lawyer@divorce.example", "never", "INBOX"),
        (STRANGER, "trash", "Trash"),
    ):
        deliver(mailbox, sender, subject, folder)
    deliver(mailbox, SARAH, "old", age=24 * 400)
    Inbox.objects.update(history_since=NOW - timedelta(days=90))
    sync_until_quiet(inbox, mailbox, clock)

    found = hits(inbox, mailbox)
    assert {hit.envelope.subject for hit in found if hit.can_be_chosen} == {"unknown", "old"}
    assert told(inbox, mailbox, subject="old") == {"old": (Fate.SKIPPED, "outside_window")}


def test_an_old_mail_is_logged_by_hand_although_its_period_is_not(inbox, mailbox, clock, alice):
    deliver(mailbox, SARAH, "old", age=24 * 400)
    Inbox.objects.update(history_since=NOW - timedelta(days=90))
    sync_until_quiet(inbox, mailbox, clock)
    [hit] = hits(inbox, mailbox)

    log_by_hand(inbox=inbox, keys=[hit.key], by=alice, now=clock.now)
    assert told(inbox, mailbox) == {"old": (Fate.CHOSEN, "chosen_by_owner")}
    sync_until_quiet(inbox, mailbox, clock)

    assert told(inbox, mailbox) == {"old": (Fate.LOGGED, "chosen_by_owner")}


def test_todays_settings_stand_beside_what_was_recorded(inbox, mailbox, clock, alice):
    deliver(mailbox, SARAH, "logged")
    deliver(mailbox, "omar@client.example", "passed over")
    sync_until_quiet(inbox, mailbox, clock)
    make_contact("Omar Haddad", "omar@client.example")
    assert {hit.envelope.subject: hit.would_be and hit.would_be.code for hit in hits(inbox, mailbox)} == {
        "logged": None,
        "passed over": "known_contact_incoming",
    }

    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)
    assert {hit.envelope.subject: hit.would_be and hit.would_be.code for hit in hits(inbox, mailbox)} == {
        "logged": "preset_too_narrow",
        "passed over": None,
    }


def test_mail_taken_off_the_log_says_so_and_can_be_logged_again(inbox, mailbox, clock, alice):
    deliver(mailbox, SARAH, "taken off")
    [hit] = hits(inbox, mailbox)
    bury(hit.envelope.fingerprint, owner=alice)
    sync_until_quiet(inbox, mailbox, clock)

    [hit] = hits(inbox, mailbox)
    assert (hit.fate, hit.reason.code, hit.can_be_chosen) == (Fate.SKIPPED, "unlogged_by_owner", True)
    log_by_hand(inbox=inbox, keys=[hit.key], by=alice, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)
    assert told(inbox, mailbox) == {"taken off": (Fate.LOGGED, "chosen_by_owner")}


def test_a_colleague_who_logged_the_same_mail_is_named(inbox, mailbox, clock, alice, bob):
    raw = mail_bytes(SARAH, to="alice@ours.example, bob@ours.example", message_id="<both@x>")
    mailbox.deliver(raw, received_at=NOW)
    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)
    theirs = connected_inbox(bob, "bob@ours.example")
    sync_until_quiet(inbox, mailbox, clock)
    sync_until_quiet(theirs, mailbox, clock)

    [hit] = hits(inbox, mailbox)
    assert (hit.fate, hit.held_by) == (Fate.SKIPPED, (str(bob),))


def test_a_mail_that_was_moved_is_still_logged(inbox, mailbox, clock):
    key = deliver(mailbox, SARAH, "moved")
    sync_until_quiet(inbox, mailbox, clock)
    mailbox.create_folder("Archive")
    mailbox.move(key, "INBOX", "Archive")

    assert told(inbox, mailbox) == {"moved": (Fate.LOGGED, "known_contact_incoming")}


def test_a_search_goes_further_back_folder_by_folder_newest_first(inbox, mailbox, monkeypatch):
    monkeypatch.setattr(why_not, "HITS", 4)
    for age in range(10, 0, -1):
        deliver(mailbox, subject=f"{age} hours old", folder="Sent" if age % 3 == 0 else "INBOX", age=age)
    found, quest = [], Quest(inbox.pk)
    with mailbox.open() as provider:
        while quest:
            answer = search(provider, inbox, Quest.from_signed(quest.signed(), inbox), reader=inbox.owner)
            found.append([int(hit.envelope.subject.split()[0]) for hit in answer.hits])
            quest = answer.quest
    assert found[:3] == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert [age for part in found for age in part] == list(range(1, 11))


def test_folders_that_were_not_reached_in_time_come_with_the_next_step(inbox, mailbox, monkeypatch):
    deliver(mailbox, subject="in the inbox")
    deliver(mailbox, subject="sent", folder="Sent")
    monkeypatch.setattr(why_not, "PATIENCE_SECONDS", -1.0)
    with mailbox.open() as provider:
        answer = search(provider, inbox, Quest(inbox.pk), reader=inbox.owner)
        assert (answer.hits, answer.unreached) == ([], 2)
        monkeypatch.setattr(why_not, "PATIENCE_SECONDS", 60.0)
        answer = search(provider, inbox, answer.quest, reader=inbox.owner)
    assert (len(answer.hits), answer.unreached) == (2, 0)


def test_a_period_counts_by_the_date_shown_or_by_arrival(inbox, mailbox):
    deliver(mailbox, subject="inside", age=30)
    deliver(mailbox, subject="hours too early", age=50)
    since, until = NOW - timedelta(hours=48), NOW - timedelta(hours=24)
    assert set(told(inbox, mailbox, since=since.isoformat(), until=until.isoformat())) == {"inside"}


def test_what_was_picked_is_read_anew_and_what_is_gone_is_missing(inbox, mailbox, clock):
    kept, gone = deliver(mailbox, subject="kept"), deliver(mailbox, subject="gone")
    sync_until_quiet(inbox, mailbox, clock)
    keys = [hit.key for hit in hits(inbox, mailbox)]
    mailbox.delete(gone)
    with mailbox.open() as provider:
        [hit] = pick(provider, inbox, keys, reader=inbox.owner)
    assert (hit.envelope.remote_id, hit.can_be_chosen) == (kept, True)


def test_searching_reads_headers_and_keeps_nothing(inbox, mailbox, clock):
    deliver(mailbox, subject="unknown")
    sync_until_quiet(inbox, mailbox, clock)
    read_again(inbox.pk, now=clock.now)
    hits(inbox, mailbox)
    assert (mailbox.calls["bodies"], Message.objects.count()) == (0, 0)


def test_a_search_costs_the_same_queries_for_one_hit_and_for_many(inbox, mailbox, clock, django_assert_max_num_queries):
    for number in range(25):
        deliver(mailbox, SARAH if number % 2 else STRANGER, f"Mail {number}")
    sync_until_quiet(inbox, mailbox, clock)
    with django_assert_max_num_queries(30):
        assert len(hits(inbox, mailbox)) == 25


@pytest.mark.parametrize("question", [{"until": "9999-12-31"}, {"since": "0001-01-01"}])
def test_a_day_on_which_no_mail_was_sent_is_refused(inbox, alice_client, question):
    response = alice_client.post(reverse("inboxes:why-not", args=[inbox.code]), question)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == list(question)


def test_marks_are_known_by_the_names_their_owner_gave_them(inbox, mailbox, clock, alice):
    for folder in ("CRM/Private", "Eigen/Privat"):
        mailbox.create_folder(folder)
    names = {"log_name": "Eigen/Log", "private_name": "Eigen/Privat", "logged_name": "CRM/Logged"}
    set_marks(inbox=inbox, choices=MarkChoices(**names, writes_label=False, removing_unlogs=False), by=alice)
    deliver(mailbox, subject="of another name", folder="CRM/Private")
    sync_until_quiet(inbox, mailbox, clock)
    deliver(mailbox, SARAH, subject="private", folder="Eigen/Privat")

    found = {hit.envelope.subject: (hit.reason.code, hit.can_be_chosen) for hit in hits(inbox, mailbox)}

    assert found == {"of another name": ("no_known_contact", True), "private": ("marked_private", False)}
