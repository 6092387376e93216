"""Reading e-mails in a process of its own: another processor reads while this one writes what was read to the database.

Like the one of `guard`, the process is given nothing but what it reads. It ends with the socket to it, however its worker ended.
"""

import io
import pickle
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from itertools import starmap
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

from inboxes.mime.content import Content, CouldNotRead, ListedFile, Unread, read_content
from inboxes.mime.guard import PROJECT, harmless_environment

START_SECONDS = 60
ANSWER_SECONDS = 90
"""Longer than `guard` allows one hostile e-mail, shorter than a lease."""

LARGEST_ANSWER = 256 * 1024 * 1024
"""Several times what a batch can become."""


class ProcessLost(Exception):
    """The process ended, was too slow, or said what it should not, before all was read. Any of the e-mails may be the cause."""


class ReadingProcess:
    """For one thread at a time. After `ProcessLost`, and at the end, close it."""

    def __init__(self) -> None:
        """Raises `ProcessLost` when it does not start."""
        ours, theirs = Pipe()
        with theirs:
            self._connection = ours
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-s", "-m", __name__],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # a traceback could quote the mail
                    cwd=PROJECT,
                    env=harmless_environment(),
                )
            except OSError:
                ours.close()
                raise ProcessLost from None
        try:
            self._receive(START_SECONDS)
        except ProcessLost:
            self.close()
            raise

    def read(self, mails: Sequence[Unread]) -> list[Content | CouldNotRead]:
        """What each of them says, in their order. Raises `ProcessLost`."""
        try:
            self._connection.send_bytes(pickle.dumps(list(mails), pickle.HIGHEST_PROTOCOL))
            return [_unpacked(answer) for answer in _Answer(self._receive(ANSWER_SECONDS)).load()]
        except Exception:  # noqa: BLE001 - what was taken over may answer anything
            raise ProcessLost from None

    def close(self) -> None:
        """It holds nothing that it could lose."""
        self._connection.close()
        self._process.kill()
        self._process.wait()

    def _receive(self, seconds: float) -> io.BytesIO:
        try:
            if not self._connection.poll(seconds):
                raise ProcessLost
            return io.BytesIO(self._connection.recv_bytes(LARGEST_ANSWER))
        except (EOFError, OSError):
            raise ProcessLost from None


class _Answer(pickle.Unpickler):
    """Plain values, and no class at all: the process may have been taken over by what it reads."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError


def _read(mail: Unread) -> dict[str, Any] | str:
    """A `Content` as plain values, or the name of the error."""
    try:
        content = read_content(mail)
    except Exception as error:  # noqa: BLE001 - one e-mail must not stop those beside it
        return type(error).__name__
    return {**content._asdict(), "attachments": [tuple(file) for file in content.attachments]}


def _unpacked(answer: dict[str, Any] | str) -> Content | CouldNotRead:
    if isinstance(answer, str):
        return CouldNotRead(answer)
    return Content(**{**answer, "attachments": tuple(starmap(ListedFile, answer["attachments"]))})


def _main() -> None:
    # Ctrl-C is said to all of a terminal's programs: the worker says when this one ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nothing of what is read gets onto a disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection: Connection[bytes, bytes] = Connection(sys.stdin.fileno())
    try:
        connection.send_bytes(b"")
        while True:
            mails: list[Unread] = pickle.loads(connection.recv_bytes())  # noqa: S301 - the worker's own words
            connection.send_bytes(pickle.dumps([_read(mail) for mail in mails], pickle.HIGHEST_PROTOCOL))
    except (EOFError, OSError):
        return


if __name__ == "__main__":
    _main()
