"""Going through files: what is stored of mail, everything else in DATA_DIR (logs, the schedule of beat), and what is named."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import DatabaseError, connection, transaction

from crm_project import logs
from crm_project.demo.home import folder_in
from crm_project.privacy.search import Search, Trace, Unsearchable
from crm_project.privacy.tokens import Token
from crm_project.privacy.unwrapping import OPENERS
from inboxes.models import Message

PART = 8 * 1024 * 1024
OVERLAP = 64 * 1024
PROGRAMS = {"uv", "binaries", "valkey-server"}
"""Folders of DATA_DIR with nothing but downloaded programs."""


def traces(search: Search, named: list[Path]) -> Iterator[Trace]:
    """Raises `Unsearchable` for a file that may not be read."""
    for storage in _storages():
        yield from _traces_in_storage(search, storage)
    for top in [Path(settings.DATA_DIR), *_logs_of_the_database(), *named]:
        for path in _files_below(top):
            yield from _traces_in_path(search, path, top)


def _traces_in_path(search: Search, path: Path, top: Path) -> Iterator[Trace]:
    name = path.name if path == top else str(path.relative_to(top))
    try:
        with path.open("rb") as file:
            yield from _trace_in_file(search, file, name)
    except FileNotFoundError:
        return  # it is gone meanwhile
    except OSError:
        raise Unsearchable(f"file {_shown(name, search.in_value(name))}") from None


def _storages() -> list[Storage]:
    """Each place of files once, however many names it has."""
    places = {getattr(storages[alias], "location", alias): storages[alias] for alias in ("default", "mail")}
    return list(places.values())


def _traces_in_storage(search: Search, storage: Storage) -> Iterator[Trace]:
    for name in _names_in(storage, ""):
        with storage.open(name) as file:
            for trace in _trace_in_file(search, file, f"media/{name}"):
                yield Trace(trace.place, trace.tokens, _messages_of(storage, name))


def _names_in(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (os.path.join(folder, name) for name in files)  # noqa: PTH118 - names of a storage, not paths
    for inner in folders:
        yield from _names_in(storage, os.path.join(folder, inner))  # noqa: PTH118


def _messages_of(storage: Storage, name: str) -> tuple[int, ...]:
    """The stored e-mails that refer to a file which holds what its name says."""
    key = name.rpartition("/")[2]
    with storage.open(name) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != key:
            return ()
    return tuple(Message.objects.filter(raw_key=key).values_list("pk", flat=True))


def _files_below(top: Path) -> Iterator[Path]:
    if top.is_file():
        yield top
    left_out = {Path(settings.MEDIA_ROOT), folder_in(settings.DATA_DIR)}
    for folder, folders, names in os.walk(top):
        here = Path(folder)
        # A database cluster is searched as the database it is; the demo's mailboxes are mailboxes.
        folders[:] = [
            name
            for name in folders
            if name not in PROGRAMS and here / name not in left_out and not (here / name / "PG_VERSION").exists()
        ]
        yield from (here / name for name in names if (here / name).is_file())


def _logs_of_the_database() -> list[Path]:
    """The logs beside the database, if it runs on this machine and we may ask where."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            (folder,) = cursor.fetchone()
    except DatabaseError:
        return []
    beside = Path(folder).parent
    return [] if beside.is_relative_to(settings.DATA_DIR) else sorted(beside.glob("*.log"))


def _trace_in_file(search: Search, file: IO[bytes], name: str) -> Iterator[Trace]:
    """One trace at most."""
    in_name = search.in_value(name)
    if tokens := in_name | _tokens_in(search, file):
        yield Trace(f"file {_shown(name, in_name)}", tokens)


def _tokens_in(search: Search, file: IO[bytes]) -> frozenset[Token]:
    found: set[Token] = set()
    start = file.read(8)
    file.seek(0)
    opened: IO[Any] = next((opener(file) for magic, opener in OPENERS.items() if start.startswith(magic)), file)
    tail = b""
    while part := opened.read(PART):
        found |= search.in_value(tail + part)
        tail = part[-OVERLAP:]
    return frozenset(found)


def _shown(name: str, in_name: frozenset[Token]) -> str:
    if in_name:
        return logs.WITHHELD
    # Files of mail are named by their content's hash, which says nothing.
    return "/".join(part if len(part) == 64 else str(logs.checked(part)) for part in name.split("/"))
