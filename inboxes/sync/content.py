"""From the bytes of a logged e-mail to what is stored of it."""

from dataclasses import dataclass

from inboxes import files
from inboxes.mime import guard
from inboxes.mime.html import sanitise
from inboxes.mime.parse import Attachment
from inboxes.mime.reply import first_words, split_reply
from inboxes.mime.rewriting import without_files
from inboxes.models import MessageState
from inboxes.providers.base import RawMessage


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of the e-mail without its content, which stands in the original."""

    filename: str
    content_type: str
    size: int
    content_id: str
    is_inline: bool


@dataclass(frozen=True, slots=True)
class Content:
    """The readable parts of one e-mail, and the key of its original in the file store."""

    raw_key: str
    attachments_stored: bool
    state: str
    defects: tuple[str, ...]
    body_text: str
    quoted_text: str
    body_html: str
    has_remote_images: bool
    snippet: str
    attachments: tuple[ListedFile, ...]

    @property
    def text(self) -> str:
        return f"{self.body_text}\n{self.quoted_text}"

    @property
    def weight(self) -> int:
        """About how many bytes it holds in memory."""
        return 2 * (len(self.body_text) + len(self.quoted_text) + len(self.body_html))

    def says_the_same(self, text: str, state: str) -> bool:
        """Whether a stored body is this one, white space aside. A body that was not read whole differs from nothing."""
        if not (state == self.state == MessageState.FULL):
            return True
        return text.split() == self.text.split()


def read_content(message: RawMessage, *, store_attachments: bool) -> Content:
    """Parses an e-mail and files its original, or what is left of it without the contents of its files.

    Mail that cannot be read is a record too; raises only when nothing can be kept.
    """
    parsed = guard.parse(message.raw)
    new, quoted = split_reply(parsed.text)
    html = sanitise(parsed.html)
    state = MessageState(parsed.state)
    original = message.raw if store_attachments else without_files(message.raw, parsed)
    return Content(
        raw_key=files.store(original),
        attachments_stored=original is message.raw,
        state=MessageState.PARTIAL if message.partial and state == MessageState.FULL else state,
        defects=parsed.defects,
        body_text=new,
        quoted_text=quoted,
        body_html=html.html,
        has_remote_images=html.has_remote,
        snippet=first_words(new or quoted),
        attachments=tuple(map(_listed, parsed.attachments)),
    )


def _listed(file: Attachment) -> ListedFile:
    return ListedFile(file.filename, file.content_type, file.size, file.content_id, file.is_inline)
