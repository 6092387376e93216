"""The headers of stored e-mails, as their originals have them."""

from inboxes import files
from inboxes.envelope import Envelope, FolderRole
from inboxes.mime.envelope_reader import read_envelope
from inboxes.models import Message

LONGEST_HEADERS = 256 * 1024


def read_headers(message: Message, *, outgoing: bool = False) -> Envelope | None:
    """As the mailbox would show the e-mail in its Sent folder or inbox; None if the original is gone."""
    if not message.raw_key:
        return None
    try:
        with files.open_file(message.raw_key) as file:
            raw = file.read(LONGEST_HEADERS)
    except FileNotFoundError:
        return None
    return envelope_in(raw, message, outgoing=outgoing)


def envelope_in(raw: bytes, message: Message, *, outgoing: bool = False) -> Envelope:
    """What the beginning of an original says, or all of it. It came when the stored e-mail says it was sent."""
    return read_envelope(
        raw,
        remote_id="",
        folder_id="",
        folder_role=FolderRole.SENT if outgoing else FolderRole.INBOX,
        received_at=message.sent_at,
        size=message.size,
        now=message.sent_at,
    )
