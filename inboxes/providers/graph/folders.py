"""Which folders a mailbox has. What each is for is told by names that are the same in every language."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inboxes.envelope import NOT_MAIL_ROLES, FolderRole
from inboxes.providers.base import FolderGone, RateLimited, RemoteFolder, TemporarilyUnavailable
from inboxes.providers.graph.client import PARTS_PER_BATCH, Answer, GraphClient, path_of, rows_of
from inboxes.providers.graph.errors import Asked

Json = dict[str, Any]

ROLES: Mapping[str, FolderRole | None] = {
    "inbox": FolderRole.INBOX,
    "sentitems": FolderRole.SENT,
    "archive": FolderRole.ARCHIVE,
    "drafts": FolderRole.DRAFTS,
    "deleteditems": FolderRole.TRASH,
    "junkemail": FolderRole.JUNK,
    # No mail to anybody: what is about to leave, chats, and what Outlook notes for itself.
    "outbox": None,
    "conversationhistory": None,
    "syncissues": None,
}
"""Well-known names. None: not even the owner looks for mail there."""

_QUERY: Mapping[str, str | int] = {"$select": "id,displayName,parentFolderId,childFolderCount", "$top": 100}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree a folder stands. `role`: that of the well-known folder it is, or is below if that is not worth syncing."""

    path: tuple[str, ...]
    role: FolderRole


def list_folders(client: GraphClient, *, with_dropped: bool = False, with_junk: bool = False) -> list[RemoteFolder]:
    """The folders worth syncing, Inbox first; on request drafts, junk and trash with all below them, behind those, or junk alone.

    Raises `TemporarilyUnavailable` if the Inbox is not among them: every mailbox has one, so the answer is not believed.
    """
    left_out = NOT_MAIL_ROLES - {FolderRole.JUNK} if with_junk else NOT_MAIL_ROLES
    known = _well_known(client)
    roles = {row["id"]: ROLES[name] for name, row in known.items()}
    top = {row["id"]: row for row in (*_pages(client, path_of("mailFolders", query=_QUERY)), *known.values())}
    found: list[RemoteFolder] = []
    level = [(row, _Place((), FolderRole.OTHER)) for row in top.values()]
    while level:
        placed = [(row, place) for row, above in level if (place := _place(row, above, roles))]
        if not with_dropped:
            placed = [(row, place) for row, place in placed if place.role not in left_out]
        found += [RemoteFolder(row["id"], "/".join(place.path), place.role) for row, place in placed]
        level = list(_children(client, [pair for pair in placed if pair[0].get("childFolderCount")]))
    if not any(folder.role is FolderRole.INBOX for folder in found):
        raise TemporarilyUnavailable("no_folders")
    folders = {folder.remote_id: folder for folder in found}
    return sorted(folders.values(), key=_turn)


def _turn(folder: RemoteFolder) -> tuple[bool, bool, bool, str, str]:
    dropped = folder.role in NOT_MAIL_ROLES
    is_inbox, is_sent = folder.role is FolderRole.INBOX, folder.role is FolderRole.SENT
    return dropped, not is_inbox, not is_sent, folder.role if dropped else "", folder.name


def _place(row: Json, above: _Place, roles: Mapping[str, FolderRole | None]) -> _Place | None:
    """None for what holds no mail, and for saved searches, which show mail of other folders once more."""
    own = roles.get(row["id"], FolderRole.OTHER)
    if own is None or str(row.get("@odata.type", "")).endswith("mailSearchFolder"):
        return None
    role = above.role if above.role in NOT_MAIL_ROLES else own
    if role is FolderRole.INBOX:
        return _Place(("INBOX",), role)
    return _Place((*above.path, str(row.get("displayName") or "")), role)


def _well_known(client: GraphClient) -> dict[str, Json]:
    """Those of the well-known folders that this mailbox has."""
    query = {"$select": _QUERY["$select"]}
    answers = _ask(client, [path_of("mailFolders", name, query=query) for name in ROLES])
    found: dict[str, Json] = {}
    for name, answer in zip(ROLES, answers, strict=True):
        if answer.error is None:
            found[name] = answer.body
        elif not isinstance(answer.error, FolderGone):
            raise answer.error
    return found


def _ask(client: GraphClient, paths: Sequence[str]) -> Iterator[Answer]:
    """As a batch; parts that were refused because there were too many of them are asked for alone."""
    for path, answer in zip(paths, client.batch(paths, Asked.FOLDER), strict=True):
        if not isinstance(answer.error, RateLimited):
            yield answer
            continue
        try:
            yield Answer(client.get(client.url(path), Asked.FOLDER))
        except FolderGone as gone:
            yield Answer({}, gone)


def _children(client: GraphClient, parents: Iterable[tuple[Json, _Place]]) -> Iterator[tuple[Json, _Place]]:
    waiting = list(parents)
    for start in range(0, len(waiting), PARTS_PER_BATCH):
        part = waiting[start : start + PARTS_PER_BATCH]
        paths = [path_of("mailFolders", row["id"], "childFolders", query=_QUERY) for row, _ in part]
        for (_, place), answer in zip(part, _ask(client, paths), strict=True):
            if answer.error is None:
                yield from ((row, place) for row in _rest(client, answer.body))
            elif not isinstance(answer.error, FolderGone):
                raise answer.error


def _pages(client: GraphClient, path: str) -> Iterator[Json]:
    yield from _rest(client, client.get(client.url(path), Asked.MAILBOX))


def _rest(client: GraphClient, page: Json) -> Iterator[Json]:
    """The rows of this page and of all that follow it."""
    while True:
        yield from rows_of(page)
        if "@odata.nextLink" not in page:
            return
        page = client.get(client.checked(page["@odata.nextLink"]), Asked.MAILBOX)
