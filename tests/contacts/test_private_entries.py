"""E-mails that not everybody may know of: on timelines, in counts, in searches they are not there for the others."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.actions import settle_privacy
from contacts.models import TimelineEntry
from contacts.queries import mail_found, talkers_with
from contacts.timeline import timeline_page
from inboxes.models import AccessRequest, Sighting, TeamMail, TeamThread, Visibility
from tests.contacts.queries import queries_of
from tests.factories.contacts import NOON, log_mail, make_contact, make_inbox
from tests.factories.conversations import arrive, team_inbox

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


@pytest.fixture
def sarah():
    return make_contact("Sarah Okafor", "sarah@meridian.example")


def shown(contact, person):
    items = [item for day in timeline_page(contact, person).days for item in day.items]
    return [(item.entry.message.subject, item.folded) for item in items]


def test_a_private_mail_is_on_the_timeline_for_its_owner_only(sarah, alice, bob, admin):
    log_mail(sarah, "Known to all", owner=alice)
    log_mail(sarah, "Private", owner=alice, visibility=Visibility.PRIVATE, sent_at=LATER)

    assert shown(sarah, alice) == [("Private", 0), ("Known to all", 0)]
    assert shown(sarah, bob) == shown(sarah, admin) == [("Known to all", 0)]


def test_a_private_mail_is_not_counted_among_the_folded_ones(sarah, alice, bob):
    first = log_mail(sarah, "Known to all", owner=alice)
    log_mail(
        sarah,
        "Private",
        owner=alice,
        thread=first.thread,
        visibility=Visibility.PRIVATE,
        sent_at=NOON + timedelta(hours=1),
    )
    log_mail(sarah, "Known too", owner=alice, thread=first.thread, sent_at=LATER)

    assert shown(sarah, alice) == [("Known too", 2)]
    assert shown(sarah, bob) == [("Known too", 1)]


def test_a_private_mail_does_not_move_the_last_activity(sarah, alice):
    log_mail(sarah, "Known to all", owner=alice)
    log_mail(sarah, "Private", owner=alice, visibility=Visibility.PRIVATE, sent_at=LATER)

    sarah.refresh_from_db()
    assert sarah.last_activity_at == NOON


def test_a_private_mail_is_found_by_those_who_may_know_of_it(sarah, alice, bob):
    log_mail(sarah, "Tender", owner=alice, visibility=Visibility.PRIVATE)

    assert [mail.subject for mail in mail_found(alice, "tender")] == ["Tender"]
    assert list(mail_found(bob, "tender")) == []


def test_who_talks_to_a_contact_does_not_betray_private_mail(sarah, alice, bob):
    log_mail(sarah, "Private", owner=alice, visibility=Visibility.PRIVATE)

    assert [talker.mails for talker in talkers_with(sarah, alice)] == [1]
    assert talkers_with(sarah, bob) == []


def test_who_talks_to_a_contact_is_counted_by_the_rule_for_mails_and_inboxes(sarah, alice, bob, admin, charlie):
    team = team_inbox(bob, owner=admin)
    for number in range(3):
        arrive(team, f"Known to the team {number}", logged_for=sarah)
    log_mail(sarah, "Known to all", owner=alice)
    opened, listed = (
        log_mail(sarah, name, owner=alice, visibility=Visibility.PRIVATE) for name in ("Opened", "Listed")
    )
    log_mail(sarah, "Names Bob", owner=alice, visibility=Visibility.PRIVATE, recipients=[["to", bob.email, "Bob"]])
    allowed = {"asked_at": NOON, "answered_at": NOON, "granted_until": timezone.now() + timedelta(days=1)}
    AccessRequest.objects.create(sighting=opened.sightings.get(), person=bob, **allowed)
    TeamMail.objects.create(
        inbox=team, message=listed, team_thread=TeamThread.objects.first(), code="x", received_at=NOON
    )
    Sighting.objects.create(message=listed, inbox=team, reason="x", decided_at=NOON)

    def by_the_rule(person):
        on_timeline = sarah.timeline.visible_to(person).values("message")
        holders = [
            (each.inbox.holder, each.message_id)
            for each in Sighting.objects.filter(message__in=on_timeline).known_to(person)
        ]
        return Counter(holder for holder, _ in set(holders))

    counted = {
        person: {each.name: each.mails for each in talkers_with(sarah, person)}
        for person in (alice, bob, admin, charlie)
    }
    assert counted == {person: by_the_rule(person) for person in counted}
    assert (counted[alice][str(alice)], counted[bob][str(alice)], counted[admin][str(alice)]) == (4, 3, 1)
    assert counted[charlie] == {}  # has left the workspace


def test_timelines_follow_when_the_visibility_changes_and_changes_back(sarah, alice, bob):
    log_mail(sarah, "Known to all", owner=alice)
    message = log_mail(sarah, "Changing", owner=alice, sent_at=LATER)

    def change(visibility):
        message.sightings.update(visibility=visibility)
        settle_privacy(message_ids=[message.pk])
        sarah.refresh_from_db()
        return [subject for subject, _ in shown(sarah, bob)], sarah.last_activity_at

    assert change(Visibility.PRIVATE) == (["Known to all"], NOON)
    assert change(Visibility.SUBJECT) == (["Changing", "Known to all"], LATER)


def test_a_second_inbox_that_is_stricter_hides_what_was_known(sarah, alice, bob, admin):
    message = log_mail(sarah, "Known to all", owner=alice)
    Sighting.objects.create(
        message=message, inbox=make_inbox(bob), reason="x", decided_at=NOON, visibility=Visibility.PRIVATE
    )
    settle_privacy(message_ids=[message.pk])

    assert [subject for subject, _ in shown(sarah, bob)] == ["Known to all"]
    assert shown(sarah, admin) == []
    sarah.refresh_from_db()
    assert sarah.last_activity_at is None


def test_nothing_is_written_when_timelines_say_it_already(sarah, alice, django_assert_num_queries):
    message = log_mail(sarah, owner=alice)

    with django_assert_num_queries(3):  # with the savepoint around it
        settle_privacy(message_ids=[message.pk])
    assert TimelineEntry.objects.get().private is False


def test_a_timeline_costs_the_same_with_private_mail(sarah, alice, bob_client):
    log_mail(sarah, "Known to all", owner=alice)
    plain = queries_of(bob_client, sarah.get_absolute_url())
    for number in range(5):
        log_mail(sarah, f"Private {number}", owner=alice, visibility=Visibility.PRIVATE, sent_at=timezone.now())

    assert queries_of(bob_client, sarah.get_absolute_url()) == plain
