"""Files of stored e-mails, which stand in their originals."""

from base64 import encodebytes
from typing import Any

from inboxes import files
from inboxes.models import Attachment, Message

_BOUNDARY = b"--the-boundary"
_HEAD = b"From: sarah@meridian.example\r\nContent-Type: multipart/mixed; boundary=the-boundary\r\n\r\n"
_PART = b"\r\nContent-Type: application/x-file\r\nContent-Transfer-Encoding: base64\r\n\r\n"


def attach(
    message: Message,
    content: bytes = b"content",
    filename: str = "a.pdf",
    content_type: str = "application/pdf",
    **fields: Any,
) -> Attachment:
    """One more file at the end of the e-mail's original, and its row, which may say anything about it."""
    position = message.attachments.count()
    before = files.read(message.raw_key).removesuffix(_BOUNDARY + b"--") if position else _HEAD
    message.raw_key = files.store(before + _BOUNDARY + _PART + encodebytes(content) + b"\r\n" + _BOUNDARY + b"--")
    message.save(update_fields=["raw_key"])
    return Attachment.objects.create(
        message=message,
        position=position,
        filename=filename,
        content_type=content_type,
        size=fields.pop("size", len(content)),
        **fields,
    )
