"""The table of Graph's refusals, row by row, with the answers the real service gives."""

import re
import ssl

import pytest
import requests

from inboxes.causes import CAUSES
from inboxes.providers.base import (
    CursorExpired,
    FolderGone,
    GrantRevoked,
    MessageGone,
    Misconfigured,
    PermissionMissing,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.graph.errors import ROWS, Asked, classify, classify_failure
from inboxes.providers.push import SubscriptionGone

INACTIVE = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
NOT_FOUND = "The specified object was not found in the store."

CASES = [
    (Asked.MAILBOX, 429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit.", RateLimited, "too_many_connections"),
    (Asked.MESSAGE, 429, "ApplicationThrottled", "Too many.", RateLimited, "rate_limited"),
    (Asked.ROUND, 429, "TooManyRequests", "", RateLimited, "rate_limited"),
    (Asked.MAILBOX, 503, "ErrorServerBusy", "", RateLimited, "rate_limited"),
    (Asked.MAILBOX, 429, "Unheard", "", RateLimited, "rate_limited"),
    (Asked.MAILBOX, 509, "bandwidthLimitExceeded", "", RateLimited, "rate_limited"),
    (Asked.ROUND, 410, "SyncStateNotFound", "The sync state generation is not found; generation=3.", CursorExpired, "cursor_expired"),
    (Asked.ROUND, 400, "SyncStateInvalid", "", CursorExpired, "cursor_expired"),
    (Asked.ROUND, 404, "SyncStateNotFound", "", CursorExpired, "cursor_expired"),
    (Asked.FOLDER, 410, "resyncRequired", "", CursorExpired, "cursor_expired"),
    (Asked.ROUND, 410, "Gone", "", CursorExpired, "cursor_expired"),
    (Asked.MAILBOX, 404, "ErrorMailboxStoreUnavailable", "", TemporarilyUnavailable, "provider_trouble"),
    (Asked.MAILBOX, 500, "ErrorInternalServerError", "", TemporarilyUnavailable, "provider_trouble"),
    (Asked.MAILBOX, 502, "", "", TemporarilyUnavailable, "provider_trouble"),
    (Asked.MAILBOX, 503, "", "", TemporarilyUnavailable, "provider_trouble"),
    (Asked.MAILBOX, 504, "UnknownError", "", TemporarilyUnavailable, "provider_trouble"),
    (Asked.MAILBOX, 401, "InvalidAuthenticationToken", "Access token has expired.", ReconnectRequired, "access_revoked"),
    (Asked.FOLDER, 404, "MailboxNotEnabledForRESTAPI", INACTIVE, PermissionMissing, "no_cloud_mailbox"),
    (Asked.MAILBOX, 404, "MailboxNotSupportedForRESTAPI", "", PermissionMissing, "no_cloud_mailbox"),
    (Asked.MAILBOX, 404, "ErrorInvalidUser", "The requested user 'x' is invalid.", PermissionMissing, "mailbox_not_found"),
    (Asked.MAILBOX, 404, "ErrorNonExistentMailbox", "", PermissionMissing, "mailbox_not_found"),
    (Asked.MAILBOX, 403, "ErrorAccountSuspend", "", PermissionMissing, "account_blocked"),
    (Asked.FOLDER, 403, "ErrorAccessDenied", "Access is denied.", PermissionMissing, "permission_missing"),
    (Asked.MAILBOX, 403, "Authorization_RequestDenied", "", PermissionMissing, "permission_missing"),
    (Asked.FOLDER, 404, "ErrorItemNotFound", NOT_FOUND, FolderGone, "folder_gone"),
    (Asked.FOLDER, 400, "ErrorInvalidIdMalformed", "Id is malformed.", FolderGone, "folder_gone"),
    (Asked.ROUND, 404, "ErrorItemNotFound", NOT_FOUND, FolderGone, "folder_gone"),
    (Asked.MESSAGE, 404, "ErrorItemNotFound", NOT_FOUND, MessageGone, "message_gone"),
    (Asked.MESSAGE, 400, "ErrorInvalidIdMalformed", "Id is malformed.", MessageGone, "message_gone"),
    (Asked.SUBSCRIPTION, 404, "ResourceNotFound", "The object was not found.", SubscriptionGone, "subscription_gone"),
    (Asked.MAILBOX, 400, "BadRequest", "", TemporarilyUnavailable, "provider_refused"),
    (Asked.MAILBOX, 403, "Unheard", "", TemporarilyUnavailable, "provider_refused"),
    (Asked.MAILBOX, 404, "ErrorItemNotFound", NOT_FOUND, TemporarilyUnavailable, "provider_refused"),
    (Asked.MAILBOX, 302, "", "", TemporarilyUnavailable, "provider_refused"),
]  # fmt: skip


def body(code: str, message: str = "") -> dict[str, object]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": "1"}}}


@pytest.mark.parametrize(("asked", "status", "code", "message", "error", "cause"), CASES)
def test_an_answer_means_what_the_table_says(asked, status, code, message, error, cause):
    found = classify(status, {}, body(code, message), asked)
    assert (type(found), found.cause) == (error, cause)


def test_a_service_that_says_when_to_come_back_is_left_alone_until_then():
    for status in (503, 504):
        found = classify(status, {"retry-after": "120"}, None, Asked.MAILBOX)
        assert (type(found), found.cause, found.retry_after) == (RateLimited, "rate_limited", 120)


def test_every_row_of_the_table_is_reached_by_a_case():
    reached = set()
    for asked, status, code, message, _, _ in [*CASES, (Asked.ANY, 503, "", "waits", None, "")]:
        for row in ROWS:
            fits = asked & row.asked and status in (row.statuses or (status,)) and row.waits == (message == "waits")
            if fits and re.search(row.words, f"{code} {message}", re.IGNORECASE):
                reached.add(row)
                break
    assert [row for row in ROWS if row not in reached] == []


def test_every_cause_in_the_table_has_its_texts():
    assert sorted({row.cause for row in ROWS} - CAUSES.keys()) == []


@pytest.mark.parametrize(
    ("said", "pause"),
    [("1", 10), ("0", 10), ("-5", 10), ("37", 37), ("999999", 3600), ("", 60), ("soon", 60), ("nan", 60), ("inf", 60)],
)
def test_a_pause_has_a_floor_whatever_the_header_says(said, pause):
    assert classify(429, {"retry-after": said}, None, Asked.MAILBOX).retry_after == pause


def test_codes_inside_of_codes_count():
    nested = {"error": {"code": "BadRequest", "message": "", "innerError": {"innererror": {"code": "resyncRequired"}}}}
    assert type(classify(400, {}, nested, Asked.ROUND)) is CursorExpired


def test_bodies_that_make_no_sense_are_read_mildly():
    endless: dict[str, object] = {}
    endless["innerError"] = endless
    for nonsense in (None, "<html>", [], {"error": "x"}, {"error": {"code": 7}}, {"error": endless}):
        assert type(classify(400, {}, nonsense, Asked.MAILBOX)) is TemporarilyUnavailable


def test_a_claims_challenge_asks_the_person_at_once_and_says_why():
    challenge = {
        "www-authenticate": 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'
    }
    found = classify(401, challenge, body("InvalidAuthenticationToken"), Asked.MAILBOX)
    assert (type(found), found.cause, found.is_proof) == (GrantRevoked, "sign_in_again", True)


def test_nothing_but_a_code_of_its_own_asks_a_person_for_anything():
    for status in (400, 402, 403, 404, 405, 409, 412, 422, 423, 429, 500, 502, 503, 504, 509, 599):
        for asked in Asked:
            found = classify(status, {}, body("Unheard"), asked)
            assert isinstance(found, TemporarilyUnavailable | CursorExpired), (status, asked)


FAILURES = [
    (requests.ConnectTimeout(), TemporarilyUnavailable, "timed_out"),
    (requests.ReadTimeout(), TemporarilyUnavailable, "timed_out"),
    (requests.ConnectionError(), TemporarilyUnavailable, "unreachable"),
    (requests.exceptions.ChunkedEncodingError(), TemporarilyUnavailable, "connection_lost"),
    (requests.exceptions.ProxyError(), TemporarilyUnavailable, "unreachable"),
    (requests.exceptions.SSLError("handshake"), TemporarilyUnavailable, "tls_failed"),
    (requests.exceptions.SSLError(ssl.SSLCertVerificationError()), Misconfigured, "certificate_untrusted"),
]


@pytest.mark.parametrize(("failure", "error", "cause"), FAILURES)
def test_a_failure_of_the_network_means_what_it_says(failure, error, cause):
    if failure.args and isinstance(failure.args[0], ssl.SSLCertVerificationError):
        failure.args[0].verify_code = 18
    found = classify_failure(failure)
    assert (type(found), found.cause) == (error, cause)
