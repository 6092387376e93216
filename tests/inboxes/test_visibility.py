"""Who may know of a logged e-mail, and who may open it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inboxes.access import readers_of
from inboxes.models import AccessRequest, Inbox, Message, Sighting, Visibility
from tests.factories.contacts import NOON, log_mail, make_contact, make_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def sarah():
    return make_contact("Sarah Okafor", "sarah@meridian.example")


def told(person):
    """Whether the one e-mail there is may be known to the person, and opened."""
    return Message.objects.visible_to(person).exists(), Message.objects.readable_by(person).exists()


NOTHING, SUBJECT, ALL = (False, False), (True, False), (True, True)


@pytest.mark.parametrize(
    ("visibility", "for_others"),
    [(Visibility.EVERYONE, ALL), (Visibility.SUBJECT, SUBJECT), (Visibility.PRIVATE, NOTHING)],
)
def test_colleagues_see_as_much_as_the_owner_wants_and_super_admins_no_more(
    sarah, alice, bob, admin, charlie, visibility, for_others
):
    log_mail(sarah, owner=alice, visibility=visibility)

    assert {person: told(person) for person in (alice, bob, admin, charlie)} == {
        alice: ALL,
        bob: for_others,
        admin: for_others,
        charlie: NOTHING,
    }


def test_the_strictest_inbox_wins_and_every_owner_still_sees_their_mail(sarah, alice, bob, admin):
    message = log_mail(sarah, owner=alice)
    Sighting.objects.create(
        message=message, inbox=make_inbox(bob), reason="x", decided_at=NOON, visibility=Visibility.PRIVATE
    )

    assert [told(person) for person in (alice, bob, admin)] == [ALL, ALL, NOTHING]


@pytest.mark.parametrize("field", ["from_email", "to", "cc", "bcc"])
def test_who_takes_part_sees_it_by_the_address_they_sign_in_with(sarah, alice, bob, admin, field):
    named = {"from_email": bob.email} if field == "from_email" else {"recipients": [[field, bob.email, "Bob"]]}
    log_mail(sarah, owner=alice, visibility=Visibility.PRIVATE, **named)

    assert [told(person) for person in (bob, admin)] == [ALL, NOTHING]


def test_who_takes_part_sees_it_by_a_connected_address_and_its_aliases(sarah, alice, bob, admin):
    Inbox.objects.create(
        owner=bob, connected_by=bob, provider="gmail", address="sales@ours.example", aliases=["shop@ours.example"]
    )
    log_mail(sarah, owner=alice, visibility=Visibility.PRIVATE, recipients=[["to", "shop@ours.example", ""]])

    assert [told(person) for person in (bob, admin)] == [ALL, NOTHING]


def test_an_address_with_a_japanese_domain_is_known_in_the_form_of_headers(sarah, alice, bob, admin):
    bob.email = "bob@例え.jp"
    bob.save()
    log_mail(sarah, owner=alice, visibility=Visibility.PRIVATE, recipients=[["to", "bob@xn--r8jz45g.jp", ""]])

    assert [told(person) for person in (bob, admin)] == [ALL, NOTHING]


def test_nobody_takes_part_by_an_address_that_they_typed_or_that_somebody_else_signs_in_with(sarah, alice, bob, admin):
    make_inbox(bob, "sarah@meridian.example")
    Inbox.objects.create(owner=bob, connected_by=bob, provider="gmail", address=admin.email)
    message = log_mail(sarah, owner=alice, visibility=Visibility.PRIVATE, recipients=[["to", admin.email, ""]])

    assert [told(person) for person in (bob, admin)] == [NOTHING, ALL]
    assert [reader.person for reader in readers_of(message, viewer=alice).people] == [alice, admin]


def let_in(person, sighting, **answer):
    return AccessRequest.objects.create(sighting=sighting, person=person, asked_at=NOON, answered_at=NOON, **answer)


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ({"granted_until": timedelta(hours=1)}, ALL),
        ({"granted_until": timedelta(hours=-1)}, SUBJECT),
        ({"granted_until": timedelta(hours=1), "ended_at": NOON}, SUBJECT),
        ({}, SUBJECT),
    ],
    ids=["granted", "run out", "ended", "declined"],
)
def test_whom_the_owner_let_in_sees_it_until_the_end(sarah, alice, bob, admin, answer, seen):
    message = log_mail(sarah, owner=alice, visibility=Visibility.SUBJECT)
    if "granted_until" in answer:
        answer = answer | {"granted_until": timezone.now() + answer["granted_until"]}
    let_in(bob, message.sightings.get(), **answer)

    assert [told(person) for person in (bob, admin)] == [seen, SUBJECT]


def test_every_owner_who_withholds_it_has_to_let_somebody_in(sarah, alice, bob, admin):
    message = log_mail(sarah, owner=alice, visibility=Visibility.SUBJECT)
    bobs = Sighting.objects.create(
        message=message, inbox=make_inbox(bob), reason="x", decided_at=NOON, visibility=Visibility.SUBJECT
    )
    tomorrow = timezone.now() + timedelta(days=1)

    let_in(admin, bobs, granted_until=tomorrow)
    assert told(admin) == SUBJECT

    let_in(admin, message.sightings.get(inbox__owner=alice), granted_until=tomorrow)
    assert told(admin) == ALL


def test_mail_that_no_inbox_holds_is_shown_to_nobody(sarah, alice):
    message = log_mail(sarah, owner=alice)
    message.sightings.all().delete()

    assert told(alice) == NOTHING
