"""What a server's refusal means, as a table: the first row whose phase and words match decides what the engine does.

Servers say the same thing in many ways, and a fault of theirs often comes dressed as a wrong password. A row may therefore only
lead to `ReconnectRequired` after all rows for temporary trouble have been passed.
"""

import re
from dataclasses import dataclass
from enum import Flag, auto

from inboxes.providers.base import (
    FolderGone,
    Misconfigured,
    PermissionMissing,
    ProviderError,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)


class Phase(Flag):
    """What was being done when the server refused."""

    GREETING = auto()
    SIGN_IN = auto()
    OPEN_FOLDER = auto()
    COMMAND = auto()
    ANY = GREETING | SIGN_IN | OPEN_FOLDER | COMMAND


@dataclass(frozen=True, slots=True)
class Row:
    """Server words (a case-insensitive pattern) → what to do. `retry_after` is in seconds and only for `RateLimited`."""

    phase: Phase
    words: str
    error: type[ProviderError]
    cause: str
    retry_after: float = 300


ROWS: tuple[Row, ...] = (
    # A setting at the provider or here must change first; the words name which.
    Row(
        Phase.SIGN_IN,
        r"application-specific password|app(lication)?[- ]password|authori[sz]ation code|授权码",
        Misconfigured,
        "app_password_needed",
    ),
    Row(
        Phase.SIGN_IN,
        r"\[WEBALERT|web login required|log ?in via (your )?web ?browser",
        Misconfigured,
        "web_sign_in_needed",
    ),
    Row(Phase.ANY, r"unsafe login|kefu@188", Misconfigured, "unsafe_login"),
    Row(
        Phase.SIGN_IN | Phase.OPEN_FOLDER,
        r"imap.{0,40}(disabled|not enabled|switched off|turned off)|(disabled|not enabled).{0,40}imap",
        Misconfigured,
        "imap_disabled",
    ),
    Row(
        Phase.SIGN_IN,
        r"\[PRIVACYREQUIRED\]|(plaintext|clear ?text).{0,40}(disabled|disallowed|not allowed)",
        Misconfigured,
        "encryption_required",
    ),
    Row(
        Phase.SIGN_IN,
        r"basic ?auth.{0,40}(disabled|blocked)|LOGINDISABLED|LOGIN is disabled",
        Misconfigured,
        "password_sign_in_off",
    ),
    Row(
        Phase.ANY,
        r"\[CONTACTADMIN\]|account.{0,30}(suspended|locked|blocked|disabled)",
        PermissionMissing,
        "account_blocked",
    ),
    # Exchange says this for too many connections, for IMAP being off, and for a shared mailbox without rights.
    Row(Phase.ANY, r"authenticated but not connected", RateLimited, "mailbox_not_connected", 1800),
    Row(Phase.COMMAND, r"\[BADCHARSET", ProviderError, "search_not_supported"),
    # Back-pressure.
    Row(
        Phase.ANY,
        r"too many (simultaneous |concurrent |open )?connections|maximum number of connections|connection limit",
        RateLimited,
        "too_many_connections",
        600,
    ),
    Row(Phase.ANY, r"bandwidth limits?|command or bandwidth|\[OVERQUOTA\]", RateLimited, "download_limit", 3600),
    Row(
        Phase.ANY,
        r"\[THROTTLED\]|throttl|\[LIMIT\]|rate limit|too many (requests|commands|attempts|login)|slow down",
        RateLimited,
        "rate_limited",
        900,
    ),
    Row(Phase.ANY, r"\[INUSE\]|mailbox (is )?(locked|in use|busy)", RateLimited, "mailbox_busy", 300),
    # The server's own trouble.
    Row(
        Phase.ANY,
        r"\[(UNAVAILABLE|SERVERBUG|SYS/TEMP|CORRUPTION)\]|temporar|try (again|later)|internal (server )?error|server error"
        r"|service (is )?(not available|unavailable)|time(d)? ?out|backend|overload|server (is )?busy|maintenance|shutting down",
        TemporarilyUnavailable,
        "server_trouble",
    ),
    # Proved refusals.
    Row(Phase.SIGN_IN, r"\[EXPIRED\]|password.{0,20}expired", ReconnectRequired, "password_expired"),
    Row(Phase.SIGN_IN, r"\[AUTHORIZATIONFAILED\]", PermissionMissing, "permission_missing"),
    # RFC 3501, 6.2.3: NO to LOGIN is "user name or password rejected", with or without a code.
    Row(Phase.SIGN_IN, r"^NO", ReconnectRequired, "sign_in_refused"),
    Row(
        Phase.OPEN_FOLDER | Phase.COMMAND,
        r"\[(NONEXISTENT|TRYCREATE)\]|(doesn't|does not|no longer) exist|no such (mailbox|folder)|unknown (mailbox|folder)"
        r"|(mailbox|folder).{0,60}(not found|deleted)",
        FolderGone,
        "folder_gone",
    ),
    Row(
        Phase.OPEN_FOLDER,
        r"\[(NOPERM|CANNOT|ACL)\]|access denied|permission denied|not permitted",
        FolderGone,
        "folder_refused",
    ),
    Row(Phase.GREETING, r"^BYE", TemporarilyUnavailable, "server_refused_connection"),
    Row(Phase.ANY, r"^BYE", TemporarilyUnavailable, "connection_lost"),
)

_COMPILED = tuple((row, re.compile(row.words, re.IGNORECASE)) for row in ROWS)


def recognise(answer: bytes, phase: Phase) -> ProviderError | None:
    """The error that an answer such as `NO [LIMIT] Slow down` stands for; None when no row knows the words."""
    text = answer.decode("utf-8", "replace")
    for row, pattern in _COMPILED:
        if phase & row.phase and pattern.search(text):
            if issubclass(row.error, RateLimited):
                return row.error(row.cause, retry_after=row.retry_after, detail=text)
            return row.error(row.cause, detail=text)
    return None


def classify(answer: bytes, phase: Phase) -> ProviderError:
    """As `recognise`, with the mild reading for words nobody knows: try again later, ask nobody."""
    return recognise(answer, phase) or TemporarilyUnavailable(
        "server_refused", detail=answer.decode("utf-8", "replace")
    )
