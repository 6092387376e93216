"""Trying servers out: every step by name, what is wrong, and nothing secret in what is shown."""

import dataclasses

import pytest

from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.causes import cause_of, servers
from inboxes.models import Security
from inboxes.trial import StepState, try_sending, try_servers
from tests.fakes.demo_server import DemoServer, demo_server
from tests.fakes.scripted_imap import Reply, ScriptedImap
from users.models import User

ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"


@pytest.fixture(scope="module")
def server():
    with demo_server({ADDRESS: PASSWORD}) as server:
        yield server


def details(server: DemoServer, **changes) -> ConnectionDetails:
    imap = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
    smtp = ServerLogin("127.0.0.1", server.smtp_port, Security.NONE, ADDRESS)
    return dataclasses.replace(ConnectionDetails(ADDRESS, imap, PASSWORD, smtp), **changes)


def states(trial) -> list[tuple[str, str]]:
    return [(str(step.step), str(step.state)) for step in trial.steps]


def test_every_step_that_works_is_named_and_no_connection_is_called_encrypted_that_is_not(server):
    trial = try_servers(details(server))

    assert states(trial) == [
        ("reach_server", "done"),
        ("tls", "left_out"),
        ("sign_in", "done"),
        ("find_folders", "done"),
        ("smtp_reach", "done"),
        ("smtp_tls", "left_out"),
        ("smtp_sign_in", "done"),
    ]
    assert (trial.can_read, trial.can_send, trial.folders, trial.failures) == (True, True, 2, [])


def test_a_wrong_password_is_the_failure_and_what_follows_is_not_tried(server):
    trial = try_servers(details(server, password="not this one"))

    [failure] = trial.failures
    assert (failure.step, failure.cause) == ("sign_in", "sign_in_refused")
    assert [state for _, state in states(trial)] == ["done", "left_out", "failed", *["not_tried"] * 4]
    assert (trial.can_read, trial.can_send) == (False, False)


def test_a_mailbox_that_can_be_read_is_fine_although_sending_fails(server):
    closed = ServerLogin("127.0.0.1", 1, Security.NONE, ADDRESS)

    trial = try_servers(details(server, smtp=closed))

    assert (trial.can_read, trial.can_send) == (True, False)
    assert [failure.cause for failure in trial.failures] == ["connection_refused"]


def test_without_a_server_for_sending_none_is_tried(server):
    trial = try_servers(details(server, smtp=None))

    assert [step for step, _ in states(trial)] == ["reach_server", "tls", "sign_in", "find_folders"]
    assert (trial.can_read, trial.can_send) == (True, False)


def test_sending_can_be_tried_alone(server):
    assert try_sending(details(server).smtp, PASSWORD).can_send
    assert not try_sending(details(server).smtp, "wrong").can_send


def test_private_hosts_are_refused_unless_the_operator_lists_them(server, settings):
    settings.MAIL_HOSTS_ALLOWED = []

    trial = try_servers(details(server))

    assert [failure.cause for failure in trial.failures] == ["host_refused"]


def test_encryption_is_a_step_where_it_is_asked_for(server):
    imap = ServerLogin("127.0.0.1", server.imap_port, Security.STARTTLS, ADDRESS)

    trial = try_servers(details(server, imap=imap))

    assert states(trial)[1] == ("tls", "failed")
    assert [failure.cause for failure in trial.failures] == ["tls_not_offered"]


def test_a_server_that_repeats_the_password_is_not_quoted():
    with ScriptedImap().running() as server:
        server.replies.append(Reply(b"LOGIN", status=f"NO [AUTHENTICATIONFAILED] {PASSWORD} is wrong".encode()))
        server.replies.append(Reply(b"AUTHENTICATE", status=f"NO [AUTHENTICATIONFAILED] {PASSWORD} is wrong".encode()))
        imap = ServerLogin("127.0.0.1", server.port, Security.NONE, ADDRESS)

        [failure] = try_servers(ConnectionDetails(ADDRESS, imap, PASSWORD)).failures

    assert (failure.state, failure.server_said) == (StepState.FAILED, "")


WHILE_TRYING = servers._REACHING | servers._ENCRYPTION | servers._SIGNING_IN | servers._PAUSES


@pytest.mark.parametrize("code", [*WHILE_TRYING, "no_folders", "unknown"])
def test_nobody_who_tries_servers_out_is_told_to_wait_for_us(code):
    fix = str(cause_of(code).fix_while_trying)
    assert [words for words in ("keep trying", "We try again", "do not need") if words in fix] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Check the port: 993 for IMAP and 465 or 587 for SMTP are usual. Then try again."),
        ("ja", "ポート番号を確認して、もう一度お試しください。"),
    ],
)
def test_the_wizard_says_what_to_do_now(alice, alice_client, language, words):
    User.objects.filter(pk=alice.pk).update(language=language)
    alice_client.post("/inboxes/connect/", {"address": "alice@gmail.com"})
    servers = {"imap_host": "127.0.0.1", "imap_port": "1", "imap_security": "none"}

    page = alice_client.post("/inboxes/connect/server/", {"username": "alice", "password": PASSWORD, **servers})

    assert words in page.content.decode()
    assert ("keep trying" in page.content.decode(), "再試行します" in page.content.decode()) == (False, False)
