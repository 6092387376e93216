"""What is cleared away after an inbox was removed, what stays, and what holds when its address is connected again."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.models import AuditEvent
from contacts.actions import ContactDetails, create_contact, meet_correspondents
from contacts.models import Contact, MailIndex, TimelineEntry
from inboxes import actions
from inboxes.models import (
    Credential,
    Folder,
    HandledPage,
    Inbox,
    InboxMember,
    LedgerEntry,
    Message,
    Sighting,
    TeamMail,
    TeamThread,
)
from inboxes.providers.memory import MemoryMailbox
from logging_rules.actions import (
    add_never_log_entry,
    clear_some,
    erase_removed,
    finish_removal,
    removing,
    undo_unlogging,
    unlog,
)
from logging_rules.models import InboxPolicy, Tombstone, UnloggedSighting
from logging_rules.queries import everybody_inside
from logging_rules.removal import holdings_of
from logging_rules.tasks import clear_removed
from logging_rules.unlogging import Selection
from tests.factories.contacts import log_mail, make_contact
from tests.factories.conversations import arrive, team_inbox
from tests.factories.inboxes import SARAH, Clock, connected_inbox, mail_bytes, sync, sync_until_quiet
from users.models import User, WorkspaceDomain

pytestmark = pytest.mark.django_db

MAILS = 7


@pytest.fixture
def clock():
    return Clock(timezone.now())


@pytest.fixture
def mailbox():
    mailbox = MemoryMailbox(page_messages=200)
    for number in range(MAILS):
        mailbox.deliver(mail_bytes(subject=f"Quote {number}", message_id=f"<{number}@meridian.example>"))
    mailbox.deliver(mail_bytes("stranger@elsewhere.example", message_id="<x@elsewhere.example>"))
    return mailbox


@pytest.fixture
def sarah(alice):
    return create_contact(by=alice, details=ContactDetails(name="Sarah", emails=[SARAH]))


@pytest.fixture
def inbox(alice, mailbox, clock, sarah):
    """All of its mail is synced, and it is disabled."""
    inbox = connected_inbox(alice)
    sync_until_quiet(inbox, mailbox, clock)
    actions.disable(inbox=inbox, by=alice)
    return inbox


def removed(inbox, by, *, erase):
    actions.remove(inbox=inbox, erase=erase, by=by)
    finish_removal(inbox_id=inbox.pk, now=timezone.now())
    return Inbox.with_removed.select_related("removal").get(pk=inbox.pk)


def stored():
    return tuple(model.objects.count() for model in (Message, Sighting, TimelineEntry, MailIndex))


KNOWN_TO_SYNC = (Folder, LedgerEntry, HandledPage, InboxPolicy)


def test_enabled_again_it_goes_on_where_it_stopped(inbox, alice, mailbox, clock):
    Credential.objects.create(inbox=inbox, secret="secret")
    mailbox.deliver(mail_bytes(subject="Meanwhile", message_id="<meanwhile@meridian.example>"))
    assert sync(inbox, mailbox, clock).outcome != "done"
    assert Message.objects.count() == MAILS
    actions.enable(inbox=inbox, by=alice)
    before = mailbox.calls["bodies"]
    sync_until_quiet(inbox, mailbox, clock)
    assert (Message.objects.count(), mailbox.calls["bodies"] - before) == (MAILS + 1, 1)


def test_what_is_kept_stays_on_its_timelines_and_the_sync_knows_nothing_any_more(inbox, alice, bob):
    before = stored()
    assert all(model.objects.exists() for model in KNOWN_TO_SYNC)
    removal = removed(inbox, alice, erase=False).removal
    assert (stored(), before) == (before, (MAILS, MAILS, MAILS, MAILS))
    assert [model for model in KNOWN_TO_SYNC if model.objects.exists()] == []
    assert (removal.erased, removal.finished_at is not None) == (0, True)
    assert Message.objects.visible_to(bob).count() == MAILS


def test_what_is_erased_is_gone_with_the_contacts_it_made(inbox, alice, mailbox, clock):
    met = meet_correspondents(people={"ken@harbour.example": "Ken"}, inbox=inbox)
    log_mail(Contact.objects.get(pk=met["ken@harbour.example"]), "Hello", owner=alice)
    Sighting.objects.exclude(inbox=inbox).update(inbox=inbox)
    told = holdings_of(inbox)
    assert (told.mails, told.contacts, told.shared, told.made, told.erasable) == (MAILS + 1, 2, 0, 1, MAILS + 1)

    removal = removed(inbox, alice, erase=True).removal

    assert stored() == (0, 0, 0, 0)
    assert list(Contact.objects.values_list("name", flat=True)) == ["Sarah"]
    assert (removal.held, removal.cleared, removal.erased, removal.erased_contacts) == (
        MAILS + 1,
        MAILS + 1,
        MAILS + 1,
        1,
    )
    done = AuditEvent.objects.about(inbox).filter(action="inbox.cleared").get()
    assert done.details == {"erase": True, "messages": MAILS + 1, "contacts": 1}


def test_what_a_colleagues_inbox_logged_too_stays(inbox, alice, bob):
    both = Message.objects.order_by("pk")[0]
    theirs = connected_inbox(bob, "bob@ours.example")
    Sighting.objects.create(message=both, inbox=theirs, reason="known_contact_incoming", decided_at=timezone.now())
    assert (holdings_of(inbox).shared, holdings_of(inbox).erasable) == (1, MAILS - 1)
    removal = removed(inbox, alice, erase=True).removal
    assert (list(Message.objects.all()), list(TimelineEntry.objects.values_list("message", flat=True))) == (
        [both],
        [both.pk],
    )
    assert (removal.cleared, removal.erased) == (MAILS, MAILS - 1)


def test_a_killed_worker_is_followed_by_one_that_goes_on(inbox, alice, monkeypatch):
    monkeypatch.setattr(removing, "MAILS_AT_ONCE", 2)
    monkeypatch.setattr(removing, "ROWS_AT_ONCE", 3)
    actions.remove(inbox=inbox, erase=True, by=alice)
    slices, seen = 0, []
    while clear_some(inbox_id=inbox.pk, now=timezone.now()):
        slices += 1
        seen.append(Inbox.with_removed.get(pk=inbox.pk).removal.cleared)
    assert (sorted(set(seen)), stored()) == ([0, 2, 4, 6, 7], (0, 0, 0, 0))
    assert not clear_some(inbox_id=inbox.pk, now=timezone.now())
    clear_removed(inbox_id=inbox.pk)
    assert AuditEvent.objects.filter(action="inbox.cleared").count() == 1


def test_what_was_kept_can_be_erased_later_by_its_owner_alone(inbox, alice, admin):
    gone = removed(inbox, alice, erase=False)
    with pytest.raises(PermissionDenied):
        erase_removed(inbox=gone, by=admin, now=timezone.now())
    erase_removed(inbox=gone, by=alice, now=timezone.now())
    finish_removal(inbox_id=gone.pk, now=timezone.now())
    assert stored() == (0, 0, 0, 0)
    with pytest.raises(ValidationError):
        erase_removed(inbox=gone, by=alice, now=timezone.now())


def test_un_logged_mail_that_could_still_come_back_is_erased_with_the_rest(inbox, alice):
    [first, *_] = Message.objects.order_by("pk")
    unlogging = unlog(selection=Selection(inbox=inbox, message_ids=[first.pk]), by=alice, now=timezone.now())
    assert holdings_of(inbox).undoable == 1
    removed(inbox, alice, erase=True)
    assert (stored(), UnloggedSighting.objects.count(), Tombstone.objects.count()) == ((0, 0, 0, 0), 0, 1)
    with pytest.raises(ValidationError):
        undo_unlogging(unlogging=unlogging, by=alice, now=timezone.now())


def test_of_a_kept_inbox_an_un_logging_can_still_be_undone_and_mail_still_be_un_logged(inbox, alice):
    [first, second, *_] = Message.objects.order_by("pk")
    unlogging = unlog(selection=Selection(inbox=inbox, message_ids=[first.pk]), by=alice, now=timezone.now())
    gone = removed(inbox, alice, erase=False)
    undo_unlogging(unlogging=unlogging, by=alice, now=timezone.now())
    assert Sighting.objects.filter(inbox=gone).count() == MAILS
    unlog(selection=Selection(inbox=gone, message_ids=[second.pk]), by=alice, now=timezone.now())
    assert second not in Message.objects.visible_to(alice)


def test_connected_again_nothing_is_logged_twice_and_what_was_un_logged_or_never_logged_stays_so(
    inbox, alice, mailbox, clock, sarah
):
    [first, *kept] = Message.objects.order_by("pk")
    unlog(selection=Selection(inbox=inbox, message_ids=[first.pk]), by=alice, now=clock())
    removed(inbox, alice, erase=False)
    before = stored()
    add_never_log_entry(text="harbour.example", by=alice, owner=alice)
    mailbox.deliver(mail_bytes(f"{SARAH}, ken@harbour.example", message_id="<never@harbour.example>"))

    anew = connected_inbox(alice)
    sync_until_quiet(anew, mailbox, clock)

    messages, sightings, entries, index = before
    assert stored() == (messages, sightings + len(kept), entries, index)
    assert set(Sighting.objects.filter(inbox=anew).values_list("message_id", flat=True)) == {mail.pk for mail in kept}
    counts = Folder.objects.get(inbox=anew, role="inbox").counts
    assert (counts["unlogged_by_owner"], counts["never_log_personal"]) == (1, 1)
    # What the new inbox un-logs is not kept on timelines by the old one.
    unlog(selection=Selection(inbox=anew, message_ids=[kept[0].pk]), by=alice, now=clock())
    assert not Sighting.objects.filter(message=kept[0]).exists()


def test_connected_again_after_erasing_the_mailbox_is_read_anew(inbox, alice, mailbox, clock):
    removed(inbox, alice, erase=True)
    sync_until_quiet(connected_inbox(alice), mailbox, clock)
    assert stored() == (MAILS, MAILS, MAILS, MAILS)


def test_erasing_goes_on_while_the_address_is_connected_again(inbox, alice, mailbox, clock, monkeypatch):
    monkeypatch.setattr(removing, "MAILS_AT_ONCE", 2)
    actions.remove(inbox=inbox, erase=True, by=alice)
    while Inbox.with_removed.get(pk=inbox.pk).removal.cleared < 2:
        clear_some(inbox_id=inbox.pk, now=timezone.now())
    anew = connected_inbox(alice)
    sync_until_quiet(anew, mailbox, clock)
    finish_removal(inbox_id=inbox.pk, now=timezone.now())
    assert stored() == (MAILS, MAILS, MAILS, MAILS)
    assert set(Sighting.objects.values_list("inbox", flat=True)) == {anew.pk}


def test_the_address_of_a_removed_inbox_is_a_colleagues_only_if_it_is_otherwise(alice, bob):
    User.objects.filter(pk=bob.pk).update(email="bob@private.example")
    WorkspaceDomain.objects.create(domain="ours.example")
    for address in ("alice@private.example", "bob@private.example", "sales@ours.example"):
        inbox = connected_inbox(alice, address, status="disabled")
        assert address in everybody_inside()
        removed(inbox, alice, erase=False)
    inside = everybody_inside()
    assert [
        address in inside for address in ("alice@private.example", "bob@private.example", "sales@ours.example")
    ] == [
        False,
        True,
        True,
    ]


# Team inboxes


@pytest.fixture
def team(admin, bob):
    """With three e-mails, one of which is logged for a contact and one of which lies in another team's inbox too."""
    inbox = team_inbox(bob, owner=admin)
    arrive(inbox, "On no timeline")
    arrive(inbox, "Logged", logged_for=make_contact("Sarah", SARAH))
    both = arrive(inbox, "In two inboxes").message
    other = team_inbox(owner=admin, address="sales@ours.example")
    thread = TeamThread.objects.create(inbox=other, thread=both.thread, newest_at=timezone.now())
    TeamMail.objects.create(inbox=other, message=both, team_thread=thread, received_at=timezone.now())
    return inbox


