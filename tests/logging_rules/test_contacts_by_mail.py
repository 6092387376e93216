"""Contacts that the mail of an inbox makes because its owner chose so, through the whole sync."""

from itertools import permutations

import pytest

from audit.models import AuditEvent
from contacts.actions import ContactDetails, create_contact, edit_contact, meet_correspondents
from contacts.models import Contact, ContactAddress, TimelineEntry
from inboxes.models import Inbox, Sighting
from inboxes.providers.memory import MemoryMailbox
from inboxes.sync.engine import Outcome
from logging_rules.explain import why_logged
from logging_rules.facts import ContactCreation, Level, Preset
from logging_rules.models import InboxPolicy
from logging_rules.slices import sync_slice
from tests.factories.contacts import make_inbox
from tests.factories.inboxes import ALICE, Clock, connected_inbox, mail_bytes
from tests.fakes.threads import in_threads
from users.models import User, WorkspaceDomain

pytestmark = pytest.mark.django_db
HARUKA = "haruka@kitamura.example"
KEN = "ken@kitamura.example"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailbox(clock: Clock) -> MemoryMailbox:
    return MemoryMailbox(now=clock.now, page_messages=2)


@pytest.fixture
def inbox(alice: User) -> Inbox:
    """It logs all mail with contacts, and makes contacts of people Alice writes to."""
    WorkspaceDomain.objects.create(domain="ours.example")
    inbox = connected_inbox(alice)
    InboxPolicy.objects.update(create_contacts=ContactCreation.SENT)
    return inbox


def sync_to_the_end(inbox: Inbox, mailbox: MemoryMailbox, clock: Clock) -> None:
    for _ in range(30):
        report = sync_slice(inbox_id=inbox.pk, worker="test", open_provider=lambda _: mailbox.open(), clock=clock)
        if report.outcome is Outcome.DONE:
            return
    raise AssertionError("the sync does not come to an end")


def send(mailbox: MemoryMailbox, to: str, number: int = 1, **headers: str) -> None:
    mailbox.deliver(mail_bytes(f"Alice <{ALICE}>", to, message_id=f"<{number}@x>", **headers), "Sent")


def test_who_is_written_to_becomes_a_contact_of_their_company_with_the_name_of_the_header(inbox, alice, mailbox, clock):
    send(mailbox, f'"北村 遥" <{HARUKA}>, bob@ours.example', Cc=KEN)

    sync_to_the_end(inbox, mailbox, clock)

    made = Contact.objects.order_by("addresses__email").values_list(
        "addresses__email", "name", "company__domain", "owner", "created_by", "created_automatically_from"
    )
    assert list(made) == [
        (HARUKA, "北村 遥", "kitamura.example", alice.pk, None, inbox.pk),
        (KEN, KEN, "kitamura.example", alice.pk, None, inbox.pk),
    ]
    assert TimelineEntry.objects.count() == 2
    audited = AuditEvent.objects.filter(action="contact.created").values_list("actor", "details")
    assert list(audited) == [(None, {"addresses": 1, "inbox": inbox.pk})] * 2


def test_the_entry_says_that_the_contact_came_with_it(inbox, alice, mailbox, clock):
    send(mailbox, f"Haruka <{HARUKA}>")

    sync_to_the_end(inbox, mailbox, clock)

    sighting = Sighting.objects.get()
    assert (sighting.reason, sighting.rule, sighting.level, sighting.matched_address) == (
        "known_contact_outgoing",
        "contact_created",
        Level.INBOX,
        HARUKA,
    )
    [why] = why_logged(sighting.message, viewer=alice)
    assert why.reason.because == (
        f"{alice} sent this e-mail to Haruka ({HARUKA}), who became a contact of your workspace by it."
    )


