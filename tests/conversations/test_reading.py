"""Who has read what in a team inbox."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from conversations.actions import mark_all_read, mark_read, mark_unread
from conversations.models import ReadMark
from conversations.queries import TeamNews, news_for, news_of, team_inboxes, unread
from inboxes.models import InboxMember, TeamThread
from tests.factories.conversations import JOINED, NOON, arrive, join, team_inbox

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def inbox(alice, bob, admin):
    return team_inbox(alice, bob, owner=admin)


def unread_by(person):
    return {thread.newest.subject for thread in unread(TeamThread.objects.all(), person)}


def test_what_one_member_reads_stays_unread_for_the_others(inbox, alice, bob):
    thread = arrive(inbox, "Order").team_thread

    mark_read(thread=thread, until=NOON, by=alice)

    assert (unread_by(alice), unread_by(bob)) == (set(), {"Order"})


def test_mail_that_comes_in_later_makes_a_thread_unread_again(inbox, alice):
    thread = arrive(inbox, "Order").team_thread
    mark_read(thread=thread, until=NOON, by=alice)

    arrive(inbox, "Re: Order", into=thread, at=NOON + HOUR)

    assert unread_by(alice) == {"Re: Order"}


def test_what_came_in_while_somebody_read_stays_unread(inbox, alice):
    thread = arrive(inbox, "Order").team_thread
    arrive(inbox, "Re: Order", into=thread, at=NOON + HOUR)

    mark_read(thread=thread, until=NOON, by=alice)

    assert unread_by(alice) == {"Re: Order"}


def test_the_answer_of_the_team_makes_nothing_unread(inbox, alice):
    thread = arrive(inbox, "Order").team_thread
    mark_read(thread=thread, until=NOON, by=alice)

    arrive(inbox, "Re: Order", into=thread, at=NOON + HOUR, outgoing=True)
    arrive(inbox, "Welcome", outgoing=True)

    assert unread_by(alice) == set()


def test_filtered_mail_is_not_counted(inbox, alice):
    arrive(inbox, "Voucher", filtered="spam")

    assert unread_by(alice) == set()


def test_mail_from_before_somebody_joined_counts_as_read(inbox, alice, charlie):
    arrive(inbox, "Old", at=JOINED - HOUR)
    arrive(inbox, "New", at=JOINED + HOUR)

    assert unread_by(alice) == {"New"}


def test_old_mail_can_be_marked_unread_by_hand_and_read_again(inbox, alice):
    thread = arrive(inbox, "Old", at=JOINED - HOUR).team_thread

    mark_unread(thread=thread, by=alice)
    assert unread_by(alice) == {"Old"}

    mark_read(thread=thread, until=thread.newest_incoming_at, by=alice)
    assert unread_by(alice) == set()


def test_who_comes_back_begins_anew(inbox, alice):
    thread = arrive(inbox, "Order").team_thread
    mark_unread(thread=thread, by=alice)

    InboxMember.objects.get(inbox=inbox, person=alice).delete()
    assert not ReadMark.objects.exists()

    join(inbox, alice, at=NOON + HOUR)
    assert unread_by(alice) == set()


def test_a_page_drawn_long_ago_takes_back_nothing_that_was_read_since(inbox, alice):
    thread = arrive(inbox, "Order").team_thread
    arrive(inbox, "Re: Order", into=thread, at=NOON + HOUR)
    mark_read(thread=thread, until=NOON + HOUR, by=alice)

    mark_read(thread=thread, until=NOON, by=alice)
    mark_all_read(inbox=inbox, until=NOON, by=alice)

    assert ReadMark.objects.get().read_until == NOON + HOUR


def test_what_was_read_by_joining_stays_read_whatever_a_page_says(inbox, alice):
    thread = arrive(inbox, "Old", at=JOINED - HOUR).team_thread

    mark_read(thread=thread, until=JOINED - 2 * HOUR, by=alice)

    assert unread_by(alice) == set()


def test_the_button_leaves_unread_what_came_in_since_its_page_was_drawn(inbox, alice, alice_client):
    arrive(inbox, "Seen")
    address = reverse("conversations:thread-list", args=[inbox.code])
    drawn = alice_client.get(address).content.decode()
    button = reverse("conversations:mark-all-read", args=[inbox.code])
    [seen] = re.findall(f'action="{button}">.*?name="seen" value="(.+?)"', drawn)
    arrive(inbox, "Late", at=NOON + HOUR)

    alice_client.post(button, {"seen": seen})

    assert unread_by(alice) == {"Late"}


def test_a_moment_that_is_none_marks_nothing(inbox, alice, alice_client):
    arrive(inbox, "Order")

    answer = alice_client.post(reverse("conversations:mark-all-read", args=[inbox.code]), {"seen": "noon"})

    assert (answer.status_code, unread_by(alice)) == (404, {"Order"})


def test_all_is_marked_read_but_what_came_in_meanwhile(inbox, alice, bob):
    for number in range(3):
        arrive(inbox, f"Order {number}")
    arrive(inbox, "Late", at=NOON + HOUR)

    assert mark_all_read(inbox=inbox, until=NOON, by=alice) == 3

    assert (unread_by(alice), len(unread_by(bob))) == ({"Late"}, 4)


def test_news_are_counted_over_all_inboxes_of_a_person_and_no_others(inbox, alice, admin):
    sales = team_inbox(alice, owner=admin, address="sales@ours.example")
    others = team_inbox(admin, owner=admin, address="board@ours.example")
    for place in (inbox, inbox, sales, others):
        arrive(place)

    found = team_inboxes(alice)
    assert news_of(found) == news_for(alice) == TeamNews(inboxes=2, unread=3)
    assert {team.inbox: team.unread for team in found} == {inbox: 2, sales: 1}


def test_only_members_mark_anything(inbox, admin, charlie):
    thread = arrive(inbox).team_thread
    join(inbox, charlie)  # was one, and has left the workspace

    for person in (admin, charlie):
        for act in (
            lambda person: mark_read(thread=thread, until=NOON, by=person),
            lambda person: mark_unread(thread=thread, by=person),
            lambda person: mark_all_read(inbox=inbox, until=NOON, by=person),
        ):
            with pytest.raises(PermissionDenied):
                act(person)
    assert not ReadMark.objects.exists()
