"""Choosing how much colleagues see: of one e-mail, of a conversation, of all that an inbox has logged."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import AuditEvent
from contacts.timeline import timeline_page
from inboxes.models import Message, Sighting, Visibility
from logging_rules import actions
from logging_rules.actions import visibility
from logging_rules.models import InboxPolicy
from logging_rules.visibility import logged_by_visibility, out_of_step
from tests.factories.contacts import NOON, log_mail, make_contact, make_inbox
from tests.fakes.threads import just_before

pytestmark = pytest.mark.django_db


@pytest.fixture
def sarah():
    return make_contact("Sarah Okafor", "sarah@meridian.example")


def wishes():
    return dict(Sighting.objects.values_list("message__subject", "visibility"))


def test_an_owner_makes_one_mail_private_and_opens_it_again(sarah, alice, bob):
    mail = log_mail(sarah, owner=alice)

    assert actions.set_visibility(message=mail, visibility=Visibility.PRIVATE, by=alice) == 1
    sarah.refresh_from_db()
    assert (timeline_page(sarah, bob).days, sarah.last_activity_at) == ([], None)

    actions.set_visibility(message=mail, visibility=Visibility.EVERYONE, by=alice)
    sarah.refresh_from_db()
    assert (len(timeline_page(sarah, bob).days), sarah.last_activity_at) == (1, NOON)
    event = AuditEvent.objects.filter(action="mail.visibility_set").last()
    assert event.details == {"visibility": "everyone", "whole_thread": False, "mails": 1}


def test_a_conversation_changes_as_a_whole_as_far_as_it_is_ones_own(sarah, alice, bob):
    first = log_mail(sarah, "First", owner=alice)
    log_mail(sarah, "Second", owner=alice, thread=first.thread, sent_at=NOON + timedelta(hours=1))
    log_mail(sarah, "Bob's", owner=bob, thread=first.thread)
    log_mail(sarah, "Other", owner=alice)

    assert actions.set_visibility(message=first, visibility=Visibility.SUBJECT, whole_thread=True, by=alice) == 2
    assert wishes() == {"First": "subject", "Second": "subject", "Bob's": "everyone", "Other": "everyone"}


def test_nobody_changes_what_their_inboxes_did_not_log(sarah, alice, bob, admin):
    mail = log_mail(sarah, owner=alice)

    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            actions.set_visibility(message=mail, visibility=Visibility.PRIVATE, by=person)
    assert Sighting.objects.get().visibility == Visibility.EVERYONE


def test_a_colleagues_stricter_wish_still_holds(sarah, alice, bob, admin):
    mail = log_mail(sarah, owner=alice)
    Sighting.objects.create(
        message=mail, inbox=make_inbox(bob), reason="x", decided_at=NOON, visibility=Visibility.PRIVATE
    )

    actions.set_visibility(message=mail, visibility=Visibility.EVERYONE, by=alice)

    assert not Message.objects.visible_to(admin).exists()


def test_the_setting_of_an_inbox_is_applied_to_what_it_logged_but_not_to_what_was_chosen_by_hand(
    sarah, alice, bob, monkeypatch
):
    monkeypatch.setattr(visibility, "SLICE_MAILS", 2)
    for number in range(5):
        log_mail(sarah, f"Mail {number}", owner=alice)
    chosen = log_mail(sarah, "Chosen", owner=alice)
    log_mail(sarah, "Bob's", owner=bob)
    actions.set_visibility(message=chosen, visibility=Visibility.EVERYONE, by=alice)
    inbox = make_inbox(alice)
    InboxPolicy.objects.create(inbox=inbox, visibility=Visibility.PRIVATE)
    assert out_of_step(inbox)[1].count() == 5

    while actions.apply_visibility_slice(inbox=inbox):
        pass

    assert logged_by_visibility(inbox) == {Visibility.EVERYONE: 1, Visibility.SUBJECT: 0, Visibility.PRIVATE: 5}
    assert wishes()["Bob's"] == "everyone"
    shown = [item.entry.message.subject for day in timeline_page(sarah, bob).days for item in day.items]
    assert sorted(shown) == ["Bob's", "Chosen"]


def test_only_who_decides_about_the_inbox_has_its_setting_applied(alice, bob, admin):
    inbox = make_inbox(alice)

    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            actions.apply_visibility(inbox=inbox, by=person, now=NOON)
    actions.apply_visibility(inbox=inbox, by=alice, now=NOON)
    assert AuditEvent.objects.filter(action="inbox.visibility_applied").get().actor == alice


@pytest.fixture
def asked(sarah, alice, monkeypatch):
    """An inbox whose owner has asked at noon that its five mails be private; nothing was done yet."""
    monkeypatch.setattr(visibility, "SLICE_MAILS", 2)
    for number in range(5):
        log_mail(sarah, f"Mail {number}", owner=alice)
    inbox = make_inbox(alice)
    InboxPolicy.objects.create(inbox=inbox, visibility=Visibility.PRIVATE)
    actions.apply_visibility(inbox=inbox, by=alice, now=NOON)
    return inbox


def test_what_was_asked_for_is_not_forgotten_with_a_lost_message_or_a_killed_worker(asked):
    later = NOON + visibility.LOST_AFTER
    assert actions.pick_waiting_visibility(now=later - timedelta(seconds=1)) == []
    assert actions.pick_waiting_visibility(now=later) == [asked.pk]
    assert actions.apply_visibility_slice(inbox=asked)
    assert actions.pick_waiting_visibility(now=later) == [asked.pk]

    while actions.apply_visibility_slice(inbox=asked):
        pass

    assert set(wishes().values()) == {"private"}
    assert actions.pick_waiting_visibility(now=later) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_asked_for_while_the_last_slice_runs_is_still_to_do(asked, alice):
    again = NOON + timedelta(minutes=1)

    def ask_again():
        InboxPolicy.objects.update(visibility=Visibility.SUBJECT)
        actions.apply_visibility(inbox=asked, by=alice, now=again)

    while actions.apply_visibility_slice(inbox=asked):
        if out_of_step(asked)[1].count() == 1:
            break
    with just_before('UPDATE "logging_rules_inboxpolicy"', ask_again):
        assert not actions.apply_visibility_slice(inbox=asked)
    assert actions.pick_waiting_visibility(now=again + visibility.LOST_AFTER) == [asked.pk]
