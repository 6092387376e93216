"""From the header block of one message to an `Envelope`: all a provider has to call."""

from datetime import datetime
from email import policy
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses

from inboxes.envelope import Address, Envelope, FolderRole

HEADER_FIELDS: tuple[str, ...] = (
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
"""The only fields that are fetched of mail nobody has decided to log."""


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
) -> Envelope:
    """Never raises, whatever the bytes are; what cannot be read is left empty.

    `received_at` and `now` are aware. The folder's role attests `sent_by_owner` (Sent) and `is_draft` (Drafts) by itself;
    pass them for what the folder cannot tell (a Gmail label, the \\Draft flag).
    """
    header = BytesHeaderParser(policy=policy.compat32).parsebytes(header_block)

    def addresses(name: str) -> tuple[Address, ...]:
        pairs = getaddresses([str(value) for value in header.get_all(name, [])])
        return tuple(Address(email.casefold(), name) for name, email in pairs if "@" in email)

    def tokens(name: str) -> tuple[str, ...]:
        return tuple(str(header.get(name, "")).split())

    return Envelope(
        remote_id=remote_id,
        folder_id=folder_id,
        folder_role=folder_role,
        received_at=received_at,
        sent_at=received_at,
        size=size,
        subject=str(make_header(decode_header(str(header.get("Subject", ""))))),
        from_=addresses("From"),
        to=addresses("To"),
        cc=addresses("Cc"),
        bcc=addresses("Bcc"),
        reply_to=addresses("Reply-To"),
        sender=addresses("Sender"),
        message_id=next(iter(tokens("Message-ID")), ""),
        in_reply_to=tokens("In-Reply-To"),
        references=tokens("References"),
        provider_thread_id=provider_thread_id,
        sent_by_owner=sent_by_owner or folder_role is FolderRole.SENT,
        is_draft=is_draft or folder_role is FolderRole.DRAFTS,
        labels=labels,
    )
