"""Reading the e-mails of a slice, and filing their originals."""

from collections.abc import Sequence
from threading import Lock
from typing import Self

import structlog

from inboxes import files
from inboxes.mime.content import Content, CouldNotRead, Unread, read_content
from inboxes.mime.reading_process import ProcessLost, ReadingProcess

logger = structlog.get_logger(__name__)

WORTH_A_PROCESS = 200
"""So many e-mails take about as long to read as the process takes to start."""


class Reader:
    """Reads in a process of its own as soon as there is enough to read, and where none can be had, here. What one thread has had read
    is filed while another's is read.

    One for each slice: nothing waits idle between them, and starting it takes no more than a fifth of a second of a slice.
    """

    def __init__(self, inbox_id: int) -> None:
        self._inbox_id = inbox_id
        self._process: ReadingProcess | None = None
        self._wants_process = False
        self._reading, self._filing = Lock(), Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._end_process()

    def expect(self, mails: int) -> None:
        """So many come next."""
        self._wants_process |= mails >= WORTH_A_PROCESS

    def take_care(self) -> None:
        """Among those that come next may be one that ended a process before."""
        self._wants_process = True

    def read(self, mails: Sequence[Unread]) -> list[Content | Exception]:
        """What is stored of each, in their order, or why it cannot be read or filed."""
        with self._reading:
            contents = self._read(mails)
        with self._filing:  # two at a time get into each other's way in the folder of drafts
            return [_filed(mail, content) for mail, content in zip(mails, contents, strict=True)]

    def _read(self, mails: Sequence[Unread]) -> Sequence[Content | Exception]:
        self._start_process()
        if self._process is None:
            return [_read_here(mail) for mail in mails]
        try:
            return self._process.read(mails)
        except ProcessLost:
            logger.warning("reading_process_lost", inbox_id=self._inbox_id, messages=len(mails))
            self._end_process()
            return [self._read_alone(mail) for mail in mails]

    def _read_alone(self, mail: Unread) -> Content | Exception:
        """It may have been this one that ended the process, so it is never read in ours."""
        self._start_process()
        if self._process is None:
            return CouldNotRead(ProcessLost.__name__)
        try:
            return self._process.read([mail])[0]
        except ProcessLost as error:
            self._end_process()
            return error

    def _start_process(self) -> None:
        if not self._wants_process or self._process is not None:
            return
        try:
            self._process = ReadingProcess()
        except ProcessLost:
            self._wants_process = False
            logger.warning("reading_process_not_started", inbox_id=self._inbox_id)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()


def _read_here(mail: Unread) -> Content | Exception:
    try:
        return read_content(mail)
    except Exception as error:  # noqa: BLE001 - one e-mail must not stop those beside it
        return error


def _filed(mail: Unread, content: Content | Exception) -> Content | Exception:
    if isinstance(content, Exception):
        return content
    try:
        return content._replace(raw_key=files.store(content.rewritten or mail.raw), rewritten=b"")
    except Exception as error:  # noqa: BLE001 - one e-mail must not stop those beside it
        return error
