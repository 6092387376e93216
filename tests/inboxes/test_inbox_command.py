"""`manage.py inbox`: what an operator sees and scripts. Connecting and syncing are lived through in tests/acceptance."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Credential, Inbox, ProviderHealth, ProviderKind, Security
from inboxes.pace import MailboxPace
from logging_rules.actions import set_inbox_policy
from logging_rules.facts import Preset
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, STRANGER, connected_inbox, mail_bytes

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments):
    out = io.StringIO()
    call_command("inbox", *arguments, stdout=out, stdin=io.StringIO())
    return out.getvalue()


@pytest.fixture
def synced(alice, mailbox):
    make_contact("Sarah Okafor", SARAH)
    settings = mailbox.settings
    login = ServerLogin(settings.host, settings.port, Security.TLS, settings.username)
    inbox = actions.connect_imap_inbox(
        details=ConnectionDetails(ALICE, login, settings.password), history_since=None, by=alice
    )
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    actions.start(inbox=inbox, by=alice)
    mailbox.deliver(mail_bytes(SARAH, message_id="<logged@m>"))
    mailbox.deliver(mail_bytes(STRANGER, message_id="<skipped@m>"))
    run("sync", ALICE)
    return inbox


def test_status_counts_every_decision(synced):
    status = json.loads(run("status", ALICE, "--json"))
    assert status["counts"] == {"known_contact_incoming": 1, "no_known_contact": 1}
    assert (status["status"], status["logged"], status["skipped"], status["completeness"]) == ("active", 1, 1, 1.0)
    assert "complete 100.0%" in run("status", ALICE)


def test_explain_says_what_became_of_a_message_and_why(synced):
    (logged,) = json.loads(run("explain", ALICE, "logged@m", "--json"))
    assert (logged["log"], logged["stored"], logged["stored_code"]) == (True, "logged", "known_contact_incoming")
    assert logged["code"] == "known_contact_incoming", "not a reply to itself"
    (skipped,) = json.loads(run("explain", ALICE, "<skipped@m>", "--json"))
    assert (skipped["log"], skipped["code"], skipped["stored"]) == (False, "no_known_contact", "")
    assert skipped["because"]
    with pytest.raises(CommandError, match="does not hold a message"):
        run("explain", ALICE, "<nowhere@m>")


def test_list_shows_all_inboxes_and_their_trouble(alice, bob):
    connected_inbox(bob, "bob@ours.example", status="degraded", cause="timed_out")
    connected_inbox(alice)
    assert run("list").splitlines() == [f"{ALICE}  active", "bob@ours.example  degraded  timed_out"]
    listed = json.loads(run("list", "--json"))
    assert [inbox["owner"] for inbox in listed] == [alice.email, bob.email]


@pytest.mark.parametrize("arguments", [("status", "nobody@ours.example"), ("sync", "nobody@ours.example")])
def test_an_unknown_inbox_is_named(db, arguments):
    with pytest.raises(CommandError, match=r"No inbox nobody@ours\.example is connected"):
        run(*arguments)


def test_an_inbox_that_is_not_syncing_says_why_it_cannot_be_synced(alice):
    connected_inbox(alice, status="paused")
    with pytest.raises(CommandError, match="its status is paused"):
        run("sync", ALICE)


def test_a_sync_that_fails_ends_with_the_cause_and_what_to_do(synced, dovecot):
    dovecot.stop()
    try:
        with pytest.raises(CommandError, match="does not accept connections"):
            run("sync", ALICE)
    finally:
        dovecot.start()
    assert Inbox.objects.get().status == "degraded"


def test_status_says_what_keeps_us_from_asking_for_more(alice):
    inbox = connected_inbox(alice, "far@ours.example", provider="gmail", no_calls_until=NOW)
    Credential.objects.create(inbox=inbox, kind="google", secret="{}")
    ProviderHealth.objects.create(kind="google", cause="client_secret_refused", since=NOW, until=NOW)
    MailboxPace(ProviderKind.GMAIL, inbox.pk).spend(500)

    status = json.loads(run("status", "far@ours.example", "--json"))

    assert (status["provider"], status["no_calls_until"]) == ("gmail", "2026-03-02T12:00:00Z")
    assert status["provider_trouble"] == {
        "cause": "client_secret_refused", "since": "2026-03-02T12:00:00Z", "until": "2026-03-02T12:00:00Z",
    }  # fmt: skip
    mailbox, past, *_ = status["pace"]
    assert mailbox == {"bucket": f"pace:gmail:{inbox.pk}", "units": 1_000, "size": 1_500, "per_minute": 4_500}
    assert past == {"bucket": f"pace:gmail:{inbox.pk}:past", "units": 1_500, "size": 1_500, "per_minute": 3_000}


def test_a_mail_server_counts_nothing(synced):
    status = json.loads(run("status", ALICE, "--json"))
    assert (status["no_calls_until"], status["provider_trouble"], status["pace"]) == (None, None, [])


@pytest.mark.parametrize(
    "arguments",
    [
        ("funnel", ALICE, "--days", "1000000"),
        ("funnel", ALICE, "--days", "-3"),
        ("outages", ALICE, "--latest", "-1"),
        ("dry-run", ALICE, "--days", "9" * 20),
        ("connect-imap", ALICE, "--owner", ALICE, "--host", "127.0.0.1", "--since", "1000000"),
        ("connect-imap", ALICE, "--owner", ALICE, "--host", "127.0.0.1", "--port", "70000"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused_with_what_would(alice, arguments):
    with pytest.raises(CommandError, match=f"{arguments[-1]} is not a whole number from"):
        run(*arguments)
