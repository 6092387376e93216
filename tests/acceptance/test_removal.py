"""An inbox is disabled and removed on its pages: what is left of its access, its lease and its mail, here and at Google."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from contacts.actions import ContactDetails, create_contact
from crm_project.bench import mailbox as generator
from crm_project.demo.google import answers
from inboxes import files
from inboxes.models import Credential, Folder, Inbox, LedgerEntry, Message, Revocation, Sighting, WithdrawnGrant
from inboxes.oauth.grants import Grant
from inboxes.sync.lease import take_lease
from inboxes.tasks import give_back_grants
from logging_rules.tasks import clear_removed
from tests.acceptance.api_mailboxes import GmailMailbox
from tests.acceptance.commands import run
from tests.acceptance.kept import everything_kept
from tests.acceptance.test_no_token_leaks import compose, places_of
from tests.people import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

SARAH = "sarah@meridian.example"
LOGGED, SHARED = "zqerased", "zqshared"


@pytest.fixture
def mailbox(settings, google):
    mailbox = GmailMailbox(settings, google)
    for number in range(5):
        mailbox.deliver(compose(f"{LOGGED}{number}", SARAH, "Hello", ""))
    mailbox.deliver(compose(SHARED, SARAH, "Hello", ""))
    return mailbox


@pytest.fixture
def inbox(mailbox, alice):
    """All of its mail is logged."""
    create_contact(by=alice, details=ContactDetails(name="Sarah", emails=[SARAH]))
    inbox = mailbox.connect(alice)
    assert run("inbox", "sync", generator.OWNER)["counts"] == {"known_contact_incoming": 6}
    return inbox


@pytest.fixture
def owner(alice):
    return signed_in(alice)


def remove(owner, inbox, logged):
    """As the owner does it: Disable, Remove. Returns what the page says that follows."""
    disabled = owner.post(reverse("inboxes:disable", args=[inbox.code]))
    assert disabled.status_code == 302
    answer = owner.post(reverse("inboxes:remove", args=[inbox.code]), {"logged": logged})
    assert answer.headers["Location"] == reverse("inboxes:removed", args=[inbox.code])
    return page(owner, inbox)


def clear(inbox):
    """As the worker does it, slice by slice."""
    while Inbox.with_removed.get(pk=inbox.pk).removal.finished_at is None:
        clear_removed(inbox_id=inbox.pk)


def page(owner, inbox):
    return owner.get(reverse("inboxes:removed", args=[inbox.code])).content.decode()


def is_alive(google):
    return any(not token.is_dead for token in google.grants.refresh_tokens.values())


def tokens():
    grant = Grant.from_secret(Credential.objects.get().secret)
    return {grant.access_token, grant.refresh_token}


def test_with_erase_nothing_of_its_mail_is_anywhere_and_google_has_ended_the_access(
    inbox, owner, bob, google, time_machine, settings
):
    theirs = Inbox.objects.create(owner=bob, connected_by=bob, address="bob@ours.example", status="paused")
    shared = Message.objects.get(subject__contains=SHARED)
    Sighting.objects.create(message=shared, inbox=theirs, reason="known_contact_incoming", decided_at=timezone.now())
    before = everything_kept()
    found = places_of(LOGGED, before)
    assert {"inboxes_message", "inboxes_attachment", "inboxes_threadreference", "contacts_mailindex"} <= found
    assert len([place for place in found if "/mail/" in place]) == 5
    gone = tokens()
    time_machine.move_to(timezone.now() + timedelta(hours=1))  # fresh files are left to the sweep

    said = remove(owner, inbox, "erase")
    assert "Being given back" in said
    assert "0 of 6 e-mails" in said
    assert take_lease(inbox.pk, worker="late") is None
    assert not Credential.objects.exists()
    clear(inbox)
    give_back_grants()
    files.sweep(now=timezone.now())

    kept = everything_kept()
    assert places_of(LOGGED, kept) == set()
    assert places_of(SHARED, kept) >= {"inboxes_message", "contacts_mailindex"}
    assert [model for model in (Credential, WithdrawnGrant, LedgerEntry, Folder) if model.objects.exists()] == []
    assert {token for token in gone for content in kept.values() if token.encode() in content} == set()
    assert not is_alive(google)
    said = page(owner, inbox)
    assert "has confirmed that the access is gone" in said
    assert "5 e-mails were erased" in said
    Inbox.objects.filter(pk=theirs.pk).delete()  # has no mailbox to compare with
    assert run("privacy", "verify")["clean"]


def test_a_failed_revocation_is_said_tried_again_and_blocks_nothing(inbox, mailbox, owner, alice, google, time_machine):
    google.faults.next("revoke", answers.html_error(503))
    remove(owner, inbox, "keep")
    give_back_grants()
    clear(inbox)

    said = page(owner, inbox)
    assert "Not given back yet" in said
    assert "See all connections" in said
    assert "6 e-mails stay" in said
    assert (Revocation.objects.get().state, is_alive(google)) == ("trying", True)
    assert "Access is being given back" in owner.get(reverse("inboxes:removed-list")).content.decode()
    assert not Credential.objects.exists()

    time_machine.move_to(timezone.now() + timedelta(hours=2))
    give_back_grants()
    assert "has confirmed that the access is gone" in page(owner, inbox)
    assert (WithdrawnGrant.objects.count(), is_alive(google)) == (0, False)
    assert "was given back" in owner.get(reverse("notifications:notification-list")).content.decode()

    # The same person connects it again: what was kept is recognised.
    messages = Message.objects.count()
    mailbox.connect(alice)
    assert run("inbox", "sync", generator.OWNER)["counts"] == {"reply_to_logged": 6}
    assert Message.objects.count() == messages == 6
