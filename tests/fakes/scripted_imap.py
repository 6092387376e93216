"""An IMAP server on loopback that does exactly what a test tells it to, for what no healthy server would do.

It knows enough of the protocol to be signed in to and to answer from a list of messages. A test lays its own answers over that: a
`Reply` is used for the next command that begins with the given words, instead of the usual answer.
"""

import contextlib
import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inboxes.providers.imap import ImapSettings
from inboxes.providers.network import Security

_UIDS = re.compile(rb"(\d+)(?::(\d+))?")
_LITERAL = re.compile(rb"\{(\d+)\}$")
DATE = b'"20-Nov-2026 09:00:00 +0000"'


@dataclass
class Reply:
    """Lines before the tagged one, and that one without its tag; `cut_after` bytes the connection ends instead.

    A `challenge` is sent before, and what the client says to it is noted as a command.
    `silent` sends nothing, `trickles` a few bytes at a time. `times` is how often it is used (0: for ever).
    """

    to: bytes
    lines: bytes = b""
    status: bytes = b"OK done"
    cut_after: int | None = None
    times: int = 1
    containing_uid: int | None = None
    silent: bool = False
    trickles: bool = False
    challenge: bytes = b""


@dataclass
class ScriptedImap:
    """What the server holds and has been asked. Start it with `running()`."""

    messages: dict[int, bytes] = field(default_factory=dict)
    capabilities: bytes = b"IMAP4rev1 ID UNSELECT SPECIAL-USE"
    capabilities_before: bytes = b"IMAP4rev1 STARTTLS AUTH=PLAIN"
    greeting: bytes = b"* OK ready"
    folders: bytes = b'* LIST (\\HasNoChildren) "/" "INBOX"\r\n'
    uidvalidity: int = 7
    uidnext: int | None = None
    omit_uidnext: bool = False
    replies: list[Reply] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    breaking_uid: int | None = None
    breaks_before_sending: bool = False
    certificate: tuple[Path, Path] | None = None
    implicit_tls: bool = False
    port: int = 0

    def settings(self, *, security: Security = Security.NONE, **changes: object) -> ImapSettings:
        values: dict[str, object] = {
            "host": "localhost",
            "port": self.port,
            "security": security,
            "username": "haruka@crm.example",
            "password": "geheim",
            "allowed_hosts": ("localhost",),
        }
        return ImapSettings(**{**values, **changes})

    def sent(self, words: bytes) -> list[bytes]:
        """The commands received so far that begin with `words`."""
        return [command for command in self.commands if command.startswith(words)]

    @contextlib.contextmanager
    def running(self) -> Iterator["ScriptedImap"]:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        open_connections: list[_Connection] = []
        accepting = threading.Thread(target=self._accept, args=(listener, open_connections), daemon=True)
        accepting.start()
        try:
            yield self
        finally:
            # shutdown() wakes the thread that waits in accept(); close() alone would not.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            accepting.join(5)
            for connection in open_connections:
                connection.close()
                connection.join(5)

    def _accept(self, listener: socket.socket, open_connections: "list[_Connection]") -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            connection = _Connection(self, client)
            open_connections.append(connection)
            connection.start()


