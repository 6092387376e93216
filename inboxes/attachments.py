"""The contents of the files of stored e-mails, read from the original whenever somebody asks: no byte of them is kept twice.

A file is found by its position. What lists the files of an e-mail when it is stored is what reads them here, so positions agree.
"""

from collections.abc import Iterable

from inboxes import files
from inboxes.mime import guard
from inboxes.models import Attachment, Message


class FileUnreadable(Exception):
    """The original is gone or damaged, or was stored without the contents of files: it does not hold the file listed with it."""


def read_attachment(attachment: Attachment) -> bytes:
    """As large as the e-mail at most. Raises `FileUnreadable`."""
    contents = read_attachments(attachment.message, [attachment])
    if attachment.position not in contents:
        raise FileUnreadable
    return contents[attachment.position]


def read_attachments(message: Message, attachments: Iterable[Attachment]) -> dict[int, bytes]:
    """The contents of some files of the e-mail by position; without those that cannot be read."""
    try:
        found = guard.parse(files.read(message.raw_key)).attachments
    except FileNotFoundError:
        return {}
    return {
        attachment.position: found[attachment.position].content
        for attachment in attachments
        if attachment.position < len(found) and found[attachment.position].size == attachment.size
    }
