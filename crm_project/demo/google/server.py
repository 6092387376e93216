"""The stand-in on a port of loopback."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from crm_project.demo.google import folder as files
from crm_project.demo.google.app import App
from crm_project.demo.google.registration import environment
from crm_project.demo.google.state import State
from crm_project.demo.loopback import LoopbackServer

_SAVE_SECONDS = 1


class FakeGoogle(State):
    """Answers while it is entered, or from `start` to `stop`. `port` 0 takes a free one."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__()
        self._server = LoopbackServer(App(self), port=port)
        self._folder: Path | None = None
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return self._server.url

    def environment(self) -> dict[str, str]:
        """The settings of an installation that takes this for Google."""
        own = {"GOOGLE_CLIENT_ID": self.client.id, "GOOGLE_CLIENT_SECRET": self.client.secret}
        return environment(self.url) | own

    def start(self) -> None:
        """Also after a `stop`, on the same port."""
        self._stopping.clear()
        self._server.start()

    def push_by_itself(self) -> None:
        """Sends notifications as they come, until `stop`."""
        self._run(self.pubsub.run)

    def keep_in(self, folder: Path) -> bool:
        """Takes over what the folder holds and keeps it up to date, until `stop`. False if it held nothing."""
        found = files.load(self, folder)
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._run(self._save_by_itself)
        return found

    def stop(self) -> None:
        self._stopping.set()
        self.pubsub.stop()
        self._server.stop()
        while self._threads:
            self._threads.pop().join()
        if self._folder:
            files.save(self, self._folder)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _save_by_itself(self) -> None:
        saved = self.changes
        while self._folder and not self._stopping.wait(_SAVE_SECONDS):
            if saved != self.changes:
                saved = self.changes
                files.save(self, self._folder)

    def _run(self, act: Callable[[], None]) -> None:
        thread = threading.Thread(target=act, daemon=True)
        self._threads.append(thread)
        thread.start()
