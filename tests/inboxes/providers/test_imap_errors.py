"""The table of refusals, row by row, with the words real servers use."""

import ast
import re
from pathlib import Path

import pytest

import inboxes
from inboxes.causes import CAUSES
from inboxes.providers import base, smtp
from inboxes.providers.base import (
    FolderGone,
    Misconfigured,
    PermissionMissing,
    ProviderError,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.imap.errors import ROWS, Phase, classify, recognise

INBOXES = Path(inboxes.__file__).parent
ERRORS = {
    name: value for name, value in vars(base).items() if isinstance(value, type) and issubclass(value, ProviderError)
}

SIGN_IN = [
    (b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", ReconnectRequired, "sign_in_refused"),
    (b"NO [AUTHENTICATIONFAILED] Authentication failed.", ReconnectRequired, "sign_in_refused"),
    (b"NO LOGIN failed.", ReconnectRequired, "sign_in_refused"),
    ("NO ログインに失敗しました".encode(), ReconnectRequired, "sign_in_refused"),
    (b"NO [EXPIRED] Your password has expired", ReconnectRequired, "password_expired"),
    (
        b"NO [ALERT] Application-specific password required: https://support.google.com/x",
        Misconfigured,
        "app_password_needed",
    ),
    (b"NO [WEBALERT https://accounts.google.com/x] Web login required.", Misconfigured, "web_sign_in_needed"),
    (b"NO [ALERT] Please log in via your web browser: https://x", Misconfigured, "web_sign_in_needed"),
    (b"NO [ALERT] Your account is not enabled for IMAP use.", Misconfigured, "imap_disabled"),
    (b"NO [ALERT] IMAP access is disabled for your domain.", Misconfigured, "imap_disabled"),
    (
        b"NO [PRIVACYREQUIRED] Plaintext authentication disallowed on non-secure connections.",
        Misconfigured,
        "encryption_required",
    ),
    (b"NO LOGIN is disabled", Misconfigured, "password_sign_in_off"),
    (b"NO [CONTACTADMIN] Call us", PermissionMissing, "account_blocked"),
    (b"NO [AUTHORIZATIONFAILED] No such access", PermissionMissing, "permission_missing"),
    (b"NO [UNAVAILABLE] Temporary authentication failure.", TemporarilyUnavailable, "server_trouble"),
    (b"NO Authentication failed: backend timeout", TemporarilyUnavailable, "server_trouble"),
    (b"NO [INUSE] busy", RateLimited, "mailbox_busy"),
    (b"NO [LIMIT] Too many login attempts", RateLimited, "rate_limited"),
    (b"NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded", RateLimited, "too_many_connections"),
    (b"NO [ALERT] Too many simultaneous connections. (Failure)", RateLimited, "too_many_connections"),
    (b"BAD Command Argument Error. 11", TemporarilyUnavailable, "server_refused"),
    (b"BYE Disconnected for inactivity", TemporarilyUnavailable, "connection_lost"),
]
OPEN_FOLDER = [
    (b"NO [NONEXISTENT] Unknown Mailbox: X (Failure)", FolderGone, "folder_gone"),
    (b"NO [TRYCREATE] Mailbox doesn't exist: X", FolderGone, "folder_gone"),
    (b"NO Mailbox doesn't exist: X", FolderGone, "folder_gone"),
    (b"NO Access denied", FolderGone, "folder_refused"),
    (b"NO [NOPERM] Permission denied", FolderGone, "folder_refused"),
    (b"NO EXAMINE Unsafe Login. Please contact kefu@188.com for help", Misconfigured, "unsafe_login"),
    (b"BAD User is authenticated but not connected.", RateLimited, "mailbox_not_connected"),
    (
        b"NO [SERVERBUG] Internal error occurred. Refer to server log for more information.",
        TemporarilyUnavailable,
        "server_trouble",
    ),
    (b"NO what is this", TemporarilyUnavailable, "server_refused"),
]
COMMAND = [
    (b"NO [ALERT] Account exceeded command or bandwidth limits. (Failure)", RateLimited, "download_limit"),
    (b"NO [THROTTLED] Please slow down", RateLimited, "rate_limited"),
    (b"NO [BADCHARSET (US-ASCII)] not this one", ProviderError, "search_not_supported"),
    (b"NO Mailbox has been deleted", FolderGone, "folder_gone"),
    (b"BYE Server shutting down.", TemporarilyUnavailable, "server_trouble"),
]
GREETING = [
    (b"BYE Go away", TemporarilyUnavailable, "server_refused_connection"),
    (b"BYE Too many connections from your address", RateLimited, "too_many_connections"),
]
CASES = [
    (phase, *case)
    for phase, cases in (
        (Phase.SIGN_IN, SIGN_IN),
        (Phase.OPEN_FOLDER, OPEN_FOLDER),
        (Phase.COMMAND, COMMAND),
        (Phase.GREETING, GREETING),
    )
    for case in cases
]


@pytest.mark.parametrize(("phase", "answer", "error", "cause"), CASES)
def test_an_answer_means_what_the_table_says(phase, answer, error, cause):
    found = classify(answer, phase)
    assert (type(found), found.cause, found.detail) == (error, cause, answer.decode())


def test_every_row_of_the_table_is_reached_by_a_case():
    reached = {
        next(row for row in ROWS if phase & row.phase and re.search(row.words, answer.decode(), re.IGNORECASE))
        for phase, answer, _, _ in CASES
        if recognise(answer, phase)
    }
    assert [row for row in ROWS if row not in reached] == []


@pytest.mark.parametrize("phase", [Phase.OPEN_FOLDER, Phase.COMMAND, Phase.GREETING])
def test_only_the_sign_in_can_prove_a_wrong_password(phase):
    assert type(classify(b"NO [AUTHENTICATIONFAILED] Invalid credentials", phase)) is TemporarilyUnavailable


TROUBLE = [
    "try again later",
    "Temporary failure",
    "internal server error",
    "timed out",
    "service unavailable",
    "[SERVERBUG] x",
    "server busy",
    "[UNAVAILABLE]",
    "under maintenance",
    "[LIMIT] x",
    "too many connections",
    "[INUSE]",
]


@pytest.mark.parametrize("words", TROUBLE)
@pytest.mark.parametrize(
    "around", ["NO {}", "NO Authentication failed: {}", "NO [AUTHENTICATIONFAILED] Login failed, {}", "BYE {}"]
)
def test_trouble_dressed_as_a_wrong_password_asks_nobody(words, around):
    assert isinstance(classify(around.format(words).encode(), Phase.SIGN_IN), TemporarilyUnavailable)


SMTP = [
    (535, "5.7.8 Error: authentication failed", ReconnectRequired, "sign_in_refused"),
    (534, "5.7.9 Application-specific password required", Misconfigured, "app_password_needed"),
    (
        535,
        "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
        Misconfigured,
        "smtp_switched_off",
    ),
    (550, "5.7.30 Basic authentication is not supported for Client Submission", Misconfigured, "password_sign_in_off"),
    (530, "5.7.0 Must issue a STARTTLS command first", Misconfigured, "encryption_required"),
    (421, "4.7.0 Too many connections", RateLimited, "rate_limited"),
    (432, "4.3.2 Concurrent connections limit exceeded", RateLimited, "rate_limited"),
    (454, "4.7.0 Temporary authentication failure", TemporarilyUnavailable, "server_trouble"),
    (550, "5.7.1 Your account is blocked", PermissionMissing, "account_blocked"),
    (554, "5.3.2 no service here", TemporarilyUnavailable, "server_refused_connection"),
    (502, "what", TemporarilyUnavailable, "server_refused"),
]


@pytest.mark.parametrize(("code", "text", "error", "cause"), SMTP)
def test_an_smtp_reply_means_what_the_table_says(code, text, error, cause):
    found = smtp.classify(code, text.encode())
    assert (type(found), found.cause) == (error, cause)


def test_every_cause_the_code_can_name_has_its_texts():
    named = {row.cause for row in ROWS} | {cause for _, _, cause in smtp.ROWS}
    named |= {error.cause for error in ERRORS.values()}
    for path in INBOXES.rglob("*.py"):
        named |= set(_codes_in_code(path.read_text()))
    assert {"certificate_expired", "host_refused", "not_returned", "no_folders", "refused_by_server"} <= named
    assert sorted(named - CAUSES.keys()) == []


def _codes_in_code(text: str):
    """Literal codes: arguments of errors and failures, values of the certificate table, and what a refusal is set to."""
    for node in ast.walk(ast.parse(text)):
        found: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            found = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "cause")]
            found = found if name in {*ERRORS, "Failed", "Failure", "_give_up", "StepResult"} else []
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in {"refusal", "_CERTIFICATE_CAUSES"}:
            found = [*node.value.values] if isinstance(node.value, ast.Dict) else [node.value]
        constants = [part for expression in found for part in ast.walk(expression) if isinstance(part, ast.Constant)]
        yield from (str(part.value) for part in constants if re.fullmatch(r"[a-z]+(_[a-z]+)+", str(part.value)))


def test_every_cause_says_what_happened_and_what_to_do():
    assert [
        code for code, cause in CAUSES.items() if not (str(cause.title) and str(cause.explanation) and str(cause.fix))
    ] == []
