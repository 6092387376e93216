"""The console as a table for spreadsheets."""

from collections.abc import Iterable
from datetime import datetime

from logging_rules.console import Connection
from users.spreadsheets import as_csv

COLUMNS = (
    "address", "name", "kind", "provider", "owner", "owner's address", "status", "status since", "cause", "in words",
    "last read", "settled", "waiting", "logged", "connected",
)  # fmt: skip


def exported(connections: Iterable[Connection]) -> str:
    return as_csv([COLUMNS, *(_cells(connection) for connection in connections)])


def _cells(connection: Connection) -> tuple[str, ...]:
    inbox = connection.inbox
    return (
        inbox.address,
        inbox.name,
        inbox.kind,
        inbox.provider,
        inbox.owner.name,
        inbox.owner.email,
        inbox.status,
        _moment(inbox.status_since),
        inbox.cause,
        str(connection.cause.title) if connection.cause else "",
        _moment(inbox.live_synced_at),
        f"{connection.share:.4f}",
        str(connection.open),
        str(connection.logged),
        _moment(inbox.created_at),
    )


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
