"""Trying out settings: each step named, the first failure with its cause, no mail sent, no folder opened."""

import os
import ssl
import threading
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from crm_project.runner.ports import free_port, reserve
from inboxes.providers.checks import Step, check_imap, check_smtp
from inboxes.providers.imap import ImapSettings
from inboxes.providers.network import Security
from inboxes.providers.smtp import SmtpSettings
from tests.fakes.certificates import LocalAuthority
from tests.fakes.scripted_imap import Reply, ScriptedImap


def outcome(results):
    return [(result.step, result.ok, result.cause) for result in results]


IMAP_STEPS = [Step.REACH_SERVER, Step.TLS, Step.SIGN_IN, Step.FIND_FOLDERS]
SMTP_STEPS = [Step.SMTP_REACH, Step.SMTP_TLS, Step.SMTP_SIGN_IN]


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_good_imap_settings_pass_every_step_and_bring_the_folders(dovecot, mailbox, security):
    results = list(check_imap(dovecot.settings(mailbox.user, security=security)))
    assert outcome(results) == [(step, True, "") for step in IMAP_STEPS]
    assert [folder.name for folder in results[-1].folders] == ["INBOX", "Sent"]
    assert [command for command in dovecot.commands() if command.startswith(("EXAMINE", "SELECT", "UID"))] == []


def failing(settings: ImapSettings):
    *passed, last = list(check_imap(settings))
    assert all(result.ok for result in passed)
    return last.step, last.cause


def test_each_wrong_imap_setting_fails_at_its_own_step(dovecot, mailbox, monkeypatch):
    good = mailbox.settings
    assert failing(replace(good, host="nowhere.invalid")) == (Step.REACH_SERVER, "host_not_found")
    assert failing(replace(good, allowed_hosts=())) == (Step.REACH_SERVER, "host_refused")
    assert failing(replace(good, port=dovecot.port)) == (Step.TLS, "tls_not_offered")
    assert failing(replace(good, host="127.0.0.2", allowed_hosts=("127.0.0.0/8",))) == (
        Step.REACH_SERVER,
        "connection_refused",
    )
    assert failing(replace(good, password="wrong")) == (Step.SIGN_IN, "sign_in_refused")
    assert failing(replace(good, username="nobody")) == (Step.SIGN_IN, "sign_in_refused")
    monkeypatch.delenv("SSL_CERT_FILE")
    assert failing(good) == (Step.TLS, "certificate_untrusted")


def test_authorities_that_are_replaced_on_disk_count_from_the_next_connection_on(
    mailbox, authority, tmp_path, monkeypatch
):
    trusted = LocalAuthority(tmp_path).ca_file
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    assert failing(mailbox.settings) == (Step.TLS, "certificate_untrusted")
    trusted.write_bytes(authority.ca_file.read_bytes())
    os.utime(trusted, (1, 1))  # another time than before, however coarse the clock of the disk is
    assert outcome(list(check_imap(mailbox.settings))) == [(step, True, "") for step in IMAP_STEPS]


def test_a_mailbox_that_shows_no_folder_is_said_so():
    with ScriptedImap(folders=b"").running() as server:
        assert failing(server.settings()) == (Step.FIND_FOLDERS, "no_folders")


def test_the_servers_words_are_there_for_the_person_who_is_connecting():
    with ScriptedImap(
        replies=[Reply(b"LOGIN", status=b"NO [ALERT] Application-specific password required")]
    ).running() as server:
        *_, last = check_imap(server.settings())
    assert (last.cause, last.detail) == ("app_password_needed", "NO [ALERT] Application-specific password required")


def test_steps_come_as_they_are_done():
    with ScriptedImap().running() as server:
        results = check_imap(server.settings())
        assert next(results).step is Step.REACH_SERVER
        assert server.sent(b"LOGIN") == []
        results.close()


class Mailroom:
    """Refuses to take mail: these checks must not send any."""

    def __init__(self) -> None:
        self.commands: list[str] = []

    async def handle_MAIL(self, *args):
        self.commands.append("MAIL")
        return "550 no"


def _signs_in(server, session, envelope, mechanism, data):
    good = (data.login.decode(), data.password.decode()) in {("haruka@crm.example", "geheim"), ("haruka", "pässwörd見")}
    return AuthResult(success=good, handled=False)


@pytest.fixture
def smtp_server(trusted_authority):
    """A submission server with STARTTLS; its TLS context is made from the tests' authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*trusted_authority.issue("localhost"))
    room = Mailroom()
    before = set(threading.enumerate())
    with reserve(free_port()) as reserved:
        controller = Controller(
            room, hostname="127.0.0.1", port=reserved.getsockname()[1], tls_context=context, require_starttls=True,
            authenticator=_signs_in, auth_required=True, ready_timeout=60,
        )  # fmt: skip
        controller.start()
        yield controller
        controller.stop()
    assert room.commands == []
    assert set(threading.enumerate()) <= before


def submission(controller, **changes) -> SmtpSettings:
    settings = SmtpSettings(
        host="localhost", port=controller.port, security=Security.STARTTLS, username="haruka@crm.example",
        password="geheim", allowed_hosts=("localhost",),
    )  # fmt: skip
    return replace(settings, **changes)


def test_good_smtp_settings_pass_every_step_without_sending(smtp_server):
    assert outcome(check_smtp(submission(smtp_server))) == [(step, True, "") for step in SMTP_STEPS]


def test_a_password_that_is_not_ascii_signs_in_to_smtp(smtp_server):
    assert outcome(check_smtp(submission(smtp_server, username="haruka", password="pässwörd見")))[-1][1]


@pytest.mark.parametrize(
    ("changes", "step", "cause"),
    [
        ({"password": "wrong"}, Step.SMTP_SIGN_IN, "sign_in_refused"),
        ({"password": "a\r\nb"}, Step.SMTP_SIGN_IN, "argument_refused"),
        ({"security": Security.TLS}, Step.SMTP_TLS, "tls_not_offered"),
        ({"security": Security.NONE}, Step.SMTP_SIGN_IN, "sign_in_not_offered"),
        ({"allowed_hosts": ()}, Step.SMTP_REACH, "host_refused"),
        ({"port": 1}, Step.SMTP_REACH, "connection_refused"),
    ],
)
def test_each_wrong_smtp_setting_fails_at_its_own_step(smtp_server, changes, step, cause):
    *passed, last = outcome(check_smtp(submission(smtp_server, **changes)))
    assert last == (step, False, cause)
    assert all(ok for _, ok, _ in passed)


def test_a_server_that_is_no_smtp_server_is_temporary_trouble():
    with ScriptedImap().running() as server:
        settings = SmtpSettings(
            "localhost", "a", port=server.port, security=Security.NONE, password="b", allowed_hosts=("localhost",)
        )
        (result,) = check_smtp(settings)
        assert (result.step, result.ok) == (Step.SMTP_REACH, False)
