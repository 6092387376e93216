"""The table of refusals, row by row, with the answers that Google gives."""

import http.client
import random
import socket
import ssl
from datetime import UTC, datetime

import httplib2
import pytest

from inboxes.providers.base import (
    ClientMisconfigured,
    CursorExpired,
    MessageGone,
    Misconfigured,
    PermissionMissing,
    ProjectPaused,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.gmail.errors import LONGEST_PAUSE, ROWS, SHORTEST_PAUSE, failure, recognise, refusal
from tests.fakes.google import answers

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

CASES = [
    ("", answers.mail_service_disabled(), PermissionMissing, "mailbox_missing"),
    ("", answers.daily_limit(), ProjectPaused, "project_paused"),
    (
        "",
        answers.rate_limited(message="Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'"),
        ProjectPaused,
        "project_paused",
    ),
    ("", answers.too_many_concurrent(), RateLimited, "rate_limited"),
    ("", answers.rate_limited(), RateLimited, "rate_limited"),
    ("", answers.rate_limited(429), RateLimited, "rate_limited"),
    ("", answers.user_rate_limited(), RateLimited, "rate_limited"),
    ("", answers.quota_exceeded(), RateLimited, "rate_limited"),
    ("", answers.html_error(429), RateLimited, "rate_limited"),
    ("", answers.not_configured(), ClientMisconfigured, "api_switched_off"),
    ("", answers.domain_policy(), PermissionMissing, "blocked_by_administrator"),
    ("", answers.insufficient_scope(), PermissionMissing, "scope_missing"),
    ("messages.list", answers.metadata_scope("does not support 'q' parameter"), PermissionMissing, "scope_missing"),
    ("", answers.api_error(403, "forbidden", "Delegation denied for x"), PermissionMissing, "permission_missing"),
    ("", answers.unauthorized(), ReconnectRequired, "access_revoked"),
    ("history.list", answers.not_found(), CursorExpired, "cursor_expired"),
    ("history.list", answers.invalid("Invalid startHistoryId"), CursorExpired, "cursor_expired"),
    ("history.list", answers.invalid("Page token is not valid."), CursorExpired, "cursor_expired"),
    ("messages.list", answers.invalid("Invalid pageToken"), CursorExpired, "cursor_expired"),
    ("messages.get", answers.not_found(), MessageGone, "message_gone"),
    ("messages.get", answers.invalid("Invalid id value"), MessageGone, "message_gone"),
    ("watch", answers.other_watch(), TemporarilyUnavailable, "topic_taken"),
    ("", answers.failed_precondition(), TemporarilyUnavailable, "provider_trouble"),
    *[("", answers.backend_error(status), TemporarilyUnavailable, "provider_trouble") for status in (500, 503, 504)],
    ("", answers.html_error(502), TemporarilyUnavailable, "provider_trouble"),
    # Nobody's words: the mild reading.
    ("", answers.html_error(403), TemporarilyUnavailable, "provider_refused"),
    ("messages.list", answers.not_found(), TemporarilyUnavailable, "provider_refused"),
    ("messages.get", answers.invalid("Invalid something"), TemporarilyUnavailable, "provider_refused"),
    ("", answers.not_json(400), TemporarilyUnavailable, "provider_refused"),
]


@pytest.mark.parametrize(("method", "answer", "error", "cause"), CASES)
def test_an_answer_means_what_the_table_says(method, answer, error, cause):
    found = refusal(answer.status, {}, answer.payload(), method=method, now=NOW)
    assert (type(found), found.cause) == (error, cause)


def test_10_000_passing_troubles_ask_nobody_for_anything():
    chance = random.Random(7)
    passing = [answer for _, answer, error, _ in CASES if issubclass(error, TemporarilyUnavailable)]
    for _ in range(10_000):
        answer = chance.choice(passing)
        body = answer.payload()
        body = (
            body[: chance.randrange(len(body))] if answer.status not in (400, 403) and chance.random() < 0.3 else body
        )
        headers = chance.choice([{}, {"retry-after": "1"}, {"retry-after": "x"}])
        method = chance.choice(["", "history.list", "messages.list", "getProfile", "labels.list"])
        found = refusal(answer.status, headers, body, method=method, now=NOW)
        assert isinstance(found, TemporarilyUnavailable | CursorExpired)


def test_every_row_of_the_table_is_reached_by_a_case():
    reached = {recognise(answer.status, answer.payload(), method)[0] for method, answer, _, _ in CASES}
    assert [row for row in ROWS if row not in reached] == []


@pytest.mark.parametrize(
    "pause", [answers.rate_limited(status) for status in (403, 429)] + [answers.user_rate_limited()]
)
def test_no_pause_is_taken_for_a_lost_permission(pause):
    """The words of both in one answer."""
    words = pause.payload().replace(b'"reason"', b'"reason": "insufficientPermissions", "reason"')
    assert type(refusal(pause.status, {}, words, now=NOW)) is RateLimited


@pytest.mark.parametrize(
    ("headers", "words", "seconds"),
    [
        ({}, "", 60),
        ({"retry-after": "42"}, "", 42),
        ({"retry-after": "1"}, "", SHORTEST_PAUSE),
        ({"retry-after": "99999999"}, "", LONGEST_PAUSE),
        ({"retry-after": "Fri, 20 Nov 2026 09:32:00 GMT"}, "", 120),
        ({"retry-after": "soon"}, "", 60),
        ({}, "User-rate limit exceeded.  Retry after 2026-11-20T09:40:00.500Z", 600.5),
        ({}, "User-rate limit exceeded.  Retry after 2026-11-20T09:00:00Z", SHORTEST_PAUSE),
        ({}, "Too many concurrent requests for user.", 15),
    ],
)
def test_a_pause_lasts_as_long_as_was_asked_for_within_reason(headers, words, seconds):
    answer = answers.rate_limited(429, message=words or "Quota exceeded")
    assert refusal(429, headers, answer.payload(), now=NOW).retry_after == seconds


def test_a_fault_of_the_server_that_names_a_time_is_a_pause():
    found = refusal(503, {"retry-after": "120"}, answers.backend_error().payload(), now=NOW)
    assert (type(found), found.cause, found.retry_after) == (RateLimited, "provider_trouble", 120)


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 20, 9, 30, tzinfo=UTC), 22.5),  # 01:30 in California
        (datetime(2026, 11, 20, 7, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), 24.5),  # the night that is an hour longer
    ],
)
def test_the_daily_limit_holds_until_midnight_in_california(now, hours):
    found = refusal(403, {}, answers.daily_limit().payload(), now=now)
    assert found.retry_after == hours * 3600


