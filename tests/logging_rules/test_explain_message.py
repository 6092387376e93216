"""“Why not?”: a message of the owner's mailbox, looked up live, with the decision of today and what is stored."""

from datetime import UTC, datetime

import pytest

from inboxes.models import Folder, LedgerEntry, LedgerState
from inboxes.providers.memory import MemoryMailbox
from logging_rules.engine import Code
from logging_rules.explain import explain_message
from logging_rules.facts import Preset
from logging_rules.models import InboxPolicy
from tests.factories.contacts import make_contact, make_inbox

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def raw(from_: str, subject: str = "Revised quote", message_id: str = "one@x.example") -> bytes:
    return (
        f"From: {from_}\r\nTo: alice@mail.example\r\nSubject: {subject}\r\n"
        f"Date: Mon, 2 Mar 2026 11:00:00 +0000\r\nMessage-ID: <{message_id}>\r\n\r\nText\r\n"
    ).encode()


@pytest.fixture
def inbox(alice):
    inbox = make_inbox(alice, "alice@mail.example")
    InboxPolicy.objects.create(inbox=inbox, preset=Preset.REPLIES)
    return inbox


@pytest.fixture
def mailbox():
    return MemoryMailbox(now=NOW)


def test_a_message_that_was_not_logged_says_why_not(inbox, mailbox):
    make_contact("Sarah Okafor", "sarah@meridian.example")
    mailbox.deliver(raw("sarah@meridian.example"))

    (found,) = explain_message(inbox, "<one@x.example>", mailbox.open())

    assert (found.folder, found.decision.code, found.stored) == ("INBOX", Code.PRESET_TOO_NARROW, "")
    assert (found.reason.because, found.reason.setting) == (
        "This e-mail is with Sarah Okafor (sarah@meridian.example), a contact, but the inbox logs less than that.",
        "The inbox alice@mail.example logs replies and conversations already logged.",
    )


def test_a_message_in_two_folders_is_explained_in_each(inbox, mailbox):
    mailbox.create_folder("CRM/Log")
    first = mailbox.deliver(raw("sarah@meridian.example"))
    mailbox.deliver(raw("sarah@meridian.example"), "CRM/Log")
    folder = Folder.objects.create(inbox=inbox, remote_id="INBOX", name="INBOX", role="inbox")
    LedgerEntry.objects.create(
        inbox=inbox, folder=folder, remote_id=first, state=LedgerState.QUARANTINED, code="", cause="could_not_store"
    )

    found = explain_message(inbox, "one@x.example", mailbox.open())

    assert [(each.folder, each.decision.code, each.stored, each.stored_cause) for each in found] == [
        ("INBOX", Code.NO_KNOWN_CONTACT, "quarantined", "could_not_store"),
        ("CRM/Log", Code.CHOSEN_BY_OWNER, "", ""),
    ]


def test_only_the_message_with_exactly_this_id_is_meant(inbox, mailbox):
    mailbox.deliver(raw("a@x.example", message_id="one@x.example.evil"))
    mailbox.deliver(raw("a@x.example", subject="About <two@x.example>", message_id="three@x.example"))

    assert explain_message(inbox, "<one@x.example>", mailbox.open()) == []
    assert explain_message(inbox, "<two@x.example>", mailbox.open()) == []


def test_explaining_reads_no_body_and_keeps_nothing(inbox, mailbox):
    mailbox.deliver(raw("sarah@meridian.example"))

    explain_message(inbox, "<one@x.example>", mailbox.open())

    assert mailbox.body_bytes == {}
    assert not LedgerEntry.objects.exists()
