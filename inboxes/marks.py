"""What an owner says of a mail from any mail program: by the folder it lies in, a keyword, later a label or category.

Pure: no Django, no I/O.
"""

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from imapclient import imap_utf7


class Mark(StrEnum):
    """Stored, and never renamed. `LOGGED` is the one mark that we set ourselves, where the owner wants to see it."""

    PRIVATE = "private"
    LOG = "log"
    LOGGED = "logged"


class MarkSource(StrEnum):
    """What carries a mark; a label is Gmail's, or a category of Outlook's.

    A `COPY` carries none itself: it is known to be the same mail as one that does.
    """

    FOLDER = "folder"
    KEYWORD = "keyword"
    LABEL = "label"
    COPY = "copy"


BY_MARK = "label"
"""The rule of a decision that a mark made, whatever carries it."""
KEPT_PRIVATE = "marked_private"
"""The code of that decision for a mail that was marked private."""

DEFAULT_LOG_NAME = "CRM/Log"
DEFAULT_PRIVATE_NAME = "CRM/Private"

_NOT_IN_ATOMS = re.compile(r'[\x00-\x20\x7f(){%*"\\\]]')
# What Thunderbird replaces when it makes the keyword of a tag from its name.
_NOT_IN_TAG_KEYS = re.compile(r'[ ()/{%*<>\\"]')


@dataclass(frozen=True, slots=True)
class MarkNames:
    """What the folders, keywords and labels of one mailbox are called, in any case; levels of folders are parted by "/".

    `logged` is the keyword that is looked for where its removal means something, else empty.
    """

    log: str = DEFAULT_LOG_NAME
    private: str = DEFAULT_PRIVATE_NAME
    logged: str = ""

    def of_label(self, label: str) -> Mark | None:
        """The mark a label carries: one of the names, a folder below it, or a keyword that stands for it."""
        return _marks_by_label(self).get(label.casefold()) or _mark_above(self, label)

    def of_folder(self, name: str) -> Mark | None:
        """`name` as providers show it; also below INBOX."""
        return self.of_label(name.removeprefix("INBOX/"))

    @property
    def digest(self) -> int:
        """Another one for other names: what was found by those does not hold any more."""
        return zlib.crc32(f"{self.log}\0{self.private}\0{self.logged}".encode())

    def name(self, mark: Mark) -> str:
        return {Mark.PRIVATE: self.private, Mark.LOG: self.log, Mark.LOGGED: self.logged}[mark]

    def keywords(self, mark: Mark) -> frozenset[str]:
        """The IMAP keywords that stand for a mark, in lower case."""
        return keywords_for(self.name(mark))


DEFAULT_NAMES = MarkNames()
NO_NAMES = MarkNames(log="", private="")
"""No label is a mark."""


@lru_cache(maxsize=1024)
def keywords_for(name: str) -> frozenset[str]:
    """Keywords that mail programs make of a name: the name itself if IMAP allows it, `$CRM_Log`, and Thunderbird's `crm_log`.

    None of an empty name.
    """
    if not name:
        return frozenset()
    key = _tag_key(name)
    return frozenset({key, f"${key}"} | ({name.lower()} if is_keyword(name) else set()))


def _tag_key(name: str) -> str:
    return _NOT_IN_TAG_KEYS.sub("_", imap_utf7.encode(name).decode("ascii")).lower()


def keyword_to_write(name: str) -> str:
    """The name itself if IMAP allows it as a keyword, else what Thunderbird would make of it."""
    return name if is_keyword(name) else _tag_key(name)


def is_keyword(text: str) -> bool:
    """Whether it can stand in a STORE command as it is: an atom of RFC 3501."""
    return bool(text) and text.isascii() and not _NOT_IN_ATOMS.search(text)


@lru_cache(maxsize=1024)
def _marks_by_label(names: MarkNames) -> dict[str, Mark]:
    found = dict.fromkeys((names.log.casefold(), *names.keywords(Mark.LOG)), Mark.LOG)
    return found | dict.fromkeys((names.private.casefold(), *names.keywords(Mark.PRIVATE)), Mark.PRIVATE)


@lru_cache(maxsize=4096)
def _mark_above(names: MarkNames, label: str) -> Mark | None:
    folded = label.casefold()
    for name, mark in ((names.private, Mark.PRIVATE), (names.log, Mark.LOG)):
        if folded.startswith(f"{name.casefold()}/"):
            return mark
    return None
