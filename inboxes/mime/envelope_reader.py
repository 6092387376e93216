"""From the header block of one message to an `Envelope`: all a provider has to call."""

import re
from datetime import datetime

from inboxes.addresses import is_no_reply
from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.mime import headers
from inboxes.mime.address_list import parse_addresses

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

# Fields that people's mail does not have at all: without any of them, and with a person as author, nothing is to be asked.
_MACHINE_FIELDS = frozenset({"auto-submitted", "x-auto-response-suppress", "precedence", "list-id", "list-unsubscribe"})
_BULK = frozenset({"bulk", "list", "junk", "auto_reply"})
# Exchange marks its own automatic answers so; a value that only refuses receipts (DR, RN, NRN) is set by people's programs too.
_ANSWER_REFUSED = frozenset({"all", "oof", "autoreply"})
_PRIVATE = frozenset({"private", "confidential", "company-confidential", "personal"})
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
_WORDS = re.compile(r"[a-z_-]+")


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
    fields = headers.parse(header_block).fields
    content_type = _first(fields, "content-type")
    hint = "" if header_block.isascii() else _declared_charset(content_type)

    def addresses(name: str) -> tuple[Address, ...]:
        values = fields.get(name)
        return parse_addresses(values, hint=hint) if values else ()

    from_ = addresses("from")
    message_id = headers.message_ids(_first(fields, "message-id"))
    return Envelope(
        remote_id=remote_id,
        folder_id=folder_id,
        folder_role=folder_role,
        received_at=received_at,
        sent_at=headers.date(_first(fields, "date"), now=now) or received_at,
        size=size,
        subject=headers.decode_text(_first(fields, "subject"), hint=hint),
        from_=from_,
        to=addresses("to"),
        cc=addresses("cc"),
        bcc=addresses("bcc"),
        reply_to=addresses("reply-to"),
        sender=addresses("sender") + addresses("x-original-from"),
        message_id=message_id[0] if message_id else "",
        in_reply_to=headers.message_ids(_first(fields, "in-reply-to")),
        references=headers.message_ids(_first(fields, "references")),
        provider_thread_id=provider_thread_id,
        sent_by_owner=sent_by_owner or folder_role is FolderRole.SENT,
        is_draft=is_draft or folder_role is FolderRole.DRAFTS,
        is_automatic=_is_automatic(fields, from_, content_type),
        is_private="sensitivity" in fields and _first(fields, "sensitivity").lower() in _PRIVATE,
        labels=labels,
    )


def _first(fields: dict[str, list[str]], name: str) -> str:
    values = fields.get(name)
    return values[0] if values else ""


def _declared_charset(content_type: str) -> str:
    declared = _CHARSET.search(content_type)
    return declared[1] if declared else ""


def _is_automatic(fields: dict[str, list[str]], from_: tuple[Address, ...], content_type: str) -> bool:
    """Whether a machine or a list wrote this. List-Unsubscribe alone counts: people do not offer to be unsubscribed from."""
    if any(is_no_reply(author.email) for author in from_) or content_type[:16].lower() == "multipart/report":
        return True
    if "return-path" in fields and _first(fields, "return-path") == "<>":
        return True
    if _MACHINE_FIELDS.isdisjoint(fields):
        return False
    return (
        any(_first(fields, name) for name in ("list-id", "list-unsubscribe"))
        or _WORDS.findall(_first(fields, "auto-submitted").lower())[:1] not in ([], ["no"])
        or _first(fields, "precedence").lower() in _BULK
        or not _ANSWER_REFUSED.isdisjoint(_WORDS.findall(_first(fields, "x-auto-response-suppress").lower()))
    )
