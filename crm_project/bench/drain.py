"""The floor: what the server needs to say something, with a client that reads the bytes and drops them."""

import socket
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from crm_project.bench.dovecot import PASSWORD
from inboxes.providers.imap.scan import header_items
from inboxes.providers.imap.streaming import uid_set

BODIES_PER_COMMAND = 100
_LONGEST_LAST_LINE = 1_000


class Drain:
    """One raw connection, signed in."""

    def __init__(self, port: int, user: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._space = memoryview(bytearray(1 << 18))
        self._socket.recv(len(self._space))  # the greeting
        self.run(b'LOGIN "%b" "%b"' % (user.encode(), PASSWORD.encode()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def run(self, *commands: bytes) -> int:
        """Sends all, then reads until the last is answered; returns how many bytes came."""
        tags = [b"d%d" % number for number in range(len(commands))]
        self._socket.sendall(b"".join(b"%b %b\r\n" % pair for pair in zip(tags, commands, strict=True)))
        received, tail = 0, b""
        while True:
            count = self._socket.recv_into(self._space)
            if not count:
                raise ConnectionResetError("the server closed the connection")
            received += count
            tail = (tail + bytes(self._space[max(0, count - _LONGEST_LAST_LINE) : count]))[-_LONGEST_LAST_LINE:]
            last_line = tail.removesuffix(b"\r\n").rpartition(b"\r\n")[2]
            if tail.endswith(b"\r\n") and last_line.startswith(tags[-1] + b" "):
                return received


def statuses(port: int, user: str, folders: Iterable[str]) -> float:
    """Seconds for asking whether anything is new in the folders."""
    began = time.perf_counter()
    with Drain(port, user) as drain:
        drain.run(*(b'STATUS "%b" (UIDNEXT UIDVALIDITY)' % name.encode() for name in folders))
    return time.perf_counter() - began


def headers(port: int, user: str, folders: Iterable[str]) -> float:
    """Seconds for the headers that a scan asks for, of all mail."""
    began = time.perf_counter()
    with Drain(port, user) as drain:
        for name in folders:
            drain.run(b'EXAMINE "%b"' % name.encode())
            drain.run(b"UID FETCH 1:* " + header_items())
    return time.perf_counter() - began


def bodies(port: int, user: str, uids: Mapping[str, Sequence[int]]) -> float:
    """Seconds for whole messages, by folder."""
    began = time.perf_counter()
    with Drain(port, user) as drain:
        for name, wanted in uids.items():
            drain.run(b'EXAMINE "%b"' % name.encode())
            for start in range(0, len(wanted), BODIES_PER_COMMAND):
                part = uid_set(wanted[start : start + BODIES_PER_COMMAND])
                drain.run(b"UID FETCH %b (UID BODY.PEEK[])" % part)
    return time.perf_counter() - began
