"""Which folders a mailbox has and what each is for: RFC 6154 flags first, then names in the languages mail programs use."""

import contextlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from imapclient import imap_utf7

from inboxes.envelope import NOT_MAIL_ROLES, FolderRole
from inboxes.providers.base import RemoteFolder
from inboxes.providers.imap.connection import ImapConnection
from inboxes.providers.imap.errors import Phase, classify
from inboxes.providers.imap.folder_names import EXCHANGE_NAMES, OUTBOX_NAMES, ROLE_NAMES
from inboxes.providers.imap.statuses import Status, status_commands, status_items, status_of, statuses_in

_LIST_LINE = re.compile(rb'\* (?:LIST|XLIST|LSUB) \(([^)]*)\) (NIL|"(?:\\.|[^"\\])*") ?(.*)', re.IGNORECASE | re.DOTALL)
_LITERAL_AT_END = re.compile(rb"\{\d+\+?\}$")
_ESCAPED = re.compile(rb"\\(.)")

_PLAIN_LIST = b'LIST "" "*"'
_FLAG_ROLES = {
    rb"\inbox": FolderRole.INBOX,
    rb"\sent": FolderRole.SENT,
    rb"\archive": FolderRole.ARCHIVE,
    rb"\all": FolderRole.ALL,
    rb"\allmail": FolderRole.ALL,
    rb"\drafts": FolderRole.DRAFTS,
    rb"\junk": FolderRole.JUNK,
    rb"\spam": FolderRole.JUNK,
    rb"\trash": FolderRole.TRASH,
}
_NOT_A_FOLDER = frozenset({rb"\noselect", rb"\nonexistent", rb"\flagged", rb"\starred", rb"\important"})


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().strip()


def _table(names: str) -> Iterator[str]:
    return (_folded(name) for name in names.split("|"))


_ROLE_OF_NAME = {name: role for role, names in ROLE_NAMES.items() for name in _table(names)}
_OUTBOX = frozenset(_table(OUTBOX_NAMES))
_EXCHANGE_ITEMS = frozenset(_table(EXCHANGE_NAMES))
_PREFIXES = frozenset({"inbox", "[gmail]", "[google mail]"})


@dataclass(frozen=True, slots=True)
class ListedFolder:
    """A line of LIST: the name as the server wrote it, its flags in lower case, and its path for people."""

    raw: bytes
    flags: frozenset[bytes]
    path: tuple[str, ...]

    @property
    def flagged_role(self) -> FolderRole | None:
        return next((role for flag, role in _FLAG_ROLES.items() if flag in self.flags), None)

    @property
    def top_name(self) -> str:
        """The folded name if it stands at the top or right below INBOX or [Gmail]; else "", because a folder somebody made deep in
        a tree says nothing by its name."""
        path = self.path[1:] if len(self.path) > 1 and _folded(self.path[0]) in _PREFIXES else self.path
        return _folded(path[0]) if len(path) == 1 else ""


def list_folders(
    connection: ImapConnection,
    known: Sequence[bytes] = (),
    *,
    with_statuses: bool = False,
    with_dropped: bool = False,
    with_junk: bool = False,
) -> tuple[list[RemoteFolder], dict[bytes, Status]]:
    """The folders of the mailbox that are worth syncing, with their roles; on request those that are not, behind them, or junk alone.

    `with_statuses`: also the state of the `known` folders or, where none is known, of all if the server tells it along.
    """
    known = known if with_statuses else ()
    # Gmail counts the messages of every label for it, and only one folder is of interest there.
    along = with_statuses and not known and not connection.is_gmail
    listing = _list_command(connection.capabilities, with_statuses=along)
    # In this order: once Dovecot has listed the folders it reads a line for each message of INBOX to tell its state.
    *told, answer = connection.exchange_all([*status_commands(known, connection.capabilities), listing])
    statuses = {name: status_of(status) for name, status in zip(known, told, strict=True)}
    if not answer.ok:
        answer = connection.exchange(_PLAIN_LIST)
    if not answer.ok:
        raise classify(answer.status, Phase.COMMAND)
    exchange = b"microsoft exchange" in connection.greeting.lower()
    listed = parse_list(answer.responses)
    folders = choose(listed, gmail=connection.is_gmail, exchange=exchange, behind=_behind(with_dropped, with_junk))
    return folders, statuses | statuses_in(answer.responses)


def parse_list(responses: Iterable[list[bytes]]) -> list[ListedFolder]:
    """The folders of a LIST answer, each once. A line that makes no sense is passed over; the others count."""
    found: dict[bytes, ListedFolder] = {}
    for response in responses:
        match = _LIST_LINE.match(response[0])
        if match is None:
            continue
        raw = response[1] if _LITERAL_AT_END.search(match[3]) and len(response) > 1 else _unquoted(match[3])
        if not raw or b"\0" in raw:
            continue
        separator = "" if match[2].upper() == b"NIL" else _unquoted(match[2]).decode("latin-1")
        identity = b"INBOX" if raw.upper() == b"INBOX" else raw
        text = decode_name(raw)
        path = tuple(text.split(separator)) if separator else (text,)
        found.setdefault(identity, ListedFolder(raw, frozenset(match[1].lower().split()), path))
    return list(found.values())


