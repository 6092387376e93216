"""A WSGI application on a port of loopback, in threads of this process."""

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"
_POLL_SECONDS = 0.02


class _Handler(WSGIRequestHandler):
    # Head and body of an answer go out apart; waiting for the acknowledgement of the first costs 40 ms.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it, and it would hold codes and tokens."""

    def log_error(self, format: str, *args: Any) -> None:
        """A client that goes away is nothing to tell."""


class _Server(ThreadedWSGIServer):
    def __init__(self, port: int, app: "WSGIApplication") -> None:
        super().__init__(HOST, port, app, _Handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Clients keep connections open; they would be answered by a server that is gone."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class LoopbackServer:
    """May be started again after a stop, on the same port. `port` 0 takes a free one at the first start."""

    def __init__(self, app: "WSGIApplication", *, port: int = 0) -> None:
        self.port = port
        self._app = app
        self._running: tuple[_Server, threading.Thread] | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        server = _Server(self.port, self._app)
        self.port = server.port
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        self._running = server, thread

    def stop(self) -> None:
        if self._running:
            server, thread = self._running
            self._running = None
            server.shutdown()
            server.hang_up()
            thread.join()
