"""Which messages of a folder carry a mark: those that lie in a folder named so, and those with a category."""

from collections.abc import Iterator

from inboxes.envelope import FolderRole
from inboxes.marks import Mark, MarkNames, MarkSource
from inboxes.providers.base import MarkedMessage, RemoteFolder
from inboxes.providers.graph.client import GraphClient, path_of, rows_of
from inboxes.providers.graph.cursors import digest
from inboxes.providers.graph.errors import Asked
from inboxes.providers.graph.listing import LIST_ROWS, all_ids


def marks_cursor(names: MarkNames, link: str) -> str:
    """The state in which a folder's marks were read: nothing has happened in it since `link` was given."""
    return f"g1:{names.digest}:{digest(link)}"


def read_marks(client: GraphClient, folder: RemoteFolder, names: MarkNames) -> frozenset[MarkedMessage]:
    """All marks of the folder. Raises `FolderGone`."""
    folder_mark = names.of_folder(folder.name) if folder.role is FolderRole.OTHER else None
    found: set[MarkedMessage] = set()
    if folder_mark:
        ids = all_ids(client, folder.remote_id, since=None)
        found.update(MarkedMessage(remote_id, folder_mark, MarkSource.FOLDER) for remote_id in ids)
    for remote_id, mark in _categorised(client, folder, names):
        if mark is not folder_mark:
            found.add(MarkedMessage(remote_id, mark, MarkSource.LABEL))
    return frozenset(found)


def _categorised(client: GraphClient, folder: RemoteFolder, names: MarkNames) -> Iterator[tuple[str, Mark]]:
    wanted = [name for mark in Mark if (name := names.name(mark))]
    if not wanted:
        return
    terms = " or ".join(f"categories/any(c:c eq '{name.replace(chr(39), chr(39) * 2)}')" for name in wanted)
    query: dict[str, str | int] = {"$select": "categories", "$top": LIST_ROWS, "$filter": terms}
    page = client.get(client.url(path_of("mailFolders", folder.remote_id, "messages", query=query)), Asked.FOLDER)
    while True:
        for row in rows_of(page):
            marks = {_mark_of(names, str(category)) for category in row.get("categories") or ()}
            yield from ((row["id"], mark) for mark in Mark if mark in marks)
        if "@odata.nextLink" not in page:
            return
        page = client.get(client.checked(page["@odata.nextLink"]), Asked.FOLDER)


def _mark_of(names: MarkNames, category: str) -> Mark | None:
    return next(
        (mark for mark in Mark if names.name(mark) and names.name(mark).casefold() == category.casefold()), None
    )
