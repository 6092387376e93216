"""Getting in: which hosts are refused, what encryption must prove, how the password travels, what is said on the way."""

import base64
import ipaddress
import logging
import socket
import time

import pytest

from inboxes.providers import network
from inboxes.providers.base import (
    Misconfigured,
    PermissionMissing,
    ProviderError,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.imap import ImapSettings
from inboxes.providers.imap.connection import ImapConnection
from inboxes.providers.network import Security
from tests.fakes.access_tokens import GivenTokens
from tests.fakes.scripted_imap import Reply, ScriptedImap


def refusal(settings: ImapSettings) -> ProviderError:
    with pytest.raises(ProviderError) as refused:
        ImapConnection.open(settings)
    return refused.value


@pytest.fixture
def server():
    with ScriptedImap().running() as running:
        yield running


@pytest.fixture
def tls_server(trusted_authority):
    with ScriptedImap(certificate=trusted_authority.issue("localhost"), implicit_tls=True).running() as running:
        yield running


@pytest.fixture
def starttls_server(trusted_authority):
    with ScriptedImap(certificate=trusted_authority.issue("localhost")).running() as running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  # refused, not bound to
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::10.0.0.1",
    ],
)
def test_private_addresses_are_refused_before_a_packet_is_sent(host):
    assert refusal(ImapSettings(host=host, username="a", password="b")).cause == "host_refused"


@pytest.mark.parametrize("allowed", ["localhost", "LOCALHOST.", "127.0.0.1", "127.0.0.0/8"])
def test_listed_names_and_networks_are_let_through(server, allowed):
    connection = ImapConnection.open(server.settings(allowed_hosts=(allowed,)))
    connection.log_out()
    assert server.sent(b"LOGIN") == [b'LOGIN "haruka@crm.example" "geheim"']


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to(server, monkeypatch):
    answers = [[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers.pop())
    ImapConnection.open(server.settings(host="mail.crm.example", allowed_hosts=("127.0.0.1",))).log_out()
    assert answers == []


def test_of_several_addresses_only_the_public_or_listed_ones_are_tried(server, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, server.port)) for host in ("10.0.0.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
    ImapConnection.open(server.settings(host="mail.crm.example", allowed_hosts=("127.0.0.0/8",))).log_out()


@pytest.mark.parametrize("host", ["", " ", "a b", "a/b", "a\r\nb", "http://x", "x" * 300, "ü" * 80])
def test_what_is_no_host_name_is_said_so(host):
    assert refusal(ImapSettings(host=host, username="a", password="b")).cause == "host_invalid"


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_an_impossible_port_is_said_so(port):
    assert refusal(ImapSettings(host="mail.crm.example", port=port, username="a")).cause == "host_invalid"


def test_public_addresses_are_public():
    assert network.is_public(ipaddress.ip_address("93.184.215.14"))
    assert network.is_public(ipaddress.ip_address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"))
    assert network.is_public(ipaddress.ip_address("64:ff9b::5db8:d70e"))


def test_a_password_is_never_sent_in_the_clear_to_a_host_on_the_internet(server, monkeypatch):
    public = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 143))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: public)
    assert refusal(server.settings(host="mail.crm.example", allowed_hosts=())).cause == "encryption_required"


def test_a_port_nobody_listens_on_is_named(server):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found = refusal(server.settings(port=probe.getsockname()[1]))
    assert (type(found), found.cause) == (TemporarilyUnavailable, "connection_refused")


def test_tls_with_the_right_certificate_signs_in(tls_server):
    connection = ImapConnection.open(tls_server.settings(security=Security.TLS))
    assert "UNSELECT" in connection.capabilities
    connection.log_out()


def test_starttls_signs_in_only_after_encryption(starttls_server):
    ImapConnection.open(starttls_server.settings(security=Security.STARTTLS)).log_out()
    commands = [command.split(b" ")[0] for command in starttls_server.commands]
    assert commands.index(b"STARTTLS") < commands.index(b"LOGIN")


@pytest.mark.parametrize(
    ("names", "days", "cause"),
    [(("localhost",), -3, "certificate_expired"), (("mail.other.example",), 30, "certificate_name_mismatch")],
)
def test_a_wrong_certificate_is_named_and_gets_no_password(trusted_authority, names, days, cause):
    certificate = trusted_authority.issue(*names, days=days)
    with ScriptedImap(certificate=certificate, implicit_tls=True).running() as server:
        found = refusal(server.settings(security=Security.TLS))
        assert (type(found), found.cause, server.commands) == (Misconfigured, cause, [])


def test_an_unknown_authority_is_not_trusted(authority):
    with ScriptedImap(certificate=authority.issue("localhost"), implicit_tls=True).running() as server:
        assert refusal(server.settings(security=Security.TLS)).cause == "certificate_untrusted"


