"""Somebody is taken out of a team, or the sync drops a thread, in the very moment it is read."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from conversations.actions import mark_all_read, mark_read, mark_unread
from conversations.models import ReadMark
from inboxes.models import InboxMember, TeamThread
from tests.factories.conversations import NOON, arrive, team_inbox
from tests.fakes.threads import just_before

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(alice, bob, admin):
    return team_inbox(alice, bob, owner=admin)


@pytest.fixture
def thread(inbox):
    return arrive(inbox, "Order").team_thread


def test_who_is_no_member_any_more_marks_nothing(inbox, thread, alice):
    leave = InboxMember.objects.filter(person=alice).delete
    with just_before("FOR NO KEY UPDATE", leave), pytest.raises(PermissionDenied):
        mark_read(thread=thread, until=NOON, by=alice)
    assert not ReadMark.objects.exists()


def test_who_is_no_member_any_more_is_shown_nothing(inbox, thread, alice, alice_client):
    page = reverse("conversations:thread", args=[inbox.code, thread.code])
    with just_before('SELECT "inboxes_inboxmember"."id"', InboxMember.objects.filter(person=alice).delete):
        answer = alice_client.get(page)
    assert (answer.status_code, b"Order" in answer.content) == (403, False)


@pytest.mark.parametrize(
    ("mark", "marked"),
    [
        (lambda inbox, gone, by: mark_all_read(inbox=inbox, until=NOON, by=by), 1),
        (lambda inbox, gone, by: mark_read(thread=gone, until=NOON, by=by), 0),
        (lambda inbox, gone, by: mark_unread(thread=gone, by=by), 0),
    ],
    ids=["all read", "read", "unread"],
)
def test_a_thread_that_the_sync_drops_is_marked_no_more(inbox, thread, alice, mark, marked):
    other = arrive(inbox, "Another").team_thread
    with just_before("FOR KEY SHARE", TeamThread.objects.filter(pk=thread.pk).delete):
        mark(inbox, thread, alice)
    assert list(ReadMark.objects.values_list("team_thread", flat=True)) == [other.pk] * marked
