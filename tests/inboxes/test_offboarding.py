"""What becomes of the inboxes of a person who leaves."""

import pytest

from audit.models import AuditEvent
from inboxes.models import Credential, Inbox, InboxKind, InboxStatus, Message
from inboxes.sync.due import pick_due
from inboxes.sync.lease import LeaseLost, take_lease
from tests.factories.contacts import log_mail, make_contact
from tests.factories.inboxes import NOW, connected_inbox
from users import actions
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)


def with_password(inbox):
    Credential.objects.create(inbox=inbox, secret="secret")
    return inbox


def test_personal_inboxes_stop_and_their_passwords_are_forgotten(alice, bob, admin):
    left = with_password(connected_inbox(alice, next_due_at=NOW))
    stopped = with_password(connected_inbox(alice, "old@ours.example", status=InboxStatus.DISABLED))
    other = with_password(connected_inbox(bob, "bob@ours.example", next_due_at=NOW))

    actions.deactivate_person(person=alice, by=admin)

    statuses = dict(Inbox.objects.values_list("pk", "status"))
    assert statuses == {left.pk: "disabled", stopped.pk: "disabled", other.pk: "active"}
    assert [credential.inbox for credential in Credential.objects.all()] == [other]
    told = AuditEvent.objects.filter(action="inbox.disabled").values_list("target_id", "actor")
    assert list(told) == [(str(left.pk), admin.pk)]
    assert pick_due(now=NOW) == [other.pk]


def test_a_sync_under_way_writes_nothing_more(alice, admin):
    _, lease = take_lease(connected_inbox(alice).pk, worker="one")
    actions.deactivate_person(person=alice, by=admin)
    with pytest.raises(LeaseLost):
        lease.guard()


def test_what_they_logged_stays(alice, admin):
    mail = log_mail(make_contact(), owner=alice)
    actions.deactivate_person(person=alice, by=admin)
    assert list(Message.objects.visible_to(admin)) == [mail]


def test_a_team_inbox_goes_on(alice, admin):
    team = with_password(connected_inbox(alice, "sales@ours.example", kind=InboxKind.TEAM, next_due_at=NOW))
    actions.deactivate_person(person=alice, by=admin)
    assert (pick_due(now=NOW), Credential.objects.count()) == ([team.pk], 1)


def test_nobody_syncs_the_inbox_of_a_person_who_left_even_if_it_was_not_stopped(alice):
    """As when the process that deactivated them dies before it gets to their inboxes."""
    inbox = connected_inbox(alice, next_due_at=NOW)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert (pick_due(now=NOW), take_lease(inbox.pk, worker="one")) == ([], None)


def test_somebody_let_in_again_connects_with_their_password_again(alice, admin):
    inbox = with_password(connected_inbox(alice))
    actions.deactivate_person(person=alice, by=admin)
    actions.reactivate_person(person=alice, by=admin)
    assert (Inbox.objects.get().status, Credential.objects.filter(inbox=inbox).exists()) == ("disabled", False)