def test_tls_against_a_plain_port_says_that_it_is_not_offered(server):
    assert refusal(server.settings(security=Security.TLS)).cause == "tls_not_offered"


def test_a_server_that_hides_starttls_gets_no_password(starttls_server):
    starttls_server.capabilities_before = b"IMAP4rev1 AUTH=PLAIN"
    assert refusal(starttls_server.settings(security=Security.STARTTLS)).cause == "tls_not_offered"
    assert starttls_server.sent(b"LOGIN") == []


def test_a_greeting_that_claims_to_be_signed_in_does_not_avoid_encryption(starttls_server):
    starttls_server.greeting = b"* PREAUTH welcome"
    refusal(starttls_server.settings(security=Security.STARTTLS))
    assert [command for command in starttls_server.commands if command != b"CAPABILITY"] == []


def test_bytes_slipped_in_before_encryption_end_the_connection(starttls_server):
    starttls_server.replies.append(Reply(b"STARTTLS", status=b"OK go\r\n* CAPABILITY IMAP4rev1 EVIL"))
    assert isinstance(refusal(starttls_server.settings(security=Security.STARTTLS)), TemporarilyUnavailable)
    assert starttls_server.sent(b"LOGIN") == []


def test_a_password_that_is_not_ascii_travels_by_sasl_plain(server):
    ImapConnection.open(server.settings(password="pässwörd見")).log_out()
    sent = server.commands[1]
    assert base64.b64decode(sent.split(b"\r\n")[-1]) == "\0haruka@crm.example\0pässwörd見".encode()
    assert server.sent(b"LOGIN") == []


def test_quotes_and_backslashes_cannot_break_out_of_the_arguments(server):
    ImapConnection.open(server.settings(username='a" b\\', password='"x\\')).log_out()
    assert server.sent(b"LOGIN") == [b'LOGIN "a\\" b\\\\" "\\"x\\\\"']


@pytest.mark.parametrize("secret", ["a\r\nb", "a\nb", "a\0b"])
@pytest.mark.parametrize("name", ["username", "password"])
def test_line_ends_in_what_signs_in_are_refused(server, name, secret):
    assert refusal(server.settings(**{name: secret})).cause == "argument_refused"
    assert [command for command in server.commands if b"a" in command] == []


def test_where_login_is_disabled_plain_is_used_if_offered_and_else_said_so(server):
    server.capabilities_before = b"IMAP4rev1 LOGINDISABLED AUTH=PLAIN"
    ImapConnection.open(server.settings()).log_out()
    assert server.sent(b"LOGIN") == []
    server.capabilities_before = b"IMAP4rev1 LOGINDISABLED AUTH=XOAUTH2"
    assert refusal(server.settings()).cause == "password_sign_in_off"


def tokens(*given: str) -> GivenTokens:
    waiting = iter(given)
    return GivenTokens(lambda: next(waiting))


def shown(server: ScriptedImap, words: bytes) -> list[bytes]:
    """What clients said after the name of the mechanism."""
    return [base64.b64decode(command.split(b"\r\n")[1]) for command in server.sent(words)]


def refusing(status: bytes) -> Reply:
    challenge = base64.b64encode(b'{"status":"%b","schemes":"Bearer","scope":"https://mail.google.com/"}' % status)
    return Reply(b"AUTHENTICATE", challenge=challenge, status=b"NO [AUTHENTICATIONFAILED] Invalid credentials")


def test_a_token_signs_in_by_xoauth2(server):
    server.capabilities_before = b"IMAP4rev1 AUTH=OAUTHBEARER AUTH=XOAUTH2"
    ImapConnection.open(server.settings(token=tokens("tok"), password="")).log_out()
    assert shown(server, b"AUTHENTICATE XOAUTH2") == [b"user=haruka@crm.example\1auth=Bearer tok\1\1"]


def test_a_token_signs_in_by_oauthbearer_where_nothing_else_is_offered(server):
    server.capabilities_before = b"IMAP4rev1 AUTH=OAUTHBEARER"
    settings = server.settings(token=tokens("tok"), password="", username="a,b=c@crm.example")
    ImapConnection.open(settings).log_out()
    said = b"n,a=a=2Cb=3Dc@crm.example,\1host=localhost\1port=%d\1auth=Bearer tok\1\1" % server.port
    assert shown(server, b"AUTHENTICATE OAUTHBEARER") == [said]


def test_where_no_token_is_taken_it_is_not_even_asked_for(server):
    assert refusal(server.settings(token=tokens())).cause == "token_sign_in_off"


