"""Logging single mails of one's own mailbox by hand."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import AuditEvent
from contacts.models import TimelineEntry
from inboxes import actions as inbox_actions
from inboxes.models import DailyCount, Folder, Inbox, LedgerEntry, Message
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.redeciding import RemoteKey
from inboxes.sync.rereading import read_again
from logging_rules.actions import add_never_log_entry, log_by_hand, look_back
from logging_rules.facts import Preset
from logging_rules.models import HandChoice, Tombstone
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, STRANGER, Clock, connected_inbox, mail_bytes, sync_until_quiet
from tests.factories.logging_rules import bury

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def mailbox():
    return MemoryMailbox(now=NOW)


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice)


@pytest.fixture
def skipped(inbox, mailbox, clock):
    """The key of a stranger's mail that was read and not logged, between two others."""
    keys = [
        mailbox.deliver(mail_bytes(STRANGER, subject=f"Mail {number}", message_id=f"<{number}@x>"), received_at=NOW)
        for number in range(3)
    ]
    sync_until_quiet(inbox, mailbox, clock)
    assert not Message.objects.exists()
    return key(keys[1])


def key(remote_id, code="no_known_contact"):
    return RemoteKey("INBOX", remote_id, NOW.date(), code)


def choose(inbox, mailbox, clock, *keys):
    chosen = log_by_hand(inbox=inbox, keys=keys, by=inbox.owner, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)
    return chosen


def test_a_skipped_mail_is_fetched_and_logged_with_who_chose_it(inbox, mailbox, clock, skipped, alice):
    assert choose(inbox, mailbox, clock, skipped) == 1

    message = Message.objects.get()
    sighting = message.sightings.get()
    assert message.subject == "Mail 1"
    assert (sighting.reason, sighting.rule, sighting.level) == ("chosen_by_owner", "by_hand", "person")
    assert sighting.decided_by == alice
    assert mailbox.body_bytes.keys() == {skipped.remote_id}
    event = AuditEvent.objects.get(action="logging.chosen_by_hand")
    assert (event.actor, event.details) == (alice, {"messages": 1})


def test_it_is_counted_under_its_new_decision_and_no_longer_under_the_old_one(inbox, mailbox, clock, skipped):
    choose(inbox, mailbox, clock, skipped)

    assert completeness(inbox).counts == {"no_known_contact": 2, "chosen_by_owner": 1}
    assert (completeness(inbox).logged, completeness(inbox).skipped, completeness(inbox).scanned) == (1, 2, 3)
    days = DailyCount.objects.values_list("day", "code", "messages")
    assert sorted(days) == [(NOW.date(), "chosen_by_owner", 1), (NOW.date(), "no_known_contact", 2)]


def test_the_sums_are_right_when_the_mail_was_counted_under_another_code(inbox, mailbox, clock, skipped):
    choose(inbox, mailbox, clock, skipped._replace(code="preset_too_narrow"))

    assert completeness(inbox).counts == {"no_known_contact": 2, "chosen_by_owner": 1}


def test_the_daily_check_finds_nothing_amiss_afterwards(inbox, mailbox, clock, skipped):
    choose(inbox, mailbox, clock, skipped)
    clock.pass_by(days=2)
    sync_until_quiet(inbox, mailbox, clock)

    assert list(LedgerEntry.objects.values_list("state", "remote_id")) == [("logged", skipped.remote_id)]
    assert completeness(inbox).on_server == 3


class TestMailFromBeforeTheWindow:
    """The daily check compares the window alone: what is not in its list need not be gone."""

    @pytest.fixture
    def inbox(self, alice):
        return connected_inbox(alice, history_since=NOW - timedelta(days=30))

    @pytest.fixture
    def old(self, inbox, mailbox, clock):
        before = NOW - timedelta(days=90)
        remote_id = mailbox.deliver(mail_bytes(STRANGER, message_id="<old@x>", date=before), received_at=before)
        sync_until_quiet(inbox, mailbox, clock)
        return RemoteKey("INBOX", remote_id, before.date(), "outside_window")

    def test_it_is_not_taken_for_gone(self, inbox, mailbox, clock, old):
        choose(inbox, mailbox, clock, old)
        clock.pass_by(days=2)
        sync_until_quiet(inbox, mailbox, clock)
        assert LedgerEntry.objects.get().state == "logged"

        mailbox.delete(old.remote_id)
        clock.pass_by(days=2)
        sync_until_quiet(inbox, mailbox, clock)
        assert LedgerEntry.objects.get().state == "gone"

    def test_it_is_not_forgotten_while_it_waits_for_another_try(self, inbox, mailbox, clock, old):
        mailbox.spoil(old.remote_id)
        choose(inbox, mailbox, clock, old)
        Inbox.objects.update(reconciled_at=clock.now - timedelta(days=2))
        sync_until_quiet(inbox, mailbox, clock)
        assert LedgerEntry.objects.get().state == "retrying"

        mailbox.spoil(old.remote_id, fault="")
        clock.pass_by(hours=1)
        sync_until_quiet(inbox, mailbox, clock)
        assert LedgerEntry.objects.get().state == "logged"