def _behind(with_dropped: bool, with_junk: bool) -> Collection[FolderRole]:
    if with_dropped:
        return NOT_MAIL_ROLES
    return {FolderRole.JUNK} if with_junk else ()


def choose(
    listed: list[ListedFolder], *, gmail: bool, exchange: bool, behind: Collection[FolderRole] = ()
) -> list[RemoteFolder]:
    """The folders worth syncing with their roles, INBOX first, and `behind` them those of these roles that are not.

    On Gmail that is All Mail alone, which holds every message but spam and trash once; elsewhere a folder flagged `\\All` is a
    view that shows everything twice, and is left out.
    """
    folders = [folder for folder in listed if not folder.flags & _NOT_A_FOLDER]
    everything = [folder for folder in folders if folder.flagged_role is FolderRole.ALL]
    flagged = {folder.flagged_role for folder in folders}
    chosen = [(folder, _role(folder, flagged)) for folder in folders if not _holds_no_mail(folder, exchange=exchange)]
    dropped = {folder.path: role for folder, role in chosen if role in NOT_MAIL_ROLES}
    below = [(folder, role, _role_above(folder, dropped)) for folder, role in chosen if role is not FolderRole.ALL]
    kept = [_remote(folder, role) for folder, role, above in below if above is None]
    if gmail and everything:
        kept = [_remote(everything[0], FolderRole.ALL)]
    kept.sort(key=lambda folder: (folder.role is not FolderRole.INBOX, folder.role is not FolderRole.SENT, folder.name))
    others = (_remote(folder, above) for folder, _, above in below if above and above in behind)
    return kept + sorted(others, key=attrgetter("role", "name"))


def decode_name(raw: bytes) -> str:
    """Modified UTF-7 (RFC 3501, 5.1.3) as text; names that break it are shown as UTF-8 or as they are."""
    text = raw.decode("utf-8", "replace")
    if raw.isascii():
        with contextlib.suppress(ValueError, IndexError, LookupError):
            decoded = str(imap_utf7.decode(raw))
            decoded.encode()  # broken names decode to lone surrogates, which no database takes
            text = decoded
    return unicodedata.normalize("NFC", text).replace("\0", "\ufffd")


def folder_id(raw: bytes) -> str:
    """The name's bytes as text, one character each: identity must survive names that are no valid text."""
    return raw.decode("latin-1")


def raw_name(remote_id: str) -> bytes:
    """Back from `folder_id`. Raises `UnicodeEncodeError` for text that did not come from there."""
    return remote_id.encode("latin-1")


def _list_command(capabilities: frozenset[str], *, with_statuses: bool) -> bytes:
    wanted = [b"SPECIAL-USE"] if {"SPECIAL-USE", "LIST-EXTENDED"} <= capabilities else []
    if with_statuses and "LIST-STATUS" in capabilities:
        wanted.append(b"STATUS " + status_items(capabilities))
    if wanted:
        return _PLAIN_LIST + b" RETURN (" + b" ".join(wanted) + b")"
    if "XLIST" in capabilities and "SPECIAL-USE" not in capabilities:
        return b"X" + _PLAIN_LIST
    return _PLAIN_LIST


def _role(folder: ListedFolder, flagged: set[FolderRole | None]) -> FolderRole:
    if folder.raw.upper() == b"INBOX":
        return FolderRole.INBOX
    if folder.flagged_role is not None:
        return folder.flagged_role
    named = _ROLE_OF_NAME.get(folder.top_name, FolderRole.OTHER)
    # A server that marks its Sent folder knows better than a name; spam and trash are never mail, marked or not.
    return FolderRole.OTHER if named in flagged and named not in NOT_MAIL_ROLES else named


def _role_above(folder: ListedFolder, dropped: Mapping[tuple[str, ...], FolderRole]) -> FolderRole | None:
    """The role of the dropped folder that this one is or lies in; None for a folder worth syncing."""
    starts = (folder.path[:length] for length in range(1, len(folder.path) + 1))
    return next((dropped[start] for start in starts if start in dropped), None)


def _holds_no_mail(folder: ListedFolder, *, exchange: bool) -> bool:
    return folder.top_name in _OUTBOX or (exchange and folder.top_name in _EXCHANGE_ITEMS)


def _remote(folder: ListedFolder, role: FolderRole) -> RemoteFolder:
    name = "INBOX" if role is FolderRole.INBOX else "/".join(folder.path)
    return RemoteFolder(folder_id(folder.raw), name, role)


def _unquoted(text: bytes) -> bytes:
    return _ESCAPED.sub(rb"\1", text[1:-1]) if text[:1] == b'"' and text[-1:] == b'"' and len(text) > 1 else text
