"""Runs the stand-in on a loopback port, in threads of this process."""

import contextlib
import socket
import threading
from collections.abc import Iterable
from typing import Any, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from crm_project.demo.microsoft.app import MicrosoftApp
from crm_project.demo.microsoft.directory import Application
from crm_project.demo.microsoft.world import World

HOST = "127.0.0.1"
CLIENT_ID = "7c0f1a52-5c1d-4b7e-9d61-0d1f6a6b2f10"
CLIENT_SECRET = "stand-in~client~secret"  # noqa: S105 - of a server that is not one


class _Handler(WSGIRequestHandler):
    # Head and body of an answer go out apart; waiting for the acknowledgement of the first costs 40 ms.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nobody reads it, and it would hold codes."""

    def log_error(self, format: str, *args: Any) -> None:
        """A client that goes away is nothing to tell."""


class _Server(ThreadedWSGIServer):
    def __init__(self, port: int, app: MicrosoftApp) -> None:
        super().__init__(HOST, port, app, _Handler)
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Clients that keep connections open would be answered by a server that is gone."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class MicrosoftStandIn(World):
    """A running server: a context manager, and everything `World` can be told.

    `port` 0 takes a free one. `start` and `stop` may be called again; the port and everything held stay.
    """

    def __init__(self, *, port: int = 0, redirect_uris: Iterable[str] = (), keep_requests: int = 100_000) -> None:
        application = Application(CLIENT_ID, {CLIENT_SECRET: None}, list(redirect_uris))
        super().__init__(application, keep_requests=keep_requests)
        self.port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def environment(self) -> dict[str, str]:
        """What the product needs to use this instead of Microsoft."""
        return {
            "MICROSOFT_CLIENT_ID": self.directory.application.id,
            "MICROSOFT_CLIENT_SECRET": next(iter(self.directory.application.secrets)),
            "MICROSOFT_AUTHORITY": f"{self.url}/common",
            "GRAPH_ROOT": f"{self.url}/v1.0",
        }

    def start(self) -> None:
        self._server = _Server(self.port, MicrosoftApp(self))
        self.port = self._server.port
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.notifier.start()

    def stop(self) -> None:
        self.notifier.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._thread.join()
            self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