def subjects():
    return set(Message.objects.values_list("subject", flat=True))


@pytest.mark.parametrize(
    ("erase", "left", "erased"), [(False, {"Logged", "In two inboxes"}, 1), (True, {"In two inboxes"}, 2)]
)
def test_the_list_of_a_team_goes_with_its_inbox(team, admin, erase, left, erased):
    assert (holdings_of(team).unplaced, holdings_of(team).mails) == (1, 1)
    removal = actions.delete_team_inbox(inbox=team, erase=erase, by=admin)
    finish_removal(inbox_id=team.pk, now=timezone.now())
    removal.refresh_from_db()
    assert (subjects(), removal.held, removal.erased) == (left, 3, erased)
    assert not TeamMail.objects.filter(inbox=team).exists()
    assert not TeamThread.objects.filter(inbox=team).exists()
    assert not InboxMember.objects.filter(inbox=team).exists()
    assert TimelineEntry.objects.count() == (0 if erase else 1)


def test_what_a_team_un_logged_stays_so_when_its_address_is_connected_again(team, admin):
    logged = Message.objects.get(subject="Logged")
    unlog(selection=Selection(inbox=team, message_ids=[logged.pk]), by=admin, now=timezone.now())
    actions.delete_team_inbox(inbox=team, erase=False, by=admin)
    finish_removal(inbox_id=team.pk, now=timezone.now())
    anew = team_inbox(owner=admin)
    assert Tombstone.objects.of(anew).count() == 1
    assert Tombstone.objects.of(team_inbox(owner=admin, address="other@ours.example")).count() == 0
