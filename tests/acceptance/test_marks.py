"""Acceptance 4: the folders CRM/Private and CRM/Log, and keywords, driven by a plain IMAP client against a real server."""

import pytest

from contacts.models import TimelineEntry
from crm_project.bench import mailbox as generator
from inboxes.models import Folder, MarkedMail, Message, Sighting
from tests.acceptance.commands import connect, run, sync
from tests.factories.contacts import make_contact

pytestmark = [pytest.mark.django_db(transaction=True)]

SARAH = "sarah@meridian.example"
BY_LABEL, BY_RULE = "chosen_by_owner label", "known_contact_incoming preset_known"


def mail(number: int, sender: str) -> bytes:
    return (
        f"From: {sender}\r\nTo: {generator.OWNER}\r\nSubject: Mail {number}\r\nMessage-ID: <mail-{number}@x>\r\n"
        f"Date: Fri, 20 Nov 2026 09:00:0{number} +0000\r\n\r\nHello {number}\r\n"
    ).encode()


@pytest.fixture
def mailbox(mailbox, alice):
    """Two mails with a contact, one with a stranger; a folder tree as mail programs make it."""
    make_contact("Sarah Okafor", SARAH)
    for number, sender in enumerate((SARAH, SARAH, "stranger@elsewhere.example"), 1):
        mailbox.deliver(mail(number, sender))
    connect(mailbox, "--preset", "known", "--now")
    run("inbox", "marks", generator.OWNER, "--create-folders")
    return mailbox


@pytest.fixture
def client(mailbox):
    with mailbox.other_program() as client:
        yield client


@pytest.fixture
def flags(mailbox):
    """The flags of every message, as another program sees them."""

    def flags():
        with mailbox.other_program() as client:
            client.select("INBOX", readonly=True)
            lines = [line.decode() for line in client.fetch("1:*", "(UID FLAGS)")[1]]
            # The server's note that no program has opened the folder for writing yet.
            return [line.replace(" \\Recent", "").replace("\\Recent", "") for line in lines]

    return flags


def logged_after_one_sync():
    sync()
    rows = Sighting.objects.order_by("message__subject").values_list("message__subject", "reason", "rule")
    return [f"{subject}: {reason} {rule}" for subject, reason, rule in rows]


def uid_of(client, folder, number):
    client.select(folder, readonly=False)
    found = client.uid("SEARCH", None, f'HEADER MESSAGE-ID "<mail-{number}@x>"')[1][0].split()
    return found[-1].decode()


def move(client, number, folder, to):
    uid = uid_of(client, folder, number)
    assert client.uid("MOVE", uid, f'"{to}"')[0] == "OK"


def test_folders_log_and_hide_and_give_back_within_one_sync(mailbox, client):
    both = [f"Mail 1: {BY_RULE}", f"Mail 2: {BY_RULE}"]
    assert logged_after_one_sync() == both

    move(client, 3, "INBOX", "CRM/Log")
    assert logged_after_one_sync() == [*both, f"Mail 3: {BY_LABEL}"]
    move(client, 3, "CRM/Log", "INBOX")
    assert logged_after_one_sync() == both

    uid = uid_of(client, "INBOX", 1)
    client.uid("COPY", uid, '"CRM/Private"')
    assert logged_after_one_sync() == both[1:]
    assert TimelineEntry.objects.count() == Message.objects.count() == 1
    uid = uid_of(client, "CRM/Private", 1)
    client.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
    client.expunge()
    assert logged_after_one_sync() == both

    move(client, 2, "INBOX", "CRM/Private")
    assert logged_after_one_sync() == both[:1]
    move(client, 2, "CRM/Private", "INBOX")
    assert logged_after_one_sync() == both


def test_keywords_on_mails_that_stay_where_they_are_do_the_same(mailbox, client):
    uid = uid_of(client, "INBOX", 3)
    client.uid("STORE", uid, "+FLAGS", "(CRM/Log)")
    assert f"Mail 3: {BY_LABEL}" in logged_after_one_sync()
    client.uid("STORE", uid, "+FLAGS", "(crm_private)")
    assert not [row for row in logged_after_one_sync() if row.startswith("Mail 3")]
    client.uid("STORE", uid, "-FLAGS", "(crm_private)")
    assert f"Mail 3: {BY_LABEL}" in logged_after_one_sync()
    client.uid("STORE", uid, "-FLAGS", "(CRM/Log)")
    assert not [row for row in logged_after_one_sync() if row.startswith("Mail 3")]
    assert not MarkedMail.objects.exists()


def test_nothing_is_written_without_consent_and_only_the_label_with_it(mailbox, client, dovecot, flags):
    before, untouched = flags(), mailbox.fingerprint()
    dovecot.forget_commands()
    sync()
    assert mailbox.fingerprint() == untouched
    assert not [one for one in dovecot.commands() if one.startswith(("SELECT", "UID STORE", "STORE", "CREATE"))]

    run("inbox", "marks", generator.OWNER, "--label")
    sync()
    assert [line.replace(" CRM/Logged", "").replace("CRM/Logged", "") for line in flags()] == before
    assert ["CRM/Logged" in line for line in flags()] == [True, True, False]
    sync()
    dovecot.forget_commands()
    sync()
    commands = [command for command in dovecot.commands() if command != "LOGOUT"]  # nobody waits for that answer
    assert sorted(command.split(" ")[0] for command in commands) == ["ID", "LIST", *["STATUS"] * Folder.objects.count()]

    told = run("inbox", "marks", generator.OWNER, "--no-label")
    assert told["labelled"] == 2
    sync()
    assert flags() == before


def test_other_names_are_looked_for_and_the_old_ones_mean_nothing(mailbox, client):
    move(client, 3, "INBOX", "CRM/Log")
    assert f"Mail 3: {BY_LABEL}" in logged_after_one_sync()
    told = run("inbox", "marks", generator.OWNER, "--set-log", "共有/記録", "--create-folders")
    assert [mark["name"] for mark in told["marks"]] == ["共有/記録", "CRM/Private"]
    assert not [row for row in logged_after_one_sync() if row.startswith("Mail 3")]
    move(client, 3, "CRM/Log", "&UXFnCQ-/&ihiTMg-")
    assert f"Mail 3: {BY_LABEL}" in logged_after_one_sync()
