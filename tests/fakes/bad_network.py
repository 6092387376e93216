"""A network that stands still or breaks: forwards to a server, and holds or cuts connections after so many bytes of answers."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class BadNetwork:
    """`answer_bytes`: how much each new connection carries back before it is cut; None: all of it.
    `hold_after`: how much all connections together carry back before they stand still, until `go_on`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.answer_bytes: int | None = None
        self.hold_after: int | None = None
        self.carried = 0
        self.cuts = 0
        self.port = 0
        self._may_go_on = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator["BadNetwork"]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            yield self
            self.go_on()

    def go_on(self) -> None:
        self._may_go_on.set()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=(client, self.answer_bytes), daemon=True).start()

    def _serve(self, client: socket.socket, allowed: int | None) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server, contextlib.suppress(OSError):
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            while answer := server.recv(4096):
                self.carried += len(answer)
                if self.hold_after is not None and self.carried > self.hold_after:
                    self._may_go_on.wait()
                if allowed is not None and len(answer) > allowed:
                    client.sendall(answer[:allowed])
                    self.cuts += 1
                    break
                client.sendall(answer)
                allowed = None if allowed is None else allowed - len(answer)
            # The other thread waits in recv and keeps the socket open; both ends must hear of the end now.
            client.shutdown(socket.SHUT_RDWR)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while command := client.recv(4096):
                server.sendall(command)
            server.shutdown(socket.SHUT_WR)
