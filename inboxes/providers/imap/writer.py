"""The only code that changes a mailbox: keywords and folders of our own, where its owner asked for them.

Apart from the provider that reads, which cannot write: it never opens a folder but by EXAMINE.
"""

import re
from collections.abc import Sequence
from typing import Self

from imapclient import imap_utf7

from inboxes.providers.base import CursorExpired, FolderGone, FolderNotCreated, KeywordsNotAllowed, RemoteFolder
from inboxes.providers.imap.connection import Answer, ImapConnection, ImapSettings, quoted
from inboxes.providers.imap.cursors import parse_remote_id
from inboxes.providers.imap.errors import Phase, classify
from inboxes.providers.imap.folders import parse_list, raw_name
from inboxes.providers.imap.streaming import chunks, uid_set

_UIDVALIDITY = re.compile(rb"\* OK \[UIDVALIDITY (\d{1,10})", re.IGNORECASE)
_PERMANENT_FLAGS = re.compile(rb"\* OK \[PERMANENTFLAGS \(([^()]*)\)", re.IGNORECASE)
_SEPARATOR = re.compile(rb'\* LIST \([^)]*\) (?:"(\\?.)"|NIL)', re.IGNORECASE)
_PERSONAL = re.compile(rb'\* NAMESPACE \(\("((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_IS_THERE = re.compile(rb"NO \[ALREADYEXISTS\]|NO .*exist", re.IGNORECASE)
MESSAGES_PER_COMMAND = 500


class ImapWriter:
    """See `MailboxWriter`. Signs in on first use."""

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._opened: ImapConnection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Without CLOSE, which would expunge what the owner has marked as deleted."""
        if self._opened is not None:
            self._opened.log_out()
        self._opened = None

    def set_keyword(self, folder: RemoteFolder, remote_ids: Sequence[str], keyword: str, *, present: bool) -> None:
        answer = self._select(folder)
        places = sorted({parse_remote_id(remote_id) for remote_id in remote_ids})
        if any(place.uidvalidity != _number(answer) for place in places):
            raise CursorExpired
        if not _allows(answer, keyword):
            if present:
                raise KeywordsNotAllowed
            return
        action = b"+FLAGS.SILENT" if present else b"-FLAGS.SILENT"
        for uids in chunks([place.uid for place in places], MESSAGES_PER_COMMAND):
            self._exchange(b"UID STORE %b %b (%b)" % (uid_set(uids), action, keyword.encode("ascii")))

    def create_folders(self, names: Sequence[str]) -> None:
        separator, prefix = self._layout()
        listed = self._exchange(b'LIST "" "*"')
        known = {folder.raw.lower() for folder in parse_list(listed.responses)}
        for name in names:
            levels = [imap_utf7.encode(level) for level in name.split("/")]
            paths = [prefix + separator.join(levels[:depth]) for depth in range(1, len(levels) + 1)]
            # Servers should create the levels above by themselves (RFC 3501, 6.3.3); some do not.
            if paths[-1].lower() in known or self._create(paths[-1]):
                continue
            if not all(self._create(path) for path in paths):
                raise FolderNotCreated

    def _create(self, raw: bytes) -> bool:
        """Whether the folder is there now."""
        answer = self._connection.exchange(b"CREATE " + quoted(raw))
        if not answer.ok and not _IS_THERE.match(answer.status):
            return False
        # A server without subscriptions shows all folders anyway.
        self._connection.exchange(b"SUBSCRIBE " + quoted(raw))
        return True

    def _layout(self) -> tuple[bytes, bytes]:
        """What parts the levels of a folder's name, and what the names of one's own folders begin with (`INBOX.` on some hosts)."""
        answer = self._exchange(b'LIST "" ""')
        found = next((match for response in answer.responses if (match := _SEPARATOR.match(response[0]))), None)
        separator = (found[1] or b"/")[-1:] if found else b"/"
        prefix = b""
        if "NAMESPACE" in self._connection.capabilities:
            answer = self._exchange(b"NAMESPACE")
            own = next((match for response in answer.responses if (match := _PERSONAL.match(response[0]))), None)
            prefix = own[1] if own else b""
        return separator, prefix

    @property
    def _connection(self) -> ImapConnection:
        if self._opened is None:
            self._opened = ImapConnection.open(self._settings)
        return self._opened

    def _select(self, folder: RemoteFolder) -> Answer:
        try:
            name = raw_name(folder.remote_id)
        except UnicodeEncodeError:
            raise FolderGone from None
        answer = self._connection.exchange(b"SELECT " + quoted(name))
        if not answer.ok:
            raise classify(answer.status, Phase.OPEN_FOLDER)
        return answer

    def _exchange(self, command: bytes) -> Answer:
        answer = self._connection.exchange(command)
        if not answer.ok:
            raise classify(answer.status, Phase.COMMAND)
        return answer


def _number(answer: Answer) -> int:
    return next((int(match[1]) for response in answer.responses if (match := _UIDVALIDITY.match(response[0]))), 0)


def _allows(answer: Answer, keyword: str) -> bool:
    """A server that says nothing of permanent flags allows all (RFC 3501, 7.1)."""
    found = (_PERMANENT_FLAGS.match(response[0]) for response in answer.responses)
    flags = next((match[1].lower().split() for match in found if match), None)
    return flags is None or b"\\*" in flags or keyword.lower().encode() in flags
