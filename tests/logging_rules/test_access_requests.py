"""Asking to open an e-mail, being let in or not, and what is recorded of it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.models import AuditEvent
from contacts.actions import record_opening
from inboxes.access import Entitlement, closures, readers_of
from inboxes.models import AccessRequest, Message, Opening, Sighting, Visibility
from logging_rules import actions
from logging_rules.leaving import Handover, leaving_of
from notifications.models import Notification
from tests.factories.contacts import NOON, log_mail, make_contact, make_inbox
from tests.factories.users import UserFactory
from tests.fakes.threads import just_before

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


@pytest.fixture
def mail(alice):
    contact = make_contact("Sarah Okafor", "sarah@meridian.example")
    return log_mail(contact, "Hidden offer", owner=alice, visibility=Visibility.SUBJECT)


def ask(mail, by, **values):
    return actions.ask_access(message=mail, by=by, now=timezone.now(), **values)


def opens(mail, person):
    return Message.objects.readable_by(person).filter(pk=mail.pk).exists()


def told(person):
    return [(notice.kind, notice.context, notice.url) for notice in Notification.objects.filter(recipient=person)]


def test_the_owner_is_asked_and_lets_the_person_in_for_a_week(mail, alice, bob):
    [request] = ask(mail, bob, note=" For the tender ")

    assert (request.note, opens(mail, bob)) == ("For the tender", False)
    assert told(alice) == [("access_asked", {"person": "Bob Tanaka"}, f"/logging/who/{mail.code}/")]

    now = timezone.now()
    actions.grant_access(request=request, until=now + WEEK, by=alice, now=now)

    assert opens(mail, bob)
    assert told(bob) == [("access_granted", {"owner": "Alice Mori"}, f"/mail/{mail.code}/")]
    reader = readers_of(mail, viewer=bob).people[-1]
    assert (reader.person, reader.entitlement, reader.until) == (bob, Entitlement.GRANTED, now + WEEK)


def test_access_ends_when_the_owner_ends_it_and_can_be_given_again(mail, alice, bob):
    [request] = ask(mail, bob)
    now = timezone.now()
    actions.grant_access(request=request, until=now + WEEK, by=alice, now=now)

    actions.end_access(request=request, by=alice, now=now)
    assert not opens(mail, bob)

    actions.grant_access(request=request, until=now + WEEK, by=alice, now=now)
    assert opens(mail, bob)


def test_who_was_declined_is_told_and_may_ask_again_the_next_day(mail, alice, bob):
    [request] = ask(mail, bob)
    actions.decline_access(request=request, by=alice, now=timezone.now())

    assert [kind for kind, *_ in told(bob)] == ["access_declined"]
    with pytest.raises(ValidationError, match="declined"):
        ask(mail, bob)
    actions.ask_access(message=mail, by=bob, now=timezone.now() + timedelta(days=1, minutes=1))
    assert bob.access_requests.count() == 2


def test_nobody_asks_twice_or_for_what_they_can_open_or_may_not_know_of(mail, alice, bob):
    ask(mail, bob)

    with pytest.raises(ValidationError, match="already"):
        ask(mail, bob)
    with pytest.raises(ValidationError, match="can open"):
        ask(mail, alice)
    mail.sightings.update(visibility=Visibility.PRIVATE)
    with pytest.raises(PermissionDenied):
        ask(mail, bob)


def test_everybody_who_limits_the_mail_is_asked(mail, alice, bob, admin):
    wish = {"reason": "known_contact_incoming", "decided_at": NOON}
    Sighting.objects.create(message=mail, inbox=make_inbox(bob), visibility=Visibility.SUBJECT, **wish)

    assert {request.sighting.inbox.owner for request in ask(mail, admin)} == {alice, bob}
    assert [(closure.inbox.owner, closure.is_waiting) for closure in closures(mail, admin)] == [
        (alice, True),
        (bob, True),
    ]


def test_nobody_answers_for_an_owner_who_has_left(mail, alice, bob):
    alice.is_active = False
    alice.save()

    with pytest.raises(ValidationError):
        ask(mail, bob)
    assert [closure.can_be_asked for closure in closures(mail, bob)] == [False]


def test_requests_end_when_either_of_the_two_leaves(mail, alice, bob, admin):
    """Bob asks Alice and waits; Carol was let in by Alice; a request of Alice's waits at Bob's."""
    carol = UserFactory(name="Carol Colleague")
    contact = make_contact("Omar", "omar@meridian.example")
    of_bob = log_mail(contact, "Other offer", owner=bob, visibility=Visibility.SUBJECT)
    waiting, granted, own = ask(mail, bob)[0], ask(mail, carol)[0], ask(of_bob, alice)[0]
    now = timezone.now()
    actions.grant_access(request=granted, until=now + WEEK, by=alice, now=now)
    assert leaving_of(alice, now=now).requests == 1

    actions.leave(person=alice, handover=Handover(), by=admin)

    assert not AccessRequest.objects.waiting().exists()
    ended = set(AccessRequest.objects.filter(ended_at__isnull=False).values_list("pk", flat=True))
    assert (ended, opens(mail, carol)) == ({waiting.pk, own.pk}, True)
    assert ("access_request_ended", {"owner": "Alice Mori"}, f"/mail/{mail.code}/") in told(bob)
    actions.leave(person=carol, handover=Handover(), by=admin)
    granted.refresh_from_db()
    assert (granted.ended_at is not None, len(told(bob))) == (True, 2)


def test_nobody_but_the_owner_answers_super_admins_included(mail, bob, admin):
    [request] = ask(mail, bob)
    now = timezone.now()

    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            actions.grant_access(request=request, until=now + WEEK, by=person, now=now)
        with pytest.raises(PermissionDenied):
            actions.decline_access(request=request, by=person, now=now)
        with pytest.raises(PermissionDenied):
            actions.end_access(request=request, by=person, now=now)
    assert not opens(mail, bob)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(days=-1), timedelta(days=367)])
def test_access_has_an_end_within_a_year(mail, alice, bob, after):
    [request] = ask(mail, bob)
    now = timezone.now()

    with pytest.raises(ValidationError, match="within the next year"):
        actions.grant_access(request=request, until=now + after, by=alice, now=now)


def test_what_was_asked_and_answered_is_audited_without_content(mail, alice, bob):
    [request] = ask(mail, bob, note="About the hidden offer")
    now = timezone.now()
    actions.grant_access(request=request, until=now + WEEK, by=alice, now=now)
    actions.end_access(request=request, by=alice, now=now)

    events = AuditEvent.objects.filter(target_type="inboxes.accessrequest").order_by("pk")
    assert [(event.action, event.actor) for event in events] == [
        ("mail.access_asked", bob),
        ("mail.access_granted", alice),
        ("mail.access_ended", alice),
    ]
    assert "offer" not in str([event.details for event in events]) + str(told(alice)) + str(told(bob))


def test_openings_by_others_are_recorded_once_and_the_owners_own_never(mail, alice, bob):
    now = timezone.now()
    for person in (alice, bob, bob):
        record_opening(message=mail, part="text", by=person, now=now)
    record_opening(message=mail, part="file", by=bob, now=now)
    record_opening(message=mail, part="text", by=bob, now=now + timedelta(hours=1))

    assert list(Opening.objects.order_by("pk").values_list("person", "part")) == [
        (bob.pk, "text"),
        (bob.pk, "file"),
        (bob.pk, "text"),
    ]


def test_what_is_open_to_everyone_is_opened_without_a_record(mail, bob):
    mail.sightings.update(visibility=Visibility.EVERYONE)
    record_opening(message=mail, part="text", by=bob, now=timezone.now())

    assert not Opening.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_asking_twice_at_once_asks_once(mail, bob):
    with just_before("FOR UPDATE", lambda: ask(mail, bob)), pytest.raises(ValidationError) as refusal:
        ask(mail, bob)

    assert refusal.value.messages == ["You have asked already."]
    assert AccessRequest.objects.count() == 1
