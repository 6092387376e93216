"""Looking back for the earlier mail of a contact."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from contacts.actions import merge_contacts
from contacts.models import Contact, TimelineEntry
from inboxes.models import InboxStatus, Sighting
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.engine import Outcome
from logging_rules import actions
from logging_rules.facts import Preset
from logging_rules.models import LookBack
from logging_rules.slices import sync_slice
from notifications.models import Notification
from tests.factories.contacts import log_mail, make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, STRANGER, Clock, connected_inbox, mail_bytes
from tests.fakes.threads import just_before
from users.models import User

pytestmark = pytest.mark.django_db
OMAR = "omar@meridian.example"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailbox() -> MemoryMailbox:
    """Sarah's mail, one of hers with Omar in it, one of Omar's own, one of a stranger."""
    mailbox = MemoryMailbox(now=NOW)
    for number, (sender, to) in enumerate(
        [(SARAH, ALICE), (SARAH, f"{ALICE}, {OMAR}"), (OMAR, ALICE), (STRANGER, ALICE)]
    ):
        mailbox.deliver(mail_bytes(sender, to, f"Mail {number}", message_id=f"<{number}@x>"), received_at=NOW)
    return mailbox


@pytest.fixture
def inbox(alice, mailbox, clock):
    make_contact("Sarah Okafor", SARAH)
    inbox = connected_inbox(alice)
    sync(inbox, mailbox, clock)
    return inbox


def sync(inbox, mailbox, clock):
    while True:
        report = sync_slice(inbox_id=inbox.pk, worker="test", open_provider=lambda _: mailbox.open(), clock=clock)
        if report.outcome is Outcome.DONE:
            return
        assert report.outcome is Outcome.MORE


def timeline(contact):
    return sorted(TimelineEntry.objects.filter(contact=contact).values_list("message__subject", flat=True))


def test_earlier_mail_comes_to_the_timeline_that_of_others_with_the_contact_included(inbox, mailbox, clock, alice):
    omar = make_contact("Omar Haddad", OMAR)
    assert timeline(omar) == []

    actions.look_back(contact=omar, by=alice, now=clock.now)
    sync(inbox, mailbox, clock)

    assert timeline(omar) == ["Mail 1", "Mail 2"]


def test_nothing_is_fetched_twice_and_everything_stays_accounted_for(inbox, mailbox, clock, alice):
    omar = make_contact("Omar Haddad", OMAR)
    fetched = mailbox.calls["bodies"]

    actions.look_back(contact=omar, by=alice, now=clock.now)
    sync(inbox, mailbox, clock)

    inbox.refresh_from_db()
    numbers = completeness(inbox)
    assert (numbers.logged, numbers.skipped, numbers.scanned) == (3, 1, 4)
    assert mailbox.calls["bodies"] == fetched + 1


def test_the_owner_is_told_once_what_was_found(inbox, mailbox, clock, alice):
    omar = make_contact("Omar Haddad", OMAR)
    actions.look_back(contact=omar, by=alice, now=clock.now)
    assert Notification.objects.count() == 0

    sync(inbox, mailbox, clock)
    sync(inbox, mailbox, clock)

    [told] = Notification.objects.all()
    assert (told.recipient, told.url) == (alice, omar.get_absolute_url())
    assert told.context == {"contact": "Omar Haddad", "inbox": ALICE, "found": 2}
    assert "2" in told.notice.text
    assert LookBack.objects.count() == 0


def test_inboxes_of_other_people_are_left_alone(inbox, clock, alice, bob):
    omar = make_contact("Omar Haddad", OMAR)
    theirs = connected_inbox(bob, "bob@ours.example", backfill_done_at=NOW)

    assert actions.look_back(contact=omar, by=alice, now=clock.now) == 1

    theirs.refresh_from_db()
    assert theirs.backfill_done_at == NOW
    with pytest.raises(PermissionDenied):
        actions.apply_to_past(inbox=theirs, by=alice, now=clock.now)


def test_a_holder_of_account_access_looks_back_in_team_inboxes_too(inbox, clock, bob, charlie):
    omar = make_contact("Omar Haddad", OMAR)
    team = connected_inbox(charlie, "team@ours.example", kind="team", name="Team", backfill_done_at=NOW)
    User.objects.filter(pk=bob.pk).update(account_access=True)

    assert actions.look_back(contact=omar, by=User.objects.get(pk=bob.pk), now=clock.now) == 1

    team.refresh_from_db()
    assert (team.backfill_done_at, LookBack.objects.get().inbox) == (None, team)


def test_it_needs_an_address_and_an_inbox_that_is_being_synced(alice, clock):
    nameless, omar = make_contact("No Address"), make_contact("Omar Haddad", OMAR)
    connected_inbox(alice, status=InboxStatus.PAUSED)

    for contact, code in ((nameless, "no_address"), (omar, "no_inbox")):
        with pytest.raises(ValidationError) as refusal:
            actions.look_back(contact=contact, by=alice, now=clock.now)
        assert refusal.value.code == code


def test_the_contact_page_asks_for_it(inbox, alice_client):
    omar = make_contact("Omar Haddad", OMAR)
    page = alice_client.get(f"{omar.get_absolute_url()}?added").content.decode()
    assert "Look for earlier e-mails?" in page
    assert page.count(f'action="{reverse("logging_rules:look-back")}"') == 2  # in the menu and in the offer

    response = alice_client.post(reverse("logging_rules:look-back"), {"contact": omar.code}, follow=True)

    assert response.redirect_chain == [(omar.get_absolute_url(), 302)]
    assert "Your inbox is being looked through." in response.content.decode()
    assert LookBack.objects.get().inbox == inbox


@pytest.mark.parametrize("code", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_contact_that_is_not_there_is_not_found(alice_client, code):
    assert alice_client.post(reverse("logging_rules:look-back"), {"contact": code}).status_code == 404


def test_who_has_no_inbox_is_told_so(inbox, bob_client):
    omar = make_contact("Omar Haddad", OMAR)

    response = bob_client.post(reverse("logging_rules:look-back"), {"contact": omar.code}, follow=True)

    assert "None of your inboxes is being synced" in response.content.decode()
    assert LookBack.objects.count() == 0


def test_logged_mail_that_would_be_skipped_by_now_is_counted_once(inbox, mailbox, clock, alice):
    actions.set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)
    actions.apply_to_past(inbox=inbox, by=alice, now=clock.now)
    sync(inbox, mailbox, clock)

    inbox.refresh_from_db()
    numbers = completeness(inbox)
    assert (numbers.logged, numbers.skipped, numbers.scanned) == (2, 2, 4)
    assert numbers.counts == {"known_contact_incoming": 2, "no_known_contact": 2}


@pytest.mark.django_db(transaction=True)
def test_a_contact_that_is_deleted_while_its_mail_is_asked_for_is_said_to_be_gone(alice, alice_client):
    connected_inbox(alice)
    omar = make_contact("Omar", OMAR)

    with just_before("FOR KEY SHARE", Contact.objects.filter(pk=omar.pk).delete):
        page = alice_client.post(reverse("logging_rules:look-back"), {"contact": omar.code})

    assert (page.status_code, LookBack.objects.count()) == (404, 0)


@pytest.mark.parametrize("both_asked", [False, True])
def test_whoever_waits_for_the_mail_of_a_contact_merged_meanwhile_is_told_of_the_other(
    alice, inbox, mailbox, clock, both_asked
):
    sarah, omar = Contact.objects.get(), make_contact("Omar", OMAR)
    Sighting.objects.filter(message=log_mail(omar, "Known before", owner=alice)).update(inbox=inbox)
    for contact in (omar, sarah) if both_asked else (omar,):
        actions.look_back(contact=contact, by=alice, now=clock.now)

    merge_contacts(by=alice, into=sarah, other=omar)
    sync(inbox, mailbox, clock)

    assert not LookBack.objects.filter(inbox=inbox).exists()
    [told] = Notification.objects.all()
    assert (told.context["found"], told.url) == (1, sarah.get_absolute_url())