def test_choosing_twice_is_choosing_once(inbox, mailbox, clock, skipped):
    choose(inbox, mailbox, clock, skipped)

    assert choose(inbox, mailbox, clock, skipped) == 0
    assert Message.objects.count() == 1
    assert completeness(inbox).scanned == 3


def test_it_comes_to_the_timeline_of_its_contact_also_of_one_made_later(inbox, mailbox, clock, skipped, alice):
    choose(inbox, mailbox, clock, skipped)
    assert not TimelineEntry.objects.exists()

    stranger = make_contact("Somebody", STRANGER)
    look_back(contact=stranger, by=alice, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)

    assert "Mail 1" in stranger.timeline.values_list("message__subject", flat=True)


def test_it_stays_logged_when_the_server_renumbers_the_folder(inbox, mailbox, clock, skipped):
    choose(inbox, mailbox, clock, skipped)
    mailbox.change_uidvalidity()
    sync_until_quiet(inbox, mailbox, clock)

    assert LedgerEntry.objects.get(state="logged").message.subject == "Mail 1"
    assert completeness(inbox).counts == {"no_known_contact": 2, "chosen_by_owner": 1}


def test_mail_un_logged_before_is_logged_again_and_its_tombstone_goes(inbox, mailbox, clock, alice):
    make_contact("Sarah Okafor", SARAH)
    remote_id = mailbox.deliver(mail_bytes(message_id="<1@x>"), received_at=NOW)
    with mailbox.open() as provider:
        [envelope], _ = provider.envelopes(provider.folders()[0], [remote_id])
    bury(envelope.fingerprint, owner=alice)
    sync_until_quiet(inbox, mailbox, clock)
    assert completeness(inbox).counts == {"unlogged_by_owner": 1}

    choose(inbox, mailbox, clock, key(remote_id, "unlogged_by_owner"))

    assert Message.objects.get().sightings.get().reason == "chosen_by_owner"
    assert not Tombstone.objects.exists()
    assert completeness(inbox).counts == {"chosen_by_owner": 1}


def test_un_logging_after_that_holds(inbox, mailbox, clock, skipped, alice):
    """A choice that was fulfilled does not stand against a tombstone made later."""
    choose(inbox, mailbox, clock, skipped)
    bury(bytes(Message.objects.get().fingerprint), owner=alice)
    Message.objects.all().delete()
    LedgerEntry.objects.all().delete()

    read_again(inbox.pk, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)

    assert not Message.objects.exists()


def test_the_never_log_list_is_stronger(inbox, mailbox, clock, skipped, alice):
    add_never_log_entry(text=STRANGER, by=alice, owner=alice)

    choose(inbox, mailbox, clock, skipped)

    assert not Message.objects.exists()
    assert completeness(inbox).counts == {"no_known_contact": 2, "never_log_personal": 1}
    assert not LedgerEntry.objects.exists()


def test_a_body_that_cannot_be_fetched_yet_is_tried_again(inbox, mailbox, clock, skipped):
    mailbox.spoil(skipped.remote_id, fault="missing")
    choose(inbox, mailbox, clock, skipped)
    assert LedgerEntry.objects.get().state == "retrying"

    mailbox.spoil(skipped.remote_id, fault="")
    clock.pass_by(hours=1)
    sync_until_quiet(inbox, mailbox, clock)

    assert LedgerEntry.objects.get().state == "logged"
    assert not HandChoice.objects.exists()


def test_nothing_but_opaque_keys_is_kept_before_it_is_fetched(inbox, mailbox, clock, skipped, alice):
    log_by_hand(inbox=inbox, keys=[skipped], by=alice, now=clock.now)

    row = HandChoice.objects.values().get()
    folder = Folder.objects.get(remote_id="INBOX").pk
    assert row == {
        "id": row["id"], "inbox_id": inbox.pk, "folder_id": folder, "remote_id": skipped.remote_id,
        "chosen_by_id": alice.pk, "chosen_at": clock.now,
    }  # fmt: skip


def test_only_the_owner_chooses_and_only_while_the_inbox_syncs(inbox, skipped, bob, admin, alice, clock):
    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            log_by_hand(inbox=inbox, keys=[skipped], by=person, now=clock.now)
    inbox_actions.pause(inbox=inbox, by=alice, now=NOW - timedelta(days=1))
    inbox.refresh_from_db()
    with pytest.raises(ValidationError):
        log_by_hand(inbox=inbox, keys=[skipped], by=alice, now=clock.now)
    assert not HandChoice.objects.exists()


def test_the_preset_may_be_the_narrowest(alice, mailbox, clock):
    inbox = connected_inbox(alice, "quiet@ours.example", preset=Preset.MANUAL)
    remote_id = mailbox.deliver(mail_bytes(STRANGER, message_id="<1@x>"), received_at=NOW)
    sync_until_quiet(inbox, mailbox, clock)

    choose(inbox, mailbox, clock, key(remote_id))

    assert Message.objects.count() == 1
