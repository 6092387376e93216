"""Reading named messages with their headers: in batches, every message answered for by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from inboxes.providers.base import MessageGone, ProviderError, RemoteFolder
from inboxes.providers.graph.client import FAULTS_BORNE, PARTS_PER_BATCH, GraphClient, is_fault, path_of
from inboxes.providers.graph.errors import TOO_MANY_AT_ONCE, Asked
from inboxes.providers.graph.messages import EXPAND, SELECT_WITH_HEADERS

Json = dict[str, Any]

PARTS_AT_ONCE = 4
"""Of one batch Graph answers so many at a time for a mailbox."""
REFUSED = "refused_by_server"
_QUERY = {"$select": SELECT_WITH_HEADERS, "$expand": EXPAND}


@dataclass(slots=True)
class Reading:
    """What became of each message that was asked for, by id. `error` is what ended it before all were answered for."""

    rows: dict[str, Json] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    error: ProviderError | None = None

    def answers_for(self, remote_id: str) -> bool:
        return remote_id in self.rows or remote_id in self.gone or remote_id in self.refused


def read_messages(client: GraphClient, folder: RemoteFolder, remote_ids: Sequence[str]) -> Reading:
    """A message that lies in another folder by now is gone from this one. Raises nothing.

    Parts for which there were too many at once are asked again in smaller batches: they only stood in one another's way.
    """
    reading = Reading()
    waiting, parts = list(remote_ids), PARTS_PER_BATCH
    while waiting and reading.error is None:
        batch, waiting = waiting[:parts], waiting[parts:]
        crowded_out = _read_batch(client, folder, batch, reading)
        if crowded_out and parts == 1 and reading.error is None:
            reading.error = crowded_out[batch[0]]
        elif crowded_out:
            waiting, parts = [*crowded_out, *waiting], PARTS_AT_ONCE if parts > PARTS_AT_ONCE else 1
    return reading


def _read_batch(
    client: GraphClient, folder: RemoteFolder, remote_ids: Sequence[str], reading: Reading
) -> dict[str, ProviderError]:
    """The messages that there was no room for."""
    paths = [path_of("mailFolders", folder.remote_id, "messages", one, query=_QUERY) for one in remote_ids]
    try:
        answers = client.batch(paths, Asked.MESSAGE)
    except ProviderError as error:
        reading.error = error
        return {}
    crowded_out: dict[str, ProviderError] = {}
    faults: dict[str, ProviderError] = {}
    for remote_id, answer in zip(remote_ids, answers, strict=True):
        if answer.error is None:
            _sort(reading, folder, remote_id, answer.body)
        elif isinstance(answer.error, MessageGone):
            reading.gone.add(remote_id)
        elif answer.error.cause == TOO_MANY_AT_ONCE:
            crowded_out[remote_id] = answer.error
        elif is_fault(answer.error):
            faults[remote_id] = answer.error
        else:
            reading.error = answer.error
    if len(faults) < FAULTS_BORNE:
        reading.refused.update(faults)
    else:
        reading.error = reading.error or next(iter(faults.values()))
    return crowded_out


def _sort(reading: Reading, folder: RemoteFolder, remote_id: str, row: Json) -> None:
    if row.get("parentFolderId", folder.remote_id) == folder.remote_id:
        reading.rows[remote_id] = {**row, "id": remote_id}
    else:
        reading.gone.add(remote_id)
