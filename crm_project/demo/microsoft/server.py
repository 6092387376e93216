"""The stand-in on a port of loopback."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from crm_project.demo.loopback import LoopbackServer
from crm_project.demo.microsoft import folder as files
from crm_project.demo.microsoft.app import MicrosoftApp
from crm_project.demo.microsoft.directory import Application
from crm_project.demo.microsoft.registration import CLIENT_ID, CLIENT_SECRET, environment
from crm_project.demo.microsoft.world import World

_SAVE_SECONDS = 1


class MicrosoftStandIn(World):
    """A running server: a context manager, and everything `World` can be told.

    `port` 0 takes a free one. `start` and `stop` may be called again; the port and everything held stay.
    """

    def __init__(self, *, port: int = 0, redirect_uris: Iterable[str] = (), keep_requests: int = 100_000) -> None:
        application = Application(CLIENT_ID, {CLIENT_SECRET: None}, list(redirect_uris))
        super().__init__(application, keep_requests=keep_requests)
        self._server = LoopbackServer(MicrosoftApp(self), port=port)
        self.url = self._server.url
        self._folder: Path | None = None
        self._saver: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def port(self) -> int:
        return self._server.port

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

    def save(self) -> None:
        """Now: for mailboxes that are filled before anything is started."""
        if self._folder:
            files.save(self, self._folder)

    def start(self) -> None:
        self._server.start()
        self.url = self._server.url
        self.notifier.start()
        if self._folder:
            self._stopping.clear()
            self._saver = threading.Thread(target=self._save_by_itself, daemon=True)
            self._saver.start()

    def stop(self) -> None:
        self.notifier.stop()
        self._server.stop()
        if self._saver is not None:
            self._stopping.set()
            self._saver.join()
            self._saver = None

    def _save_by_itself(self) -> None:
        """Whatever changed, every second, and once more at the end."""
        saved: object = None
        while True:
            stopping = self._stopping.wait(_SAVE_SECONDS)
            now = self.state_mark()
            if stopping or saved != now:
                self.save()
                saved = now
            if stopping:
                return

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
