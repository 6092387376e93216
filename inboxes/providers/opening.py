"""What IMAP and SMTP have in common: a server is reached, the connection secured, and somebody signed in."""

import contextlib
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from inboxes.providers.base import AccessToken
from inboxes.providers.network import Security, connect, wrap_tls


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How to reach and enter a server. `token` replaces the password; `allowed_hosts` lists private names or networks.

    `read_seconds` is how long an answer may take, None for as long as a sync waits.
    """

    host: str
    username: str
    port: int
    security: Security = Security.TLS
    password: str = field(default="", repr=False)
    token: AccessToken | None = field(default=None, repr=False)
    allowed_hosts: tuple[str, ...] = ()
    read_seconds: float | None = None


class ServerConnection(ABC):
    """`reach`, `secure` and `sign_in` come in this order; each raises `ProviderError` only. Not thread-safe."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self._socket: socket.socket | None = None

    @classmethod
    def open(cls, settings: ServerSettings) -> Self:
        """A connection that is signed in, closed again if any step fails."""
        connection = cls(settings)
        with connection.closing_on_error():
            connection.reach()
            connection.secure()
            connection.sign_in()
        return connection

    @contextlib.contextmanager
    def closing_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def reach(self) -> None:
        """Connect to the server's port; without implicit TLS also hear its greeting."""
        settings = self.settings
        self._socket = connect(
            settings.host,
            settings.port,
            security=settings.security,
            allowed_hosts=settings.allowed_hosts,
            read_seconds=settings.read_seconds,
        )
        if settings.security is not Security.TLS:
            self._hear_greeting(self._socket)

    def secure(self) -> None:
        """Encrypt, with the certificate verified. Does nothing for a listed host without encryption."""
        if self.settings.security is Security.TLS:
            if self._socket is None:
                raise out_of_order()
            self._socket = wrap_tls(self._socket, self.settings.host)
            self._hear_greeting(self._socket)
        elif self.settings.security is Security.STARTTLS:
            self._start_tls()

    @abstractmethod
    def sign_in(self) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Never raises."""

    @abstractmethod
    def _hear_greeting(self, sock: socket.socket) -> None: ...

    @abstractmethod
    def _start_tls(self) -> None: ...


def out_of_order() -> RuntimeError:
    return RuntimeError("reach(), secure() and sign_in() come in this order")
