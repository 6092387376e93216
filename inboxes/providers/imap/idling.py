"""A mailbox that speaks up: one connection in IDLE (RFC 2177) on INBOX, read-only. It tells that something happened, not what."""

import re
import time
from typing import Self

from inboxes.providers.base import Misconfigured, TemporarilyUnavailable
from inboxes.providers.imap.connection import ImapConnection, ImapSettings, raise_on_bye, translated_errors
from inboxes.providers.imap.errors import Phase, classify

PATIENCE_SECONDS = 10.0
"""A server that has begun to answer has so long to finish; nobody else may wait for it much longer."""

_NEWS = re.compile(rb"\* \d+ (?:EXISTS|RECENT|EXPUNGE)\b", re.IGNORECASE)


class Listener:
    """Not thread-safe. Every method raises `ProviderError` only; after one the listener is of no more use but to be closed."""

    def __init__(self, connection: ImapConnection) -> None:
        self._connection = connection
        self._tag = b""
        self.idle_since = 0.0

    @classmethod
    def open(cls, settings: ImapSettings) -> Self:
        """Signs in and starts to listen. Raises `Misconfigured("idle_not_offered")` for a server that cannot do this."""
        listener = cls(ImapConnection.open(settings))
        try:
            listener._open_inbox()
            listener._begin()
        except BaseException:
            listener.close()
            raise
        return listener

    def fileno(self) -> int:
        """For a selector: readable when `hear` has something to do."""
        return self._connection.wire.sock.fileno()

    def hear(self) -> bool:
        """Reads what has come in; true when messages came or went."""
        news = False
        with translated_errors():
            while True:
                line = self._connection.wire.read_response()[0]
                raise_on_bye(line)
                if line.startswith(self._tag):
                    raise TemporarilyUnavailable("connection_lost")  # the server ended IDLE by itself
                news |= _NEWS.match(line) is not None
                if not self._connection.wire.has_unread:
                    return news

    def renew(self) -> bool:
        """Ends IDLE, asks once more with NOOP and begins again: proof that the connection is alive. True when there are news."""
        with translated_errors():
            self._connection.wire.send(b"DONE\r\n")
        answers = [self._connection.receive(self._tag), self._connection.exchange(b"NOOP")]
        self._begin()
        return any(_NEWS.match(response[0]) for answer in answers for response in answer.responses)

    def close(self) -> None:
        """At once and without taking leave: the connection may be dead. Never raises."""
        self._connection.close()

    def _open_inbox(self) -> None:
        if "IDLE" not in self._connection.capabilities:
            raise Misconfigured("idle_not_offered")
        answer = self._connection.exchange(b"EXAMINE INBOX")
        if not answer.ok:
            raise classify(answer.status, Phase.OPEN_FOLDER)
        self._connection.wire.sock.settimeout(PATIENCE_SECONDS)

    def _begin(self) -> None:
        self._tag = self._connection.send(b"IDLE")
        with translated_errors():
            while not (line := self._connection.wire.read_response()[0]).startswith(b"+"):
                if line.startswith(self._tag):
                    raise TemporarilyUnavailable("server_refused")
                raise_on_bye(line)
        self.idle_since = time.monotonic()
