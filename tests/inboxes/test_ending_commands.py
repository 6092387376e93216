"""`inbox disable`, `enable` and `remove`, as an operator scripts them."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from inboxes.models import Credential, Inbox, InboxKind, Message
from tests.factories.contacts import log_mail, make_contact, make_inbox
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments):
    out = io.StringIO()
    call_command("inbox", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def refusal(*arguments):
    with pytest.raises(CommandError) as error:
        call_command("inbox", *arguments, stdout=io.StringIO())
    return str(error.value)


def test_an_inbox_is_disabled_and_then_removed_with_what_it_logged(alice):
    mail = log_mail(make_contact("Sarah", "sarah@meridian.example"), owner=alice)
    inbox = make_inbox(alice)
    Credential.objects.create(inbox=inbox, secret="secret")
    assert "not possible" in refusal("remove", inbox.address)
    assert run("disable", inbox.address) == {"address": inbox.address, "status": "disabled"}
    held = run("remove", inbox.address, "--dry-run")
    assert held == {"mails": 1, "contacts": 1, "shared": 0, "erasable": 1, "made": 0, "unplaced": 0}
    assert Message.objects.get() == mail

    told = run("remove", inbox.address, "--erase")

    assert (told["erased"], told["kept"], Message.objects.count(), Inbox.objects.count()) == (1, 0, 0, 0)
    assert told["revocations"] == [{"place": "server", "account": inbox.address, "state": "not_offered"}]
    assert "No inbox" in refusal("status", inbox.address)


def test_what_cannot_be_opened_any_more_is_not_enabled(alice):
    inbox = connected_inbox(alice, status="disabled")
    assert "Reconnect" in refusal("enable", inbox.address)
    assert Inbox.objects.get().status == "disabled"


def test_a_team_inbox_is_deleted_by_somebody_with_account_access(alice, bob, admin):
    inbox = connected_inbox(alice, "support@ours.example", kind=InboxKind.TEAM)
    assert refusal("remove", inbox.address, "--by", bob.email)
    assert run("remove", inbox.address, "--by", admin.email)["kept"] == 0
    assert not Inbox.objects.exists()