def test_nothing_is_made_unless_the_person_chose_it(inbox, mailbox, clock):
    InboxPolicy.objects.update(create_contacts="")
    send(mailbox, HARUKA)

    sync_to_the_end(inbox, mailbox, clock)

    assert (Contact.objects.count(), Sighting.objects.count()) == (0, 0)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_mail_of_a_new_contact_is_logged_whichever_is_read_first(inbox, mailbox, clock, order):
    """The past is read newest first: an e-mail of theirs may come by before the one that makes them a contact."""
    deliveries = [
        lambda: mailbox.deliver(mail_bytes(HARUKA, ALICE, "An offer", message_id="<a@x>")),
        lambda: send(mailbox, HARUKA),
        lambda: mailbox.deliver(mail_bytes(HARUKA, ALICE, "Another one", message_id="<b@x>")),
    ]
    for number in order:
        deliveries[number]()

    sync_to_the_end(inbox, mailbox, clock)

    assert TimelineEntry.objects.filter(contact__addresses__email=HARUKA).count() == 3


@pytest.mark.parametrize(
    ("creation", "made"), [(ContactCreation.SENT, [HARUKA]), (ContactCreation.REPLIES, [HARUKA, KEN])]
)
def test_who_answers_for_somebody_becomes_a_contact_only_if_answers_count(inbox, mailbox, clock, creation, made):
    InboxPolicy.objects.update(create_contacts=creation)
    send(mailbox, HARUKA)
    mailbox.deliver(mail_bytes(KEN, f"{ALICE}, {HARUKA}", message_id="<2@x>", References="<1@x>"))

    sync_to_the_end(inbox, mailbox, clock)

    assert sorted(ContactAddress.objects.values_list("email", flat=True)) == made


def test_reading_it_all_again_makes_nobody_twice(inbox, mailbox, clock):
    send(mailbox, HARUKA)
    for _ in range(2):
        sync_to_the_end(inbox, mailbox, clock)
        mailbox.folders["Sent"].uidvalidity += 1
        clock.pass_by(days=2)

    assert (Contact.objects.count(), TimelineEntry.objects.count()) == (1, 1)


def test_an_address_that_somebody_gave_to_a_contact_meanwhile_is_that_contacts(alice, bob):
    theirs = create_contact(by=bob, details=ContactDetails(name="Haruka K.", emails=[HARUKA]))

    assert meet_correspondents(people={HARUKA: "Haruka"}, inbox=make_inbox(alice)) == {HARUKA: theirs.pk}
    theirs.refresh_from_db()
    assert (theirs.name, theirs.created_automatically_from) == ("Haruka K.", None)


def test_a_contact_a_person_edits_is_kept_when_its_mail_goes(alice, bob):
    key = meet_correspondents(people={HARUKA: "Haruka"}, inbox=make_inbox(alice))[HARUKA]
    contact = Contact.objects.get(pk=key)
    assert contact.created_automatically_from == make_inbox(alice)

    edit_contact(by=bob, contact=contact, details=ContactDetails(name="Haruka Kitamura", emails=[HARUKA]))

    contact.refresh_from_db()
    assert contact.created_automatically_from is None


@pytest.mark.parametrize(
    ("written", "name"),
    [("  Haruka\t\x00 Kitamura ", "Haruka Kitamura"), ("", HARUKA), ("\u200b\ud800", HARUKA), ("遥" * 300, "遥" * 200)],
)
def test_a_name_is_what_can_be_shown_of_the_header(alice, written, name):
    meet_correspondents(people={HARUKA: written}, inbox=make_inbox(alice))

    assert Contact.objects.get().name == name


@pytest.mark.django_db(transaction=True)
def test_two_workers_who_meet_the_same_people_at_once_make_each_of_them_once(inbox, mailbox, clock, bob):
    bobs = connected_inbox(bob, "bob@ours.example")
    InboxPolicy.objects.update(create_contacts=ContactCreation.SENT, preset=Preset.KNOWN)
    bobs_mailbox = MemoryMailbox(now=clock.now)
    for number in range(6):
        send(mailbox, f"person{number}@kitamura.example", number)
        raw = mail_bytes("bob@ours.example", f"person{5 - number}@kitamura.example", message_id=f"<bob{number}@x>")
        bobs_mailbox.deliver(raw, "Sent")

    in_threads(lambda: sync_to_the_end(inbox, mailbox, clock), lambda: sync_to_the_end(bobs, bobs_mailbox, clock))

    assert (Contact.objects.count(), TimelineEntry.objects.count()) == (6, 12)
