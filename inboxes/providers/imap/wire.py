"""The bytes of one IMAP connection. imaplib and the FETCH reader share this buffer, so what one read ahead the other still gets."""

import re
import socket
import time

from inboxes.providers.network import READ_SECONDS, close_quietly

READ_AHEAD = 1 << 18
# A SEARCH answer is one line: about 8 bytes for each message, so this is a folder of two million.
LONGEST_LINE = 16 * 1024 * 1024
LONGEST_LITERAL = 64 * 1024 * 1024

# Of an answer that is held in memory as a whole. Twice a SEARCH of that folder is far from it.
LONGEST_ANSWER = 128 * 1024 * 1024

# An answer may take as long as one read, and a second more for so many bytes of it: a server that trickles holds up nobody.
SLOWEST = 4_096

_LITERAL_AT_END = re.compile(rb"\{(\d{1,10})\+?\}$")


class Wire:
    """Buffered reading from a socket; all methods raise `OSError` when the connection is gone or breaks the framing."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.received = 0
        self._space = bytearray(READ_AHEAD)
        self._view = memoryview(self._space)
        self._buffer = b""
        self._position = 0
        self._waited = 0.0
        self._brought = 0

    @property
    def has_unread(self) -> bool:
        return self._position < len(self._buffer)

    def send(self, data: bytes) -> None:
        self.begin_answer()
        self.sock.sendall(data)

    def begin_answer(self) -> None:
        """Of several that are on their way, each may take its time."""
        self._waited, self._brought = 0.0, 0

    def read_line(self) -> bytes:
        """The next line without its CRLF."""
        end = self._buffer.find(b"\r\n", self._position)
        if end < 0:
            end = self._fill_to_line_end()
        line = self._buffer[self._position : end]
        self._position = end + 2
        return line

    def read(self, size: int, keep: int | None = None) -> bytes:
        """Exactly the next `size` bytes; of more than `keep` only the first `keep` are held in memory and returned."""
        start, end = self._position, self._position + size
        if end <= len(self._buffer):
            self._position = end
            return self._buffer[start : min(end, start + keep) if keep is not None else end]
        chunks, wanted = [self._buffer[start:]], size if keep is None else min(size, keep)
        have = kept = len(chunks[0])
        while have < size:
            chunk = self._receive()
            have += len(chunk)
            if kept < wanted:
                chunks.append(chunk)
                kept += len(chunk)
        surplus = have - size
        self._buffer, self._position = chunk[len(chunk) - surplus :], 0
        return b"".join(chunks)[:wanted]

    def read_response(self) -> list[bytes]:
        """One whole response: its line, or line, literal, line, literal, … line."""
        self.refuse_endless_answer()
        return self.read_rest(self.read_line())

    def read_rest(self, line: bytes) -> list[bytes]:
        """The response that begins with `line`."""
        parts = [line]
        while literal := _LITERAL_AT_END.search(parts[-1]):
            size = int(literal[1])
            if size > LONGEST_LITERAL:
                raise ConnectionError("literal too long")
            parts += [self.read(size), self.read_line()]
        return parts

    def refuse_endless_answer(self) -> None:
        """For who collects all responses to a command: a hostile server could send them until no memory is left."""
        if self._brought > LONGEST_ANSWER:
            raise ConnectionError("answer too long")

    def close(self) -> None:
        close_quietly(self.sock)

    def _fill_to_line_end(self) -> int:
        chunks, size = [self._buffer[self._position :]], len(self._buffer) - self._position
        while True:
            chunk = self._receive()
            seam = chunks[-1][-1:] == b"\r" and chunk[:1] == b"\n"
            chunks.append(chunk)
            if seam or b"\r\n" in chunk:
                self._buffer, self._position = b"".join(chunks), 0
                return self._buffer.index(b"\r\n", max(0, size - 1))
            size += len(chunk)
            if size > LONGEST_LINE:
                raise ConnectionError("line too long")

    def _receive(self) -> bytes:
        began = time.monotonic()
        count = self.sock.recv_into(self._space)
        if not count:
            raise ConnectionResetError("server closed the connection")
        self.received += count
        self._waited += time.monotonic() - began
        self._brought += count
        if self._waited > (self.sock.gettimeout() or READ_SECONDS) + self._brought / SLOWEST:
            raise TimeoutError("the answer trickles")
        return bytes(self._view[:count])
