"""Two people at the same inbox: the second is told what became of it, and nothing is half done."""

from functools import partial

import pytest
from django.urls import reverse

from audit.models import AuditEvent
from inboxes import actions
from inboxes.models import Credential, Inbox, MailServer, Removal
from tests.factories.inboxes import connected_inbox, team_inbox
from tests.factories.users import PASSWORD
from tests.fakes.demo_server import demo_server
from tests.fakes.threads import just_before
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
LOCKED = "FOR UPDATE"
GONE = "This inbox was removed just now. Nothing was changed."


def told(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("delete", {"logged": "keep"}),
        ("team", {"name": "Sales", "from_name": ""}),
        ("add-members", {}),
        ("replay", {"cause": ""}),
        ("check-now", {}),
        ("sync-now", {}),
        ("pause", {}),
        ("disable", {}),
    ],
)
def test_of_a_team_inbox_that_a_colleague_deletes_one_is_told_just_that(admin, alice, bob, admin_client, page, values):
    inbox = team_inbox(admin, alice)
    User.objects.filter(pk=bob.pk).update(account_access=True)
    bob.refresh_from_db()
    values = {"members": [str(bob.code)]} if page == "add-members" else values

    with just_before(LOCKED, partial(actions.delete_team_inbox, inbox=inbox, erase=False, by=bob)):
        answer = admin_client.post(reverse(f"inboxes:{page}", args=[inbox.code]), values, follow=True)

    assert (answer.status_code, told(answer)) == (200, [GONE])
    assert Removal.objects.get().by == bob
    assert not AuditEvent.objects.filter(actor=admin).exclude(action__startswith="person.").exists()


def test_an_inbox_that_is_enabled_again_just_now_is_not_removed(alice, alice_client):
    inbox = connected_inbox(alice, status="disabled")
    values = {"logged": "keep"}

    def enable():
        Inbox.objects.update(status="active")

    with just_before(LOCKED, enable):
        answer = alice_client.post(reverse("inboxes:remove", args=[inbox.code]), values, follow=True)

    assert (answer.status_code, told(answer)) == (200, ["This is not possible while the inbox is: Active"])
    assert Inbox.objects.get().status == "active"


@pytest.mark.parametrize("has_left", [True, False])
def test_whom_a_colleague_added_or_saw_off_meanwhile_is_no_choice_any_more(admin, alice, bob, admin_client, has_left):
    inbox = team_inbox(admin, alice)
    page = reverse("inboxes:add-members", args=[inbox.code])
    assert str(bob.code) in admin_client.get(page).content.decode()
    if has_left:
        User.objects.filter(pk=bob.pk).update(is_active=False)
    else:
        actions.add_members(inbox=inbox, people=[bob], by=admin)

    answer = admin_client.post(page, {"members": [str(bob.code)]})

    told = "Somebody you ticked is a member by now, or has left. Look at the list once more."
    assert (answer.status_code, answer.context["form"].errors["members"]) == (422, [told])
    assert str(bob.code) not in answer.content.decode()


def test_a_server_for_sending_that_is_forbidden_while_it_is_tried_is_refused(alice, alice_client, admin):
    inbox = connected_inbox(alice)
    Credential.objects.create(inbox=inbox, secret="secret")
    path = reverse("inboxes:sending", args=[inbox.code])
    question = alice_client.post(path, {"smtp_host": "127.0.0.1"})
    alice_client.post(question.url, {"password": PASSWORD})
    forbid = partial(
        actions.set_connection_policy, who="everyone", providers=["imap"], imap_hosts=["mail.ours.example"], by=admin
    )

    with demo_server({inbox.address: "secret"}) as server, just_before(LOCKED, forbid):
        where = {"smtp_host": "127.0.0.1", "smtp_port": server.smtp_port, "smtp_security": "none"}
        answer = alice_client.post(path, where | {"smtp_username": inbox.address})

    [refusal] = answer.context["form"].non_field_errors()
    assert (answer.status_code, "mail server" in refusal) == (422, True)
    assert not MailServer.objects.exists()
