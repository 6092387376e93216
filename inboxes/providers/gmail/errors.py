"""What a refusal of the Gmail API means, as a table: the first row that fits decides what the engine does.

Gmail says "slow down" with 403 as well as with 429, and the same 403 stands for a missing permission: rows for pauses come first, so
that no pause is ever taken for a lost permission. What nobody knows gets the mild reading: try again later, ask nobody.
"""

import http.client
import json
import re
import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from httplib2 import HttpLib2Error, ServerNotFoundError

from inboxes.providers.base import (
    ClientMisconfigured,
    CursorExpired,
    MessageGone,
    PermissionMissing,
    ProjectPaused,
    ProviderError,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.network import certificate_problem
from inboxes.providers.waiting import asked_wait

SHORTEST_PAUSE = 5.0
LONGEST_PAUSE = 24 * 3600.0
"""Seconds. A header that asks for a second, or for a year, is not taken at its word."""

UNTIL_MIDNIGHT = 0.0
"""Instead of seconds: until the day ends in California, when Google's daily limits begin anew."""
_CALIFORNIA = ZoneInfo("America/Los_Angeles")
_RETRY_AT = re.compile(r"retry after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """Status and words (a case-insensitive pattern over reasons, status name and message) → what to do.

    `methods`: only of these calls; none: of all. `retry_after` is in seconds and only for `RateLimited`.
    """

    statuses: Collection[int]
    words: str
    error: type[ProviderError]
    cause: str
    methods: tuple[str, ...] = ()
    retry_after: float = 60


TOPIC_TAKEN = "topic_taken"

_LIMITED = (403, 429)

ROWS: tuple[Row, ...] = (
    Row(
        (400, 403),
        r"mail service (is )?not enabled",
        PermissionMissing,
        "mailbox_missing",
    ),
    # Pauses.
    Row(_LIMITED, r"dailyLimitExceeded", ProjectPaused, "project_paused", retry_after=UNTIL_MIDNIGHT),
    Row(_LIMITED, r"limit 'Queries per minute'", ProjectPaused, "project_paused"),
    Row(_LIMITED, r"concurrent requests", RateLimited, "rate_limited", retry_after=15),
    Row(
        _LIMITED,
        r"rateLimitExceeded|quotaExceeded|RATE_LIMIT_EXCEEDED|RESOURCE_EXHAUSTED|quota exceeded|rate limit",
        RateLimited,
        "rate_limited",
    ),
    Row((429,), r"", RateLimited, "rate_limited"),
    # What a person has to change.
    Row(
        (403,),
        r"accessNotConfigured|SERVICE_DISABLED|has not been used in project",
        ClientMisconfigured,
        "api_switched_off",
    ),
    Row((403,), r"domainPolicy|domain administrators", PermissionMissing, "blocked_by_administrator"),
    Row(
        (403,),
        r"insufficientPermissions|ACCESS_TOKEN_SCOPE_INSUFFICIENT|insufficient authentication scopes|metadata scope",
        PermissionMissing,
        "scope_missing",
    ),
    Row((403,), r"forbidden|PERMISSION_DENIED|delegation denied", PermissionMissing, "permission_missing"),
    # The token was renewed before, and the new one is refused too.
    Row((401,), r"", ReconnectRequired, "access_revoked"),
    # What is no longer there.
    Row((404, 410), r"", CursorExpired, "cursor_expired", methods=("history.list",)),
    Row((400,), r"startHistoryId", CursorExpired, "cursor_expired", methods=("history.list",)),
    Row((400, 404), r"page ?token", CursorExpired, "cursor_expired", methods=("history.list", "messages.list")),
    Row((404, 410), r"", MessageGone, "message_gone", methods=("messages.get",)),
    Row((400,), r"invalid id value", MessageGone, "message_gone", methods=("messages.get",)),
    Row((400,), r"only one user push notification client", TemporarilyUnavailable, TOPIC_TAKEN, methods=("watch",)),
    # The provider's own trouble; "Precondition check failed" comes and goes.
    Row((400,), r"failedPrecondition|FAILED_PRECONDITION", TemporarilyUnavailable, "provider_trouble"),
    Row((408, *range(500, 600)), r"", TemporarilyUnavailable, "provider_trouble"),
)


def recognise(status: int, content: bytes, method: str) -> tuple[Row | None, str]:
    """The row that knows this answer, and the words it was recognised by."""
    words = " ".join(_words_of(content))
    for row in ROWS:
        fits = status in row.statuses and (not row.methods or method in row.methods)
        if fits and re.search(row.words, words, re.IGNORECASE):
            return row, words
    return None, words


def refusal(
    status: int, headers: Mapping[str, str], content: bytes, *, method: str = "", now: datetime
) -> ProviderError:
    """The error that an HTTP answer of 300 or more stands for. Header names are in lower case."""
    row, words = recognise(status, content, method)
    asked = _asked_pause(headers, words, now)
    if row is None:
        return TemporarilyUnavailable("provider_refused", detail=words)
    if issubclass(row.error, RateLimited):
        return row.error(row.cause, retry_after=asked or _pause_of(row, now), detail=words)
    if row.error is TemporarilyUnavailable and asked:
        return RateLimited(row.cause, retry_after=asked, detail=words)
    return row.error(row.cause, detail=words)


def failure(error: Exception) -> ProviderError:
    """The error that an answer which never came, or came half, stands for."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return certificate_problem(error)
    if isinstance(error, TimeoutError):
        return TemporarilyUnavailable("timed_out")
    if isinstance(error, ServerNotFoundError):
        return TemporarilyUnavailable("host_not_found")
    if isinstance(error, ssl.SSLError):
        return TemporarilyUnavailable("tls_failed")
    if isinstance(error, ConnectionRefusedError):
        return TemporarilyUnavailable("connection_refused")
    if isinstance(error, ConnectionError | http.client.HTTPException | HttpLib2Error):
        return TemporarilyUnavailable("connection_lost")
    if isinstance(error, OSError):
        return TemporarilyUnavailable("unreachable")
    return TemporarilyUnavailable("answer_not_understood")


def _words_of(content: bytes) -> Iterator[str]:
    """Reasons, the name of the status, and the message. Nothing of an answer that is no error of Google's."""
    try:
        error = json.loads(content)["error"]
        entries = [*error.get("errors", ()), *error.get("details", ())]
        yield from (str(entry["reason"]) for entry in entries if "reason" in entry)
        yield str(error.get("status", ""))
        yield str(error.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _asked_pause(headers: Mapping[str, str], words: str, now: datetime) -> float | None:
    """Seconds that the provider asked for, within reason; None if it named none."""
    seconds = asked_wait(headers.get("retry-after"), now=now)
    if seconds is None and (named := _RETRY_AT.search(words)):
        seconds = (datetime.fromisoformat(named[1]).replace(tzinfo=UTC) - now).total_seconds()
    return None if seconds is None else min(max(seconds, SHORTEST_PAUSE), LONGEST_PAUSE)


def _pause_of(row: Row, now: datetime) -> float:
    if row.retry_after != UNTIL_MIDNIGHT:
        return row.retry_after
    there = now.astimezone(_CALIFORNIA)
    midnight = datetime(there.year, there.month, there.day, tzinfo=_CALIFORNIA) + timedelta(days=1)
    return (midnight.astimezone(UTC) - now).total_seconds()
