"""From `inbox connect-imap` to timelines, against a real IMAP server: logged is exactly what should be logged."""

import io
import json

import pytest
from django.core.management import call_command

from contacts.models import TimelineEntry
from inboxes.models import LedgerEntry, Message
from tests.factories.contacts import make_contact
from tests.factories.users import UserFactory
from tests.fakes import mailbox as generator
from users.models import WorkspaceDomain

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
PASSWORD = "correct horse"


def run(*arguments: str, stdin: str = ""):
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out, stdin=io.StringIO(stdin))
    return json.loads(out.getvalue())


def connect(mailbox, preset: str):
    settings = mailbox.settings
    return run(
        "inbox", "connect-imap", generator.OWNER, "--owner", "alice@genkan.example", "--host", settings.host,
        "--port", str(settings.port), "--username", settings.username, "--preset", preset, "--now",
        stdin=PASSWORD + "\n",
    )  # fmt: skip


@pytest.fixture
def workspace(alice):
    UserFactory(email="bob@ours.example")
    WorkspaceDomain.objects.create(domain="ours.example")
    for number, email in enumerate(generator.CONTACTS):
        make_contact(f"Person {number}", email)


@pytest.fixture
def mails(mailbox):
    mails = list(generator.generate(500))
    for mail in mails:
        mailbox.deliver(mail.raw, mail.folder, received_at=mail.received_at)
    return mails


def timelines():
    rows = TimelineEntry.objects.values_list("message__message_id", "contact__addresses__email")
    assert len(rows) == len(set(rows))
    return set(rows)


@pytest.mark.parametrize("preset", ["manual", "replies", "known"])
def test_exactly_the_expected_mail_is_logged(workspace, mailbox, mails, dovecot, preset):
    before = mailbox.fingerprint()
    expected = {(mail.message_id, mail.contact) for mail in mails if preset in mail.logged_by}
    assert expected

    connect(mailbox, preset)

    assert timelines() == expected
    assert set(Message.objects.values_list("message_id", flat=True)) == {message_id for message_id, _ in expected}
    status = run("inbox", "status", generator.OWNER)
    assert (status["status"], status["logged"], status["on_server"]) == ("active", len(expected), len(mails))
    assert (status["retrying"], status["quarantined"], status["completeness"]) == (0, 0, 1.0)
    assert sum(status["counts"].values()) == len(mails)
    assert mailbox.fingerprint() == before
    _assert_bodies_fetched(dovecot, len(expected))

    dovecot.forget_commands()
    assert run("inbox", "sync", generator.OWNER)["counts"] == {}
    assert [command.split()[0] for command in dovecot.commands()].count("STATUS") == 3


def _assert_bodies_fetched(dovecot, count: int) -> None:
    """No body of any other mail was asked for, nothing was changed, and only UIDs were used."""
    commands = dovecot.commands()
    assert not [command for command in commands if command.startswith(("SELECT", "UID STORE", "STORE", "FETCH"))]
    assert sum(map(_size, (command for command in commands if "BODY.PEEK[]" in command))) == count


def _size(command: str) -> int:
    spans = [part.partition(":") for part in command.split()[2].split(",")]
    return sum(int(high or low) - int(low) + 1 for low, _, high in spans)


def test_ten_new_mails_cost_one_short_sync(workspace, mailbox, mails):
    connect(mailbox, "known")
    more = list(generator.generate(510))[500:]
    for mail in more:
        mailbox.deliver(mail.raw, mail.folder, received_at=mail.received_at)

    counts = run("inbox", "sync", generator.OWNER)["counts"]

    assert sum(counts.values()) == 10
    assert {mail.message_id for mail in more if mail.logged_by} <= set(
        Message.objects.values_list("message_id", flat=True)
    )


def test_renumbered_folders_are_matched_without_fetching_a_body_again(workspace, mailbox, mails, dovecot):
    connect(mailbox, "known")
    before = timelines()
    for change in (+10, -5):
        mailbox.set_uidvalidity("INBOX", change)
        dovecot.forget_commands()
        run("inbox", "sync", generator.OWNER)
        assert timelines() == before
        assert not [command for command in dovecot.commands() if "BODY.PEEK[]" in command]
        assert LedgerEntry.objects.filter(state="logged").count() == Message.objects.count()


def test_a_wrong_password_connects_nothing_and_says_what_to_do(workspace, mailbox, capsys):
    from django.core.management.base import CommandError

    from inboxes.models import Inbox

    settings = mailbox.settings
    with pytest.raises(CommandError, match="sign_in: "):
        run(
            "inbox", "connect-imap", generator.OWNER, "--owner", "alice@genkan.example", "--host", settings.host,
            "--port", str(settings.port), "--username", settings.username, stdin="wrong\n",
        )  # fmt: skip
    assert not Inbox.objects.exists()