class _Connection(threading.Thread):
    def __init__(self, server: ScriptedImap, sock: socket.socket) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._socket = sock
        self._file: io.BufferedIOBase = io.BytesIO()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for opened in (self._file, self._socket):
            with contextlib.suppress(OSError, ValueError):
                opened.close()

    def run(self) -> None:
        try:
            if self._server.implicit_tls:
                self._wrap()
            self._send(self._server.greeting + b"\r\n")
            self._file = self._socket.makefile("rb")
            while line := self._file.readline():
                self._handle(line.rstrip(b"\r\n"))
        except (OSError, ValueError):
            pass
        finally:
            self.close()

    def _handle(self, line: bytes) -> None:
        while literal := _LITERAL.search(line):
            self._send(b"+ go on\r\n")
            line += b"\r\n" + self._file.read(int(literal[1])) + self._file.readline().rstrip(b"\r\n")
        tag, _, command = line.partition(b" ")
        if command.startswith(b"AUTHENTICATE"):
            self._send(b"+ \r\n")
            command += b"\r\n" + self._file.readline().rstrip(b"\r\n")
        self._server.commands.append(command)
        reply = self._planned(command)
        if reply is None:
            lines, status = self._usual(command)
            reply = Reply(command, lines, status, cut_after=self._break_at(command, lines))
        if reply.silent:
            return
        if reply.challenge:
            self._send(b"+ " + reply.challenge + b"\r\n")
            self._server.commands.append(self._file.readline())
        answer = reply.lines + tag + b" " + reply.status + b"\r\n"
        if reply.trickles:
            self._trickle(answer)
            return
        self._send(answer if reply.cut_after is None else answer[: reply.cut_after])
        if reply.cut_after is not None or command == b"LOGOUT":
            raise ConnectionAbortedError
        if command == b"STARTTLS" and reply.status.startswith(b"OK"):
            self._file.close()
            self._wrap()
            self._file = self._socket.makefile("rb")

    def _trickle(self, answer: bytes) -> None:
        for start in range(0, len(answer), 5):
            self._send(answer[start : start + 5])
            time.sleep(0.02)

    def _planned(self, command: bytes) -> Reply | None:
        for reply in self._server.replies:
            if not command.upper().startswith(reply.to):
                continue
            if reply.containing_uid is None or reply.containing_uid in self._uids(command):
                reply.times -= 1
                if reply.times == 0:
                    self._server.replies.remove(reply)
                return reply
        return None

    def _usual(self, command: bytes) -> tuple[bytes, bytes]:
        server, word = self._server, command.upper().split(b" ")[0]
        if word == b"CAPABILITY":
            return b"* CAPABILITY " + server.capabilities_before + b"\r\n", b"OK done"
        if word in {b"LOGIN", b"AUTHENTICATE"}:
            return b"* CAPABILITY " + server.capabilities + b"\r\n", b"OK signed in"
        if word in {b"LIST", b"XLIST"}:
            return server.folders, b"OK done"
        if word == b"EXAMINE":
            return self._examined(), b"OK [READ-ONLY] done"
        if word == b"STATUS":
            name = command.split(b'"')[1]
            return b'* STATUS "%b" (UIDNEXT %d UIDVALIDITY %d)\r\n' % (
                name,
                self._uidnext,
                server.uidvalidity,
            ), b"OK done"
        if command.upper().startswith(b"UID SEARCH"):
            wanted = self._uids(command) if b" UID " in command[4:] else set(server.messages)
            found = b" ".join(b"%d" % uid for uid in sorted(server.messages) if uid in wanted)
            return b"* SEARCH " + found + b"\r\n", b"OK done"
        if command.upper().startswith(b"UID FETCH"):
            wanted = self._uids(command) - server.hidden
            return b"".join(self.row(uid, command) for uid in sorted(server.messages) if uid in wanted), b"OK done"
        if word == b"LOGOUT":
            return b"* BYE bye\r\n", b"OK done"
        return b"", b"OK done"

    def _break_at(self, command: bytes, lines: bytes) -> int | None:
        """Where the answer ends for ever if it holds the message that breaks this server."""
        if not command.startswith(b"UID FETCH") or self._server.breaking_uid not in self._uids(command):
            return None
        return 0 if self._server.breaks_before_sending else lines.index(b"UID %d " % self._server.breaking_uid) + 60

    def _examined(self) -> bytes:
        lines = b"* %d EXISTS\r\n* OK [UIDVALIDITY %d] valid\r\n" % (
            len(self._server.messages),
            self._server.uidvalidity,
        )
        return lines if self._server.omit_uidnext else lines + b"* OK [UIDNEXT %d] next\r\n" % self._uidnext

    @property
    def _uidnext(self) -> int:
        return self._server.uidnext or max(self._server.messages, default=0) + 1

    def _uids(self, command: bytes) -> set[int]:
        words = command.split(b" ")
        text = words[words.index(b"UID", 1) + 1] if b" UID " in command[4:] and b"SEARCH" in command else words[2]
        found: set[int] = set()
        for match in _UIDS.finditer(text):
            last = int(match[2] or match[1])
            found |= {uid for uid in self._server.messages if int(match[1]) <= uid <= last}
        return found

    def row(self, uid: int, command: bytes) -> bytes:
        raw = self._server.messages[uid]
        return fetch_row(uid, raw, body=command)

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _wrap(self) -> None:
        assert self._server.certificate
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self._server.certificate)
        self._socket = context.wrap_socket(self._socket, server_side=True)


def fetch_row(uid: int, raw: bytes, *, body: bytes = b"HEADER") -> bytes:
    """A FETCH response as most servers write it, for the items that `body` (a command) asks for."""
    header = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    start = b"* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE %b FLAGS (\\Seen)" % (uid, uid, len(raw), DATE)
    if b"HEADER" in body:
        return start + b" BODY[HEADER.FIELDS (FROM)] {%d}\r\n%b)\r\n" % (len(header), header)
    if b"]<0." in body:
        part = raw[: int(body.partition(b"]<0.")[2].partition(b">")[0])]
        return start + b" BODY[]<0> {%d}\r\n%b)\r\n" % (len(part), part)
    if b"BODY" in body:
        return start + b" BODY[] {%d}\r\n%b)\r\n" % (len(raw), raw)
    return start + b")\r\n"