def test_a_refused_token_is_renewed_once_and_the_reason_is_heard_out(server):
    server.capabilities_before = b"IMAP4rev1 AUTH=XOAUTH2"
    server.replies.append(refusing(b"400"))
    given = tokens("old", "new")
    ImapConnection.open(server.settings(token=given)).log_out()
    assert given.refused == ["old"]
    assert server.sent(b"\r\n") == [b"\r\n"]
    assert [said.split(b"Bearer ")[1] for said in shown(server, b"AUTHENTICATE")] == [b"old\1\1", b"new\1\1"]


def test_two_refused_tokens_are_a_refusal_that_needs_a_second_proof(server):
    server.capabilities_before = b"IMAP4rev1 AUTH=XOAUTH2"
    server.replies += [refusing(b"401"), refusing(b"401")]
    refused = refusal(server.settings(token=tokens("old", "new")))
    assert (type(refused), refused.cause, refused.is_proof) == (ReconnectRequired, "access_revoked", False)


def test_a_token_without_the_right_scope_is_told_from_a_bad_one(server):
    server.capabilities_before = b"IMAP4rev1 AUTH=OAUTHBEARER"
    server.replies += [refusing(b"insufficient_scope")]
    refused = refusal(server.settings(token=tokens("old")))
    assert (type(refused), refused.cause) == (PermissionMissing, "scope_missing")


def test_a_busy_server_does_not_make_a_token_bad(server):
    server.capabilities_before = b"IMAP4rev1 AUTH=XOAUTH2"
    server.replies.append(Reply(b"AUTHENTICATE", status=b"NO [UNAVAILABLE] Temporary authentication failure"))
    given = tokens("old")
    assert isinstance(refusal(server.settings(token=given)), TemporarilyUnavailable)
    assert given.refused == []


def test_capabilities_count_as_told_after_the_sign_in(server):
    server.capabilities_before = b"IMAP4rev1 MESSAGELIMIT=5"
    connection = ImapConnection.open(server.settings())
    assert (connection.message_limit, connection.is_gmail) == (None, False)
    connection.log_out()


def test_capabilities_of_the_greeting_are_not_asked_for_and_end_with_the_sign_in(server):
    server.greeting = b"* OK [CAPABILITY IMAP4rev1 MESSAGELIMIT=5] ready"
    server.replies.append(Reply(b"LOGIN", status=b"OK [CAPABILITY IMAP4rev1 UNSELECT MESSAGELIMIT=7] done"))
    connection = ImapConnection.open(server.settings())
    assert (connection.message_limit, "UNSELECT" in connection.capabilities) == (7, True)
    assert server.sent(b"CAPABILITY") == []
    connection.log_out()


def test_we_say_who_we_are_and_a_refusal_of_that_does_no_harm(server):
    server.replies.append(Reply(b"ID", status=b"BAD unknown"))
    ImapConnection.open(server.settings()).log_out()
    # Nobody waits for the answer: the server may read it after we have gone.
    deadline = time.monotonic() + 60
    while not server.sent(b"ID ") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.sent(b"ID ") == [b'ID ("name" "Genkan" "vendor" "Genkan")']


def test_a_refused_password_and_a_bad_greeting_are_told_apart(server):
    server.replies.append(Reply(b"LOGIN", status=b"NO [AUTHENTICATIONFAILED] no"))
    assert type(refusal(server.settings())) is ReconnectRequired
    server.replies.append(Reply(b"LOGIN", lines=b"* BYE Too many connections\r\n", status=b"NO no"))
    assert type(refusal(server.settings())) is RateLimited
    server.greeting = b"* BYE Too many connections from you"
    assert type(refusal(server.settings())) is RateLimited
    server.greeting = b"HTTP/1.1 400 Bad Request"
    assert type(refusal(server.settings())) is TemporarilyUnavailable


def test_a_server_that_hangs_up_or_falls_silent_is_temporary(server, monkeypatch):
    server.replies.append(Reply(b"LOGIN", cut_after=0))
    assert refusal(server.settings()).cause == "connection_lost"
    monkeypatch.setattr(network, "READ_SECONDS", 0.2)
    server.replies.append(Reply(b"LOGIN", silent=True))
    assert refusal(server.settings()).cause == "timed_out"


def test_no_secret_and_no_mail_reaches_a_log_or_a_printed_settings_object(server, caplog):
    caplog.set_level(logging.DEBUG)
    server.replies.append(Reply(b"LOGIN", status=b"NO [AUTHENTICATIONFAILED] haruka@crm.example is not allowed"))
    settings = server.settings()
    found = refusal(settings)
    logging.getLogger("test").error("failed", exc_info=found)
    for secret in ("geheim", "haruka@crm.example", "not allowed"):
        assert secret not in caplog.text
    assert "geheim" not in repr(settings)
