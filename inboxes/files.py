"""The original bytes of stored e-mails, named by their SHA-256, on the storage called "mail".

Equal content is kept once. A file is written before the rows that refer to it, outside their transaction, so a crash can leave
a file nobody refers to; `sweep` removes those. Only logged mail ever gets here.
"""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TypeVar

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

from inboxes.models import Message

GRACE = timedelta(minutes=10)
"""A file touched more recently may belong to rows about to be committed (a worker's slice ends within five minutes)."""
T = TypeVar("T")

_CREATE = os.O_CREAT | os.O_WRONLY | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)

DRAFTS = "mail/drafts"
DRAFT = ".draft-"


class MailFiles(FileSystemStorage):
    """Files on disk that appear under their name only when complete, readable by this account only."""

    def __init__(self, location: str | None = None) -> None:
        super().__init__(location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700)

    def keep(self, name: str, content: bytes) -> None:
        """Writes the file, or marks the one that is there as just used. `name` is one of ours."""
        path = f"{self.location}/{name}"
        try:
            os.utime(path)
        except FileNotFoundError:
            self._write(path, content)

    def _write(self, path: str, content: bytes) -> None:
        draft = self._draft()
        file = _with_folder(draft, lambda: os.open(draft, _CREATE, 0o600))
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(content)
            _with_folder(path, lambda: os.replace(draft, path))  # noqa: PTH105 - a third of the time
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def discard(self, name: str, *, unless_used_since: datetime) -> bool:
        """Removes the file if it is there, but not one that somebody keeps again at this moment: they find it before it is put
        aside, and it comes back, or they do not, and write it anew."""
        path, aside = Path(self.location, name), Path(self._draft())
        try:
            _with_folder(str(aside), lambda: path.rename(aside))
            if aside.stat().st_mtime >= unless_used_since.timestamp():
                aside.replace(path)
                return False
            aside.unlink()
        except FileNotFoundError:
            return False  # somebody else removes it
        return True

    def _draft(self) -> str:
        # In a folder of their own: a file system lays out files where they are made, and new folders far apart from one another.
        # Workers on several machines may share the storage: only chance tells their drafts apart.
        return f"{self.location}/{DRAFTS}/{DRAFT}{secrets.token_hex(16)}"


def _with_folder(path: str, step: Callable[[], T]) -> T:
    """The step, once more when the folder of the path was missing."""
    try:
        return step()
    except FileNotFoundError:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return step()


def store(content: bytes) -> str:
    """Keeps the bytes and returns their key. Idempotent."""
    key = hashlib.sha256(content).hexdigest()
    storage = _storage()
    if isinstance(storage, MailFiles):
        storage.keep(_name(key), content)
    elif not storage.exists(_name(key)):
        storage.save(_name(key), ContentFile(content))
    return key


def open_file(key: str) -> IO[bytes]:
    """Raises FileNotFoundError when the file was removed."""
    return _storage().open(_name(key), "rb")


def read(key: str) -> bytes:
    """Raises FileNotFoundError when the file was removed."""
    with open_file(key) as file:
        return file.read()


def delete_unreferenced(keys: Iterable[str], *, now: datetime) -> int:
    """Removes those of the files that no stored message refers to any more; returns how many.

    Call it after the commit that removed the rows. Files of the last minutes are left for `sweep`.
    """
    wanted = set(keys)
    return _remove_settled(map(_name, wanted - _referenced(wanted)), now)


def sweep(*, now: datetime) -> int:
    """Removes every file that nothing refers to, drafts of killed workers included; returns how many. For a daily run."""
    removed = 0
    for folder, names in _folders():
        drafts = {name for name in names if name.startswith(DRAFT)}
        removed += _remove_settled((f"{folder}/{name}" for name in drafts), now)
        removed += delete_unreferenced(names - drafts, now=now)
    return removed


def _storage() -> Storage:
    return storages["mail"]


def _name(key: str) -> str:
    return f"mail/{key[:2]}/{key}"


def _referenced(keys: set[str]) -> set[str]:
    return set(Message.objects.filter(raw_key__in=keys).values_list("raw_key", flat=True))


def _remove_settled(names: Iterable[str], now: datetime) -> int:
    return sum(_remove(name, now) for name in names if _is_settled(name, now))


def _remove(name: str, now: datetime) -> bool:
    storage = _storage()
    if isinstance(storage, MailFiles):
        return storage.discard(name, unless_used_since=now - GRACE)
    storage.delete(name)
    return True


def _is_settled(name: str, now: datetime) -> bool:
    try:
        return _storage().get_modified_time(name) < now - GRACE
    except FileNotFoundError:
        return False


def _folders() -> Iterator[tuple[str, set[str]]]:
    """Each folder of the store with the names of its files."""
    storage = _storage()
    try:
        folders = storage.listdir("mail")[0]
    except FileNotFoundError:
        return
    for folder in folders:
        yield f"mail/{folder}", set(storage.listdir(f"mail/{folder}")[1])
