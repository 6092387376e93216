"""The stand-in on a port of loopback."""

import threading
from typing import Any, Self

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from crm_project.demo.google.app import App
from crm_project.demo.google.state import State

HOST = "127.0.0.1"
_POLL_SECONDS = 0.02


class _QuietHandler(WSGIRequestHandler):
    # Headers and body are written apart; waiting to join them costs 40 ms.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class FakeGoogle(State):
    """Answers while it is entered, or from `start` to `stop`. `port` 0 takes a free one."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__()
        self._port = port
        self._server: ThreadedWSGIServer | None = None
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def environment(self) -> dict[str, str]:
        """The settings of an installation that takes this for Google."""
        return {
            "GOOGLE_CLIENT_ID": self.client.id,
            "GOOGLE_CLIENT_SECRET": self.client.secret,
            "GOOGLE_API_ROOT": self.url,
            "GOOGLE_AUTHORIZE_URL": f"{self.url}/o/oauth2/v2/auth",
            "GOOGLE_TOKEN_URL": f"{self.url}/token",
            "GOOGLE_REVOKE_URL": f"{self.url}/revoke",
            "GOOGLE_CERTS_URL": f"{self.url}/oauth2/v1/certs",
            "GOOGLE_PUBSUB_TOPIC": self.topic,
            "GOOGLE_PUSH_ACCOUNT": self.pubsub.account,
        }

    def start(self) -> None:
        self._server = ThreadedWSGIServer(HOST, self._port, App(self), _QuietHandler)
        self._port = self._server.port
        self._run(self._server.serve_forever, _POLL_SECONDS)

    def push_by_itself(self) -> None:
        """Sends notifications as they come, until `stop`."""
        self._run(self.pubsub.run)

    def stop(self) -> None:
        self.pubsub.stop()
        if self._server:
            self._server.shutdown()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _run(self, act: Any, *arguments: object) -> None:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
