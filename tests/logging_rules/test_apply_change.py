"""A change is made from now on, or for the past as well: what is logged, what comes off, what can be taken back."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from inboxes.actions import disable, switch_to_api
from inboxes.envelope import FolderRole
from inboxes.models import ProviderKind, Sighting
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.scopes import GMAIL_READ
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.engine import Outcome
from inboxes.sync.rereading import read_again
from logging_rules import actions
from logging_rules.changes import Change, Entry
from logging_rules.engine import Code
from logging_rules.facts import NeverLogKind, Preset
from logging_rules.models import InboxPolicy, NeverLogEntry, PastChange, Unlogging
from logging_rules.rules import rules_of
from logging_rules.slices import sync_slice
from notifications.models import Notification
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, Clock, connected_inbox, mail_bytes

pytestmark = pytest.mark.django_db
OMAR = "omar@aozora.example"
LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailbox() -> MemoryMailbox:
    """One mail of Sarah's and one of Omar's on each of four days, the last of them yesterday; both are contacts."""
    make_contact("Sarah Okafor", SARAH)
    make_contact("Omar Haddad", OMAR)
    mailbox = MemoryMailbox(now=NOW)
    for days in (100, 50, 10, 1):
        for sender in (SARAH, OMAR):
            deliver(mailbox, sender, f"{sender.partition('@')[0]} {days}", NOW - timedelta(days=days))
    return mailbox


def deliver(mailbox: MemoryMailbox, sender: str, subject: str, at: datetime, to: str = ALICE) -> None:
    raw = mail_bytes(sender, to, subject, message_id=f"<{subject.replace(' ', '.')}@x>", date=at)
    mailbox.deliver(raw, received_at=at)


@pytest.fixture
def sync(mailbox, clock):
    def sync(inbox):
        while True:
            report = sync_slice(inbox_id=inbox.pk, worker="test", open_provider=lambda _: mailbox.open(), clock=clock)
            if report.outcome is Outcome.DONE:
                inbox.refresh_from_db()
                return
            assert report.outcome is Outcome.MORE

    return sync


@pytest.fixture
def open_inbox(alice, sync):
    """Everything is logged."""
    inbox = connected_inbox(alice, preset=Preset.KNOWN)
    sync(inbox)
    return inbox


@pytest.fixture
def closed_inbox(alice, sync):
    """Nothing is logged."""
    inbox = connected_inbox(alice, preset=Preset.MANUAL)
    sync(inbox)
    return inbox


def logged(inbox) -> set[str]:
    return set(Sighting.objects.filter(inbox=inbox).values_list("message__subject", flat=True))


def never(email: str) -> Change:
    return Change.of_person(listed=[Entry(NeverLogKind.ADDRESS, email)])


def apply(change: Change, inbox, *, past: bool, days: int | None = None) -> None:
    since = NOW - timedelta(days=days) if days else None
    actions.apply_change(change=change, inboxes=[inbox], by=inbox.owner, now=LATER, since=since, past=past)
    actions.finish_past_changes(now=LATER)


def test_from_now_on_a_wider_setting_logs_new_mail_only(closed_inbox, mailbox, clock, sync):
    apply(Change.of_inbox(closed_inbox, preset=Preset.KNOWN), closed_inbox, past=False)
    clock.pass_by(minutes=20)
    deliver(mailbox, SARAH, "sarah new", clock.now)
    sync(closed_inbox)

    assert logged(closed_inbox) == {"sarah new"}


def test_however_often_the_mailbox_is_read_again_the_past_stays_private(closed_inbox, mailbox, clock, sync, alice):
    apply(Change.of_inbox(closed_inbox, preset=Preset.KNOWN), closed_inbox, past=False)
    tanaka = make_contact("Tanaka", "tanaka@aozora.example")
    deliver(mailbox, "tanaka@aozora.example", "tanaka 3", NOW - timedelta(days=3))
    mailbox.change_uidvalidity()
    actions.look_back(contact=tanaka, by=alice, now=clock.now)
    sync(closed_inbox)

    assert logged(closed_inbox) == {"tanaka 3"}
    assert completeness(closed_inbox).counts == {Code.KNOWN_CONTACT_INCOMING: 1, Code.PRESET_TOO_NARROW: 8}


def test_nor_is_the_past_logged_when_another_provider_has_just_begun_to_read_it(
    closed_inbox, mailbox, clock, sync, alice
):
    disable(inbox=closed_inbox, by=alice, now=clock.now)
    grant = Grant("a", "r", expires_at=clock.now + timedelta(hours=1), scopes=tuple(GMAIL_READ))
    account = Account(id="account", address=ALICE)
    switch_to_api(
        inbox=closed_inbox, provider=ProviderKind.GMAIL, account=account, grant=grant, by=alice, now=clock.now
    )
    mailbox.create_folder("All Mail", FolderRole.ALL)
    mailbox.delete_folder("INBOX")
    at = NOW - timedelta(days=5)
    mailbox.deliver(mail_bytes(SARAH, ALICE, "sarah 5", date=at), folder="All Mail", received_at=at)
    closed_inbox.refresh_from_db()
    apply(Change.of_inbox(closed_inbox, preset=Preset.KNOWN), closed_inbox, past=False)
    sync(closed_inbox)

    assert (closed_inbox.provider, logged(closed_inbox)) == (ProviderKind.GMAIL, set())


def test_nor_when_the_mailbox_is_just_being_read_once_more(closed_inbox, clock, sync):
    read_again(closed_inbox.pk, now=clock.now)
    closed_inbox.refresh_from_db()
    apply(Change.of_inbox(closed_inbox, preset=Preset.KNOWN), closed_inbox, past=False)
    sync(closed_inbox)

    assert logged(closed_inbox) == set()


def test_mail_that_arrived_while_the_inbox_was_paused_is_new(closed_inbox, mailbox, clock, sync):
    clock.pass_by(days=3)
    deliver(mailbox, SARAH, "sarah meanwhile", clock.now - timedelta(days=2))
    apply(Change.of_inbox(closed_inbox, preset=Preset.KNOWN), closed_inbox, past=False)
    sync(closed_inbox)

    assert logged(closed_inbox) == {"sarah meanwhile"}


@pytest.mark.parametrize(("days", "found"), [(30, {10, 1}), (90, {50, 10, 1}), (None, {100, 50, 10, 1})])
def test_a_wider_setting_reaches_as_far_back_as_is_asked_for(closed_inbox, sync, days, found):
    apply(Change.of_inbox(closed_inbox, preset=Preset.KNOWN), closed_inbox, past=True, days=days)
    sync(closed_inbox)

    assert logged(closed_inbox) == {f"{name} {age}" for name in ("sarah", "omar") for age in found}
    assert completeness(closed_inbox).scanned == 8


@pytest.mark.parametrize(("days", "left"), [(30, {100, 50}), (None, set())])
def test_a_never_log_entry_takes_past_mail_off_the_log(open_inbox, sync, days, left):
    apply(never(OMAR), open_inbox, past=True, days=days)
    sync(open_inbox)

    assert logged(open_inbox) == {f"sarah {age}" for age in (100, 50, 10, 1)} | {f"omar {age}" for age in left}
    assert NeverLogEntry.objects.get().value == OMAR


def test_from_now_on_a_never_log_entry_leaves_what_is_logged(open_inbox, mailbox, clock, sync):
    apply(never(OMAR), open_inbox, past=False)
    clock.pass_by(minutes=20)
    deliver(mailbox, OMAR, "omar new", clock.now)
    sync(open_inbox)

    assert len(logged(open_inbox)) == 8
    assert "omar new" not in logged(open_inbox)


def test_what_was_taken_off_can_be_undone_and_stays_then(open_inbox, sync, clock):
    apply(never(OMAR), open_inbox, past=True)
    actions.undo_unlogging(unlogging=Unlogging.objects.get(), by=open_inbox.owner, now=LATER)
    actions.apply_to_past(inbox=open_inbox, by=open_inbox.owner, now=clock.now)
    sync(open_inbox)

    assert len(logged(open_inbox)) == 8


def test_what_rules_took_off_other_rules_bring_back(open_inbox, sync):
    apply(Change.of_inbox(open_inbox, preset=Preset.MANUAL), open_inbox, past=True)
    sync(open_inbox)
    assert logged(open_inbox) == set()

    apply(Change.of_inbox(open_inbox, preset=Preset.KNOWN), open_inbox, past=True, days=30)
    sync(open_inbox)

    assert logged(open_inbox) == {"sarah 10", "omar 10", "sarah 1", "omar 1"}


def test_removing_an_entry_reaches_back_only_if_asked_to(alice, sync, mailbox):
    actions.add_never_log_entry(text=OMAR, owner=alice, by=alice)
    inbox = connected_inbox(alice)
    sync(inbox)
    removal = Change.of_person(unlisted=[Entry(NeverLogKind.ADDRESS, OMAR)])

    apply(removal, inbox, past=False)
    actions.look_back(contact=make_contact("Tanaka", "tanaka@aozora.example"), by=alice, now=NOW)
    sync(inbox)
    assert logged(inbox) == {f"sarah {age}" for age in (100, 50, 10, 1)}

    apply(removal, inbox, past=True, days=30)
    sync(inbox)
    assert {"omar 10", "omar 1"} <= logged(inbox)
    assert "omar 50" not in logged(inbox)


def test_chosen_mail_is_not_taken(open_inbox):
    Sighting.objects.filter(message__subject="omar 10").update(reason=Code.CHOSEN_BY_OWNER)

    apply(never(OMAR), open_inbox, past=True)

    assert logged(open_inbox) & {"omar 100", "omar 50", "omar 10", "omar 1"} == {"omar 10"}


def test_another_inbox_of_the_same_person_decides_for_itself(open_inbox, alice, mailbox, sync):
    other = connected_inbox(alice, "other@ours.example")
    shared = Sighting.objects.get(message__subject="omar 10")
    Sighting.objects.create(message=shared.message, inbox=other, reason="known_contact_incoming", decided_at=NOW)

    apply(Change.of_inbox(open_inbox, preset=Preset.MANUAL), open_inbox, past=True)

    assert logged(open_inbox) == set()
    assert logged(other) == {"omar 10"}


def test_the_person_is_told_once_it_is_done(open_inbox):
    apply(never(OMAR), open_inbox, past=True)
    actions.finish_past_changes(now=LATER)

    [told] = Notification.objects.filter(kind="past_changed")
    assert told.recipient == open_inbox.owner
    assert told.context == {"inbox": ALICE, "taken": 4}
    assert PastChange.objects.count() == 0
    assert Unlogging.objects.get().messages == 4


def test_one_that_cannot_be_finished_keeps_no_other_from_it(open_inbox, alice):
    PastChange.objects.create(inbox=open_inbox, asked_by=alice, asked_at=NOW, back={"from": "another version"})

    apply(never(OMAR), open_inbox, past=True)

    assert {subject for subject in logged(open_inbox) if "omar" in subject} == set()
    assert [one.back for one in PastChange.objects.all()] == [{"from": "another version"}]


def test_the_workspace_is_changed_by_super_admins_only(open_inbox, alice, admin):
    change = Change.of_workspace(most_open_preset=Preset.REPLIES)
    with pytest.raises(PermissionDenied):
        actions.apply_change(change=change, inboxes=[open_inbox], by=alice, now=LATER)

    actions.apply_change(change=change, inboxes=[], by=admin, now=LATER)

    assert change.is_made_in(rules_of(open_inbox))
    assert len(logged(open_inbox)) == 8


def test_nobody_changes_an_inbox_of_somebody_else(open_inbox, bob):
    with pytest.raises(PermissionDenied):
        actions.apply_change(change=Change.of_inbox(open_inbox, preset=Preset.MANUAL), inboxes=[], by=bob, now=LATER)

    assert InboxPolicy.objects.get(inbox=open_inbox).preset == Preset.KNOWN
