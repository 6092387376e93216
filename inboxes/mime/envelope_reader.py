"""From the header block of one message to an `Envelope`: all a provider has to call."""

import re
from collections.abc import Callable
from datetime import datetime

from inboxes.addresses import is_no_reply
from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.mime import headers
from inboxes.mime.address_list import parse_addresses

FIELDS: tuple[str, ...] = (
    "From",
    "To",
    "Cc",
    "Bcc",
    "Reply-To",
    "Sender",
    "X-Original-From",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Return-Path",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Precedence",
    "List-Id",
    "List-Unsubscribe",
    "Sensitivity",
)
"""What the decision about a person's mail looks at; about a team's also what the server takes for spam:"""
HEADER_FIELDS: tuple[str, ...] = (*FIELDS, "X-Spam-Flag", "X-Spam-Status", "X-Spam")
"""The only fields that are fetched of mail nobody has decided to log."""

_ADDRESS_FIELDS = ("from", "to", "cc", "bcc", "reply-to", "sender", "x-original-from")
_MARKED_FIELDS = frozenset(
    {
        "auto-submitted",
        "x-auto-response-suppress",
        "precedence",
        "list-id",
        "list-unsubscribe",
        "sensitivity",
        "x-spam-flag",
        "x-spam-status",
        "x-spam",
    }
)
"""Fields that nearly no mail from one person to another has."""

_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
# Exchange marks its own automatic answers so; a value that only refuses receipts (DR, RN, NRN) is set by people's programs too.
_ANSWER_REFUSED = frozenset({"all", "oof", "autoreply"})
_PRIVATE = frozenset({"private", "confidential", "company-confidential", "personal"})
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
_WORDS = re.compile(r"[a-z_-]+").findall


def read_envelope(
    header_block: bytes,
    *,
    remote_id: str,
    folder_id: str,
    folder_role: FolderRole,
    received_at: datetime,
    size: int,
    now: datetime,
    labels: frozenset[str] = frozenset(),
    provider_thread_id: str = "",
    sent_by_owner: bool = False,
    is_draft: bool = False,
    people: dict[str, tuple[Address, ...]] | None = None,
) -> Envelope:
    """Never raises, whatever the bytes are; what cannot be read is left empty.

    `received_at` and `now` are aware. The folder's role attests `sent_by_owner` (Sent) and `is_draft` (Drafts) by itself;
    pass them for what the folder cannot tell (a Gmail label, the \\Draft flag). `people` remembers address fields from one
    message to the next: within a page the same people write to one another again and again.
    """
    fields = headers.parse(header_block)
    first = fields.values.get
    content_type = first("content-type", "")
    hint = "" if header_block.isascii() else _declared_charset(content_type)
    from_, to, cc, bcc, reply_to, sender, original = _addresses_in(fields, hint, people)
    written_at = headers.date(first("date", ""))
    is_marked = not _MARKED_FIELDS.isdisjoint(fields.values)
    is_automatic = _is_of_machine(first, from_, content_type) or (is_marked and _is_marked_automatic(first))
    # In the order of the fields: with their names it takes three times as long, for every mail of a mailbox.
    return Envelope(
        remote_id,
        folder_id,
        folder_role,
        received_at,
        written_at if written_at and headers.is_plausible(written_at, now=now) else received_at,
        size,
        headers.decode_text(first("subject", ""), hint=hint),
        from_,
        to,
        cc,
        bcc,
        reply_to,
        sender + original,
        next(iter(headers.message_ids(first("message-id", ""))), ""),
        headers.message_ids(first("in-reply-to", "")),
        headers.message_ids(first("references", "")),
        provider_thread_id,
        sent_by_owner or folder_role is FolderRole.SENT,
        is_draft or folder_role is FolderRole.DRAFTS,
        is_automatic,
        is_marked and first("sensitivity", "").lower() in _PRIVATE,
        labels,
        is_marked and _is_spam(first),
        written_at,
    )


def _addresses_in(
    fields: headers.Headers, hint: str, people: dict[str, tuple[Address, ...]] | None
) -> list[tuple[Address, ...]]:
    """One entry for each of `_ADDRESS_FIELDS`."""
    known = {} if people is None or hint else people  # the hint may change what a value says
    found: list[tuple[Address, ...]] = []
    for name in _ADDRESS_FIELDS:
        value = fields.values.get(name)
        if value is None:
            found.append(())
        elif name in fields.more:
            found.append(parse_addresses(fields.all(name), hint=hint))
        else:
            if value not in known:
                known[value] = parse_addresses((value,), hint=hint, known=known)
            found.append(known[value])
    return found


def _declared_charset(content_type: str) -> str:
    declared = _CHARSET.search(content_type)
    return declared[1] if declared else ""


def _is_spam(first: Callable[[str, str], str]) -> bool:
    """As SpamAssassin, rspamd and what is built on them say it: "YES", "Yes, score=…"."""
    return (
        first("x-spam-flag", "")[:3].lower() == "yes"
        or first("x-spam-status", "")[:3].lower() == "yes"
        or first("x-spam", "")[:3].lower() == "yes"
    )


def _is_of_machine(first: Callable[[str, str], str], from_: tuple[Address, ...], content_type: str) -> bool:
    """Whether its author, its return path or its kind say that a machine wrote it."""
    for author in from_:
        if is_no_reply(author.email):
            return True
    return first("return-path", "") == "<>" or content_type[:16].lower() == "multipart/report"


def _is_marked_automatic(first: Callable[[str, str], str]) -> bool:
    """Whether a machine or a list says so. List-Unsubscribe alone counts: people do not offer to be unsubscribed from."""
    return (
        first("list-id", "") != ""
        or first("list-unsubscribe", "") != ""
        or first("precedence", "").lower() in _BULK
        or _WORDS(first("auto-submitted", "").lower())[:1] not in ([], ["no"])
        or not _ANSWER_REFUSED.isdisjoint(_WORDS(first("x-auto-response-suppress", "").lower()))
    )
