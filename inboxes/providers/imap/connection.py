"""One signed-in IMAP connection: reach, secure, sign in, then ordinary commands, several in flight at once.

IMAPClient does the part that is about getting in (greeting, capabilities, STARTTLS, SASL, ID). What follows is sent and read here,
because IMAPClient can neither pipeline nor stream.
"""

import ast
import contextlib
import imaplib
import re
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self, TypeVar

from imapclient import IMAPClient, SocketTimeout

from inboxes.providers.base import (
    AccessToken,
    Misconfigured,
    PermissionMissing,
    ProviderError,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.bearer import conversation
from inboxes.providers.imap.errors import Phase, classify
from inboxes.providers.imap.wire import Wire
from inboxes.providers.network import (
    CONNECT_SECONDS,
    ascii_host,
    close_quietly,
    wrap_tls,
)
from inboxes.providers.opening import ServerConnection, ServerSettings, out_of_order

# imaplib's own tags are made of A-P, so these can never be mistaken for one.
_TAG_PREFIX = b"Q"
Result = TypeVar("Result")

BEARER_MECHANISMS = ("XOAUTH2", "OAUTHBEARER")

_INTRODUCTION = b'ID ("name" "Genkan" "vendor" "Genkan")'
_CAPABILITIES_TOLD = re.compile(rb"\[CAPABILITY ([^\]]+)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImapSettings(ServerSettings):
    """See `ServerSettings`."""

    port: int = 993


class Answer(NamedTuple):
    """What a command brought: the untagged responses (each a line, or line, literal, line…) and the final `OK …`, `NO …`, `BAD …`."""

    responses: list[list[bytes]]
    status: bytes

    @property
    def ok(self) -> bool:
        return self.status[:3].upper() == b"OK "


class ImapConnection(ServerConnection):
    """After `TemporarilyUnavailable` the connection is of no more use."""

    def __init__(self, settings: ServerSettings) -> None:
        super().__init__(settings)
        self.capabilities: frozenset[str] = frozenset()
        self.greeting = b""
        self.is_signed_in = False
        self._has_asked = False
        self._client: _Client | None = None
        self._commands_sent = 0
        self._unheard: deque[bytes] = deque()
        self.wire: Wire

    @classmethod
    def knock(cls, settings: ServerSettings) -> Self:
        """As `open`, but without waiting for the answer to the password: `sign_in` has to follow."""
        connection = cls(settings)
        with connection.closing_on_error():
            connection.reach()
            connection.secure()
            connection._ask_to_enter()
        return connection

    def sign_in(self) -> None:
        """Sign in, say who we are (NetEase refuses EXAMINE otherwise) and learn what the server can do for this user."""
        client = _made(self._client)
        if not self._has_asked:
            self._ask_to_enter()
        self._in_phase(Phase.SIGN_IN, client.finish_login)
        names = self._in_phase(Phase.COMMAND, client.capabilities)
        self.capabilities = frozenset(name.decode("ascii", "replace").upper() for name in names)
        self.is_signed_in = True
        if "ID" in self.capabilities:
            # A courtesy: a server that refuses it has its reasons, and nobody waits for the answer.
            self._unheard.append(self.send(_INTRODUCTION))

    @property
    def is_gmail(self) -> bool:
        return "X-GM-EXT-1" in self.capabilities

    @property
    def message_limit(self) -> int | None:
        """How many messages one command may cover (RFC 9738; Yahoo: 1,000), None without such a limit."""
        limits = [name.partition("=")[2] for name in self.capabilities if name.startswith("MESSAGELIMIT=")]
        return next((int(limit) for limit in limits if limit.isdecimal() and int(limit) > 0), None)

    @property
    def client(self) -> IMAPClient:
        """The signed-in IMAPClient, for IDLE; no command may be in flight."""
        self._hear_out()
        return _made(self._client)

    def send(self, command: bytes) -> bytes:
        """Send without waiting; returns the tag whose completion will end the answer."""
        return self.send_all([command])[0]

    def send_all(self, commands: Iterable[bytes]) -> list[bytes]:
        """As `send`, all commands in one piece."""
        lines: dict[bytes, bytes] = {}
        for command in commands:
            _refuse_line_ends(command)
            self._commands_sent += 1
            tag = _TAG_PREFIX + str(self._commands_sent).encode()
            lines[tag] = tag + b" " + command + b"\r\n"
        with translated_errors():
            self.wire.send(b"".join(lines.values()))
        return list(lines)

    def receive(self, tag: bytes) -> Answer:
        """The answer to the oldest command in flight."""
        self._hear_out()
        return self._hear(tag)

    def _hear_out(self) -> None:
        """Reads past the answers nobody waited for."""
        while self._unheard:
            self._hear(self._unheard.popleft())

    def _hear(self, tag: bytes) -> Answer:
        responses: list[list[bytes]] = []
        self.wire.begin_answer()
        with translated_errors():
            while True:
                response = self.wire.read_response()
                if response[0].startswith(tag + b" "):
                    return Answer(responses, response[0][len(tag) + 1 :])
                raise_on_bye(response[0])
                responses.append(response)

    def exchange(self, command: bytes) -> Answer:
        return self.receive(self.send(command))

    def exchange_all(self, commands: Iterable[bytes]) -> list[Answer]:
        """The answers to all commands, sent at once: one round trip. For commands with short answers only."""
        return [self.receive(tag) for tag in self.send_all(commands)]

    def exchange_literals(self, command: bytes, parts: Sequence[tuple[bytes, bytes]]) -> Answer:
        """A command with arguments as literals, for text that cannot be quoted (RFC 3501, 4.3).

        Each of the `parts` is a literal and what of the command follows it.
        """
        for literal, after in parts:
            _refuse_line_ends(literal)
            _refuse_line_ends(after)
        self._hear_out()
        sizes = [b"{%d}" % len(literal) for literal, _ in parts]
        tag = self.send(command + sizes[0])
        responses: list[list[bytes]] = []
        with translated_errors():
            for (literal, after), size in zip(parts, [*sizes[1:], b""], strict=True):
                while not (response := self.wire.read_response())[0].startswith(b"+"):
                    if response[0].startswith(tag + b" "):
                        return Answer(responses, response[0][len(tag) + 1 :])
                    responses.append(response)
                self.wire.send(literal + after + size + b"\r\n")
        return self.receive(tag)

    def close(self) -> None:
        """Drop the connection at once; never raises."""
        if self._socket is not None:
            close_quietly(self._socket)
        if self._client is not None:
            self.wire.close()

    def log_out(self) -> None:
        """Take leave without waiting for the answer, and close; never raises."""
        if self._client is not None:
            with contextlib.suppress(ProviderError):
                self.send(b"LOGOUT")
        self.close()

    def _hear_greeting(self, sock: socket.socket) -> None:
        self.wire = Wire(sock)
        self._client = self._in_phase(Phase.GREETING, lambda: _Client(self.wire, ascii_host(self.settings.host)))
        self.greeting = self._client.greeting

    def _start_tls(self) -> None:
        client = _made(self._client)
        if not client.has_capability("STARTTLS"):
            raise Misconfigured("tls_not_offered")
        self._in_phase(Phase.GREETING, client.starttls)

    def _ask_to_enter(self) -> None:
        """Shows token or password; waits for the answer only where it takes a dialogue."""
        client = _made(self._client)
        if token := self.settings.token:
            self._show(client, token)
        else:
            self._in_phase(Phase.SIGN_IN, lambda: self._log_in(client))
        self._has_asked = True

    def _show(self, client: "_Client", token: AccessToken) -> None:
        """Signs in with the token, and once more with another one if it is refused: it may have been withdrawn before its time."""
        mechanism = next((name for name in BEARER_MECHANISMS if client.has_capability(f"AUTH={name}")), "")
        if not mechanism:
            raise Misconfigured("token_sign_in_off")
        shown = token.get()
        try:
            self._show_once(client, mechanism, shown)
        except ReconnectRequired:
            self._show_once(client, mechanism, token.renew(shown))

    def _show_once(self, client: "_Client", mechanism: str, token: str) -> None:
        settings = self.settings
        for value in (settings.username, token):
            _refuse_line_ends(value.encode())
        told = conversation(mechanism, settings.username, token, host=settings.host, port=settings.port)
        try:
            self._in_phase(Phase.SIGN_IN, lambda: client.sasl_login(mechanism, told))
        except ReconnectRequired as refusal:
            if told.scope_is_missing:
                raise PermissionMissing("scope_missing") from None
            raise ReconnectRequired("access_revoked", detail=refusal.detail) from None

    def _log_in(self, client: "_Client") -> None:
        settings = self.settings
        for value in (settings.username, settings.password):
            _refuse_line_ends(value.encode())
        if client.has_capability("LOGINDISABLED") and not client.has_capability("AUTH=PLAIN"):
            raise Misconfigured("password_sign_in_off")
        if client.has_capability("LOGINDISABLED") or not (settings.username + settings.password).isascii():
            client.plain_login(settings.username, settings.password)
        else:
            client.begin_login(quoted(settings.username.encode()).decode(), settings.password)

    def _in_phase(self, phase: Phase, step: Callable[[], Result]) -> Result:
        """Run a step of IMAPClient's and translate whatever it raises."""
        try:
            with translated_errors():
                return step()
        except imaplib.IMAP4.abort as error:
            words = _server_words(error)
            if "socket error" in words:
                raise TemporarilyUnavailable("connection_lost") from None
            raise classify(f"BYE {words}".encode(), phase) from None
        except imaplib.IMAP4.error as error:
            words = _server_words(error)
            raise classify(words.encode() if words.startswith("BYE") else f"NO {words}".encode(), phase) from None
        except (ValueError, TypeError, IndexError, KeyError):
            raise TemporarilyUnavailable("protocol_error") from None


def _refuse_line_ends(argument: bytes) -> None:
    if b"\r" in argument or b"\n" in argument or b"\0" in argument:
        raise Misconfigured("argument_refused")


def _made(thing: Result | None) -> Result:
    if thing is None:
        raise out_of_order()
    return thing


@contextlib.contextmanager
def translated_errors() -> Iterator[None]:
    """Turns the socket's exceptions into ours; none of them carries what was read."""
    try:
        yield
    except TimeoutError:
        raise TemporarilyUnavailable("timed_out") from None
    except OSError:
        raise TemporarilyUnavailable("connection_lost") from None


def raise_on_bye(line: bytes) -> None:
    if line[:6].upper() == b"* BYE ":
        raise classify(line[2:], Phase.COMMAND)


def quoted(text: bytes) -> bytes:
    """A quoted string (RFC 3501, 4.3); line ends in it are refused when the command is sent."""
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


class _Client(IMAPClient):  # type: ignore[misc]  # the library has no annotations
    """IMAPClient over a socket that is connected already, to an address that was checked."""

    def __init__(self, wire: Wire, host: str) -> None:
        self._wire = wire
        super().__init__(host, ssl=False, timeout=SocketTimeout(CONNECT_SECONDS, wire.sock.gettimeout()))
        # Its constructor turns on a log of every line, passwords of SASL and headers of private mail included.
        self._imap.debug = 0

    @property
    def greeting(self) -> bytes:
        return bytes(self._imap.welcome or b"")

    def begin_login(self, username: str, password: str) -> None:
        """`login` without waiting for the answer."""
        self._imap.begin_login(username, password)

    def finish_login(self) -> None:
        """Waits for the answer to `begin_login`, if that was called."""
        self._imap.finish_login()

    def _create_IMAP4(self) -> "_Imap4":  # the hook's name
        return _Imap4(self._wire, self.host)


class _Imap4(imaplib.IMAP4):
    """imaplib reading through our buffer."""

    def __init__(self, wire: Wire, host: str) -> None:
        self.wire = wire
        self._login_tag = b""
        super().__init__(host)

    def begin_login(self, username: str, password: str) -> None:
        self._login_tag = self._command("LOGIN", username, self._quote(password))

    def finish_login(self) -> None:
        if self._login_tag:
            status, data = self._command_complete("LOGIN", self._login_tag)
            if status != "OK":
                raise self.error(data[-1])
            self.state = "AUTH"

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port, self.sock = host, port, self.wire.sock

    def read(self, size: int) -> bytes:
        return self.wire.read(size)

    def readline(self) -> bytes:
        self.wire.refuse_endless_answer()
        return self.wire.read_line() + b"\r\n"

    def send(self, data: Any) -> None:
        self.wire.send(data)

    def shutdown(self) -> None:
        self.wire.close()

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        status, data = self._simple_command("STARTTLS")
        if status != "OK":
            raise self.error("BAD STARTTLS refused")
        if self.wire.has_unread:
            # Bytes sent before encryption must not be read as if they had come after it (CVE-2011-0411).
            raise self.abort("plain text after STARTTLS")
        self.sock = self.wire.sock = wrap_tls(self.wire.sock, self.host)
        super()._get_capabilities()  # type: ignore[misc]  # not in the annotations
        return status, data

    def _get_capabilities(self) -> None:  # the library's name
        """From the greeting, if it tells them: that spares a round trip."""
        told = _CAPABILITIES_TOLD.search(self.welcome or b"")
        if told:
            self.capabilities = tuple(told[1].decode("ascii", "replace").upper().split())
            # IMAPClient would take these for the ones that hold after the sign-in.
            self.untagged_responses.pop("CAPABILITY", None)
        else:
            super()._get_capabilities()  # type: ignore[misc]  # not in the annotations


def _server_words(error: Exception) -> str:
    """The server's own words in an exception of imaplib, which carries them now as bytes, now as text, now as text of bytes."""
    words = error.args[0] if error.args else b""
    if isinstance(words, str) and words.startswith(("b'", 'b"')):
        with contextlib.suppress(ValueError, SyntaxError):
            words = ast.literal_eval(words)
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    return text.removeprefix("* ")
