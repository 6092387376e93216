"""What a refusal by Microsoft Graph means, as a table: the first row that fits decides what the engine does.

A row may only ask a person for something where Graph has said so in a code of its own; a bare status never does. Words that no
row knows get the mild reading: try again later, ask nobody.
"""

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Flag, auto
from typing import Any

import requests

from inboxes.providers.base import (
    CursorExpired,
    FolderGone,
    GrantRevoked,
    MessageGone,
    PermissionMissing,
    ProviderError,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.network import certificate_problem
from inboxes.providers.push import SubscriptionGone
from inboxes.providers.waiting import asked_wait

SHORTEST_PAUSE = 10.0
"""Seconds. Graph may say `Retry-After: 1` for hours, and requests sent while it throttles count as well."""
LONGEST_PAUSE = 3_600.0
USUAL_PAUSE = 60.0

TOO_MANY_AT_ONCE = "too_many_connections"


class Asked(Flag):
    """What was asked for when Graph refused. The same words mean another thing for each."""

    MAILBOX = auto()
    FOLDER = auto()
    ROUND = auto()
    MESSAGE = auto()
    SUBSCRIPTION = auto()
    ANY = MAILBOX | FOLDER | ROUND | MESSAGE | SUBSCRIPTION


@dataclass(frozen=True, slots=True)
class Row:
    """Statuses and codes (a case-insensitive pattern over all codes and messages of the answer) → what to do.

    No statuses: any. `waits`: only for answers that name a time to come back.
    """

    asked: Asked
    statuses: tuple[int, ...]
    words: str
    error: type[ProviderError]
    cause: str
    waits: bool = False


ROWS: tuple[Row, ...] = (
    # Back-pressure comes first, whatever it is dressed as.
    Row(Asked.ANY, (), r"MailboxConcurrency", RateLimited, TOO_MANY_AT_ONCE),
    Row(
        Asked.ANY,
        (),
        r"ApplicationThrottled|TooManyRequests|ErrorServerBusy|ErrorTooManyObjectsOpened|ErrorExceededConnectionCount",
        RateLimited,
        "rate_limited",
    ),
    Row(Asked.ANY, (429, 509), r"", RateLimited, "rate_limited"),
    Row(Asked.ANY, (503, 504), r"", RateLimited, "rate_limited", waits=True),
    # The place in a round is lost; Graph says so by status or by code, which comes with other statuses as well.
    Row(
        Asked.FOLDER | Asked.ROUND,
        (),
        r"SyncState(NotFound|Invalid)|sync ?state|resyncRequired|resyncChanges|deltaToken|skipToken",
        CursorExpired,
        "cursor_expired",
    ),
    Row(Asked.FOLDER | Asked.ROUND, (410,), r"", CursorExpired, "cursor_expired"),
    # The server's own trouble.
    Row(
        Asked.ANY,
        (),
        r"ErrorMailbox(StoreUnavailable|MoveInProgress|Failover)|ErrorInternalServer(Transient)?Error|ServiceNotAvailable"
        r"|ErrorTimeoutExpired|serviceUnavailable",
        TemporarilyUnavailable,
        "provider_trouble",
    ),
    Row(Asked.ANY, (500, 502, 503, 504), r"", TemporarilyUnavailable, "provider_trouble"),
    # Signing in. A claims challenge is told apart in `classify`, by its header.
    Row(Asked.ANY, (401,), r"", ReconnectRequired, "access_revoked"),
    # No mailbox.
    Row(
        Asked.ANY,
        (),
        r"MailboxNot(Enabled|Supported)ForRESTAPI|ErrorMailboxNotEnabled|inactive, soft-deleted|hosted on-premise",
        PermissionMissing,
        "no_cloud_mailbox",
    ),
    Row(
        Asked.ANY,
        (400, 404),
        r"ErrorInvalidUser|ErrorNonExistentMailbox|Request_ResourceNotFound",
        PermissionMissing,
        "mailbox_not_found",
    ),
    Row(Asked.ANY, (403,), r"ErrorAccountSuspend|ErrorAccountDisabled", PermissionMissing, "account_blocked"),
    Row(
        Asked.ANY,
        (403,),
        r"ErrorAccessDenied|Authorization_RequestDenied|AccessDenied|Forbidden",
        PermissionMissing,
        "permission_missing",
    ),
    # Gone. A folder or message that never was has an id of the wrong shape.
    Row(
        Asked.FOLDER | Asked.ROUND,
        (400, 404),
        r"ErrorItemNotFound|ErrorFolderNotFound|ResourceNotFound|ErrorInvalidId|ErrorInvalidMailboxItemId|malformed",
        FolderGone,
        "folder_gone",
    ),
    Row(
        Asked.MESSAGE,
        (400, 404, 410),
        r"ErrorItemNotFound|ErrorFolderNotFound|ResourceNotFound|ErrorInvalidId|ErrorInvalidMailboxItemId|malformed",
        MessageGone,
        "message_gone",
    ),
    Row(Asked.SUBSCRIPTION, (404,), r"", SubscriptionGone, "subscription_gone"),
)

_COMPILED = tuple((row, re.compile(row.words, re.IGNORECASE)) for row in ROWS)


def classify(status: int, headers: Mapping[str, str], body: Any, asked: Asked) -> ProviderError:
    """The error that an answer stands for; `body` is its JSON, or whatever came instead. Header names are in lower case."""
    words = " ".join(_words_of(body))
    if status == 401 and is_challenge(headers):
        # Nothing that could be repeated would satisfy it: only a person can, at the sign-in page.
        return GrantRevoked("sign_in_again", detail=words)
    wait = asked_wait(headers.get("retry-after"), now=datetime.now(UTC))
    for row, pattern in _COMPILED:
        if not asked & row.asked or (row.statuses and status not in row.statuses) or (row.waits and wait is None):
            continue
        if pattern.search(words):
            if issubclass(row.error, RateLimited):
                return row.error(row.cause, retry_after=_pause(wait), detail=words)
            return row.error(row.cause, detail=words)
    return TemporarilyUnavailable("provider_refused", detail=words)


def is_challenge(headers: Mapping[str, str]) -> bool:
    """Whether a 401 asks for more than a valid token: another factor, another device, a fresh sign-in."""
    return "claims=" in headers.get("www-authenticate", "")


def classify_failure(failure: requests.RequestException) -> ProviderError:
    """No answer at all came, or only a part of one."""
    if isinstance(failure, requests.Timeout):
        return TemporarilyUnavailable("timed_out")
    if isinstance(failure, requests.exceptions.SSLError):
        return _tls_failure(failure)
    if isinstance(failure, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return TemporarilyUnavailable("connection_lost")
    return TemporarilyUnavailable("unreachable")


def _pause(wait: float | None) -> float:
    return min(max(USUAL_PAUSE if wait is None else wait, SHORTEST_PAUSE), LONGEST_PAUSE)


def _words_of(body: Any) -> Iterator[str]:
    """The codes and messages of an error and of all its inner errors."""
    error = body.get("error") if isinstance(body, dict) else None
    for _ in range(10):
        if not isinstance(error, dict):
            return
        yield from (error[key] for key in ("code", "message") if isinstance(error.get(key), str))
        error = error.get("innerError") or error.get("innererror")


def _tls_failure(failure: requests.exceptions.SSLError) -> ProviderError:
    """requests wraps what urllib3 has wrapped around what OpenSSL found."""
    problem: BaseException | None = failure
    while problem is not None:
        if isinstance(problem, ssl.SSLCertVerificationError):
            return certificate_problem(problem)
        inner = getattr(problem, "reason", None) or next(iter(problem.args), None)
        problem = inner if isinstance(inner, BaseException) else None
    return TemporarilyUnavailable("tls_failed")
