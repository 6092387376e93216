"""From the bytes of a logged e-mail to what is stored of it."""

from typing import NamedTuple

from inboxes.mime import guard
from inboxes.mime.html import sanitise
from inboxes.mime.parse import Attachment, ParseState
from inboxes.mime.reply import first_words, split_reply
from inboxes.mime.rewriting import without_files


class Unread(NamedTuple):
    """The bytes of one e-mail. `partial`: it was larger, and this is its beginning. `with_files`: their contents are kept, too."""

    raw: bytes
    partial: bool = False
    with_files: bool = True


class ListedFile(NamedTuple):
    """A file of the e-mail without its content, which stands in the original."""

    filename: str
    content_type: str
    size: int
    content_id: str
    is_inline: bool


class Content(NamedTuple):
    """The readable parts of one e-mail. Named tuples, because they travel between processes.

    `rewritten` is what is to be filed instead of the bytes that came. Once it is filed, `raw_key` is the key of its original in
    the file store.
    """

    state: str
    defects: tuple[str, ...]
    body_text: str
    quoted_text: str
    body_html: str
    has_remote_images: bool
    snippet: str
    attachments: tuple[ListedFile, ...]
    attachments_stored: bool
    rewritten: bytes = b""
    raw_key: str = ""

    @property
    def text(self) -> str:
        return f"{self.body_text}\n{self.quoted_text}"

    @property
    def weight(self) -> int:
        """About how many bytes it holds in memory."""
        return 2 * (len(self.body_text) + len(self.quoted_text) + len(self.body_html))

    def says_the_same(self, text: str, state: str) -> bool:
        """Whether a stored body is this one, white space aside. A body that was not read whole differs from nothing."""
        if not (state == self.state == ParseState.FULL):
            return True
        return text.split() == self.text.split()


class CouldNotRead(Exception):
    """One e-mail. It says which error it was, and nothing of what the e-mail says."""


def read_content(mail: Unread) -> Content:
    """Mail that cannot be read is a record too."""
    parsed = guard.parse(mail.raw)
    new, quoted = split_reply(parsed.text)
    html = sanitise(parsed.html)
    original = mail.raw if mail.with_files else without_files(mail.raw, parsed)
    is_whole = original is mail.raw
    state = ParseState.PARTIAL if mail.partial and parsed.state is ParseState.FULL else parsed.state
    return Content(
        state=state.value,
        defects=tuple(map(str, parsed.defects)),
        body_text=new,
        quoted_text=quoted,
        body_html=html.html,
        has_remote_images=html.has_remote,
        snippet=first_words(new or quoted),
        attachments=tuple(map(_listed, parsed.attachments)),
        attachments_stored=is_whole,
        rewritten=b"" if is_whole else original,
    )


def _listed(file: Attachment) -> ListedFile:
    return ListedFile(file.filename, file.content_type, file.size, file.content_id, file.is_inline)
