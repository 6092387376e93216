"""The audit log as a file, line by line: however long it is, only a few rows are held at a time."""

import csv
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum

from audit.acts import words_of
from audit.models import AuditEvent, AuditEventQuerySet
from users.spreadsheets import guarded

AT_ONCE = 1000
COLUMNS = ("at", "person", "e-mail", "action", "in words", "target", "target key", "details", "request")


class Format(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"

    @property
    def content_type(self) -> str:
        return "text/csv; charset=utf-8" if self is Format.CSV else "application/jsonl; charset=utf-8"


def lines_of(events: AuditEventQuerySet, form: Format) -> Iterator[str]:
    rows = events.iterator(chunk_size=AT_ONCE)
    return as_csv(rows) if form is Format.CSV else as_json_lines(rows)


def as_csv(events: Iterable[AuditEvent]) -> Iterator[str]:
    """Begins with a byte order mark, without which Excel takes UTF-8 for Shift_JIS."""
    writer = csv.writer(_Handed())
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + writer.writerow(COLUMNS)
    for event in events:
        yield writer.writerow([guarded(cell) for cell in _cells(event)])


def as_json_lines(events: Iterable[AuditEvent]) -> Iterator[str]:
    for event in events:
        yield json.dumps(as_data(event), ensure_ascii=False) + "\n"


def as_data(event: AuditEvent) -> dict[str, object]:
    return {
        "id": event.pk,
        "at": event.created_at.isoformat(),
        "person": event.actor.name if event.actor else None,
        "email": event.actor.email if event.actor else None,
        "action": event.action,
        "words": words_of(event.action),
        "target_type": event.target_type,
        "target_id": event.target_id,
        "details": event.details,
        "request_id": event.request_id,
    }


def _cells(event: AuditEvent) -> list[str]:
    return [
        event.created_at.isoformat(),
        event.actor.name if event.actor else "",
        event.actor.email if event.actor else "",
        event.action,
        words_of(event.action),
        event.target_type,
        event.target_id,
        json.dumps(event.details, ensure_ascii=False) if event.details else "",
        event.request_id,
    ]


class _Handed:
    """A file that hands each written line back: `csv` writes to files only."""

    def write(self, line: str) -> str:
        return line
