"""Runs the stand-in on a loopback port, in threads of this process."""

import contextlib
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from crm_project.demo.microsoft import folder as files
from crm_project.demo.microsoft.app import MicrosoftApp
from crm_project.demo.microsoft.directory import Application
from crm_project.demo.microsoft.registration import CLIENT_ID, CLIENT_SECRET, environment
from crm_project.demo.microsoft.world import World

HOST = "127.0.0.1"
_SAVE_SECONDS = 1


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
        self._folder: Path | None = None
        self._saver: threading.Thread | None = None
        self._stopping = threading.Event()

    def environment(self) -> dict[str, str]:
        """The settings of an installation that takes this for Microsoft."""
        application = self.directory.application
        own = {"MICROSOFT_CLIENT_ID": application.id, "MICROSOFT_CLIENT_SECRET": next(iter(application.secrets))}
        return environment(self.url) | own

    def keep_in(self, folder: Path) -> bool:
        """Takes over what the folder holds and saves to it from the next `start` on; False if it holds nothing yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        return files.load(self, folder)

    def start(self) -> None:
        self._server = _Server(self.port, MicrosoftApp(self))
        self.port = self._server.port
        self.url = f"http://{HOST}:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.notifier.start()
        if self._folder:
            self._stopping.clear()
            self._saver = threading.Thread(target=self._save_by_itself, args=(self._folder,), daemon=True)
            self._saver.start()

    def stop(self) -> None:
        self.notifier.stop()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._thread.join()
            self._server = self._thread = None
        if self._saver is not None:
            self._stopping.set()
            self._saver.join()
            self._saver = None

    def _save_by_itself(self, folder: Path) -> None:
        """Whatever changed, every second, and once more at the end."""
        saved: object = None
        while True:
            stopping = self._stopping.wait(_SAVE_SECONDS)
            now = self.state_mark()
            if stopping or saved != now:
                files.save(self, folder)
                saved = now
            if stopping:
                return

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