def certificate_error(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "kind", "cause"),
    [
        (certificate_error(10), Misconfigured, "certificate_expired"),
        (certificate_error(62), Misconfigured, "certificate_name_mismatch"),
        (certificate_error(20), Misconfigured, "certificate_untrusted"),
        (ssl.SSLEOFError("eof"), TemporarilyUnavailable, "tls_failed"),
        (TimeoutError(), TemporarilyUnavailable, "timed_out"),
        (httplib2.ServerNotFoundError("x"), TemporarilyUnavailable, "host_not_found"),
        (socket.gaierror(8, "x"), TemporarilyUnavailable, "unreachable"),
        (ConnectionRefusedError(), TemporarilyUnavailable, "connection_refused"),
        (ConnectionResetError(), TemporarilyUnavailable, "connection_lost"),
        (http.client.IncompleteRead(b""), TemporarilyUnavailable, "connection_lost"),
        (OSError(101, "Network is unreachable"), TemporarilyUnavailable, "unreachable"),
        (ValueError("not JSON"), TemporarilyUnavailable, "answer_not_understood"),
    ],
)
def test_an_answer_that_never_came_asks_nobody_unless_the_certificate_is_wrong(error, kind, cause):
    found = failure(error)
    assert (type(found), found.cause) == (kind, cause)
