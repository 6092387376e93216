"""A signed-in SMTP submission connection (RFC 6409): reach, secure, sign in. No mail is sent from here."""

import base64
import contextlib
import re
import smtplib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from inboxes.providers.base import (
    Misconfigured,
    PermissionMissing,
    ProviderError,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.bearer import xoauth2
from inboxes.providers.network import READ_SECONDS, ascii_host, close_quietly, wrap_tls
from inboxes.providers.opening import ServerConnection, ServerSettings, out_of_order

Result = TypeVar("Result")

# An address literal (RFC 5321, 4.1.3): smtplib's default asks DNS for the name of this machine and tells it to everybody.
_EHLO_NAME = "[127.0.0.1]"

# Reply code and text → what to do; the first row that matches.
ROWS: tuple[tuple[str, type[ProviderError], str], ...] = (
    (
        r"^534|5\.7\.9\b|app(lication)?[- ]specific password|app password|authori[sz]ation code|授权码",
        Misconfigured,
        "app_password_needed",
    ),
    (r"5\.7\.139|SmtpClientAuthentication is disabled", Misconfigured, "smtp_switched_off"),
    (r"5\.7\.30|basic authentication is (disabled|not supported)", Misconfigured, "password_sign_in_off"),
    (r"^530.*STARTTLS|^538|must issue a? ?STARTTLS", Misconfigured, "encryption_required"),
    (r"^421.*(too many|connections)|^432|^450 4\.7|concurrent|rate limit|too many", RateLimited, "rate_limited"),
    (r"^(421|45\d|4\d\d)", TemporarilyUnavailable, "server_trouble"),
    (r"^535", ReconnectRequired, "sign_in_refused"),
    (r"^550 5\.7\.|account.{0,30}(suspended|locked|blocked|disabled)", PermissionMissing, "account_blocked"),
    (r"^554", TemporarilyUnavailable, "server_refused_connection"),
)
_COMPILED = tuple((re.compile(words, re.IGNORECASE), error, cause) for words, error, cause in ROWS)


@dataclass(frozen=True, slots=True)
class SmtpSettings(ServerSettings):
    """See `ServerSettings`."""

    port: int = 465


class SmtpConnection(ServerConnection):
    """`smtp` is what mail is sent with."""

    def __init__(self, settings: ServerSettings) -> None:
        super().__init__(settings)
        self._smtp: smtplib.SMTP | None = None

    @property
    def smtp(self) -> smtplib.SMTP:
        """The signed-in smtplib object."""
        if self._smtp is None:
            raise out_of_order()
        return self._smtp

    def sign_in(self) -> None:
        """Sign in with the token, or with the password by the best mechanism both sides know."""
        settings = self.settings
        if set(settings.username + settings.password) & {"\r", "\n", "\0"}:
            raise Misconfigured("argument_refused")
        if not self.smtp.has_extn("auth"):
            raise Misconfigured("sign_in_not_offered")
        _translated(self._log_in)

    def close(self) -> None:
        """Take leave if possible; never raises."""
        if self._smtp is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError, ValueError):
                self._smtp.quit()
        if self._socket is not None:
            close_quietly(self._socket)

    def _hear_greeting(self, sock: socket.socket) -> None:
        def greet() -> smtplib.SMTP:
            smtp = _Smtp(sock, ascii_host(self.settings.host))
            smtp.ehlo_or_helo_if_needed()
            return smtp

        self._smtp = _translated(greet)

    def _start_tls(self) -> None:
        if not self.smtp.has_extn("starttls"):
            raise Misconfigured("tls_not_offered")
        _translated(self._say_starttls)

    def _say_starttls(self) -> None:
        code, text = self.smtp.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, text)
        if self._socket is not None:
            self._socket = self.smtp.sock = wrap_tls(self._socket, self.settings.host)
        # RFC 3207, 4.2: whatever was said before encryption is forgotten, what was read ahead too.
        self.smtp.file = None
        self.smtp.helo_resp = self.smtp.ehlo_resp = None
        self.smtp.esmtp_features = {}
        self.smtp.ehlo()

    def _log_in(self) -> None:
        settings = self.settings
        if settings.token:
            response = xoauth2(settings.username, settings.token.get()).decode()
            self.smtp.auth("XOAUTH2", lambda challenge=None: response if challenge is None else "")
        elif (settings.username + settings.password).isascii():
            self.smtp.login(settings.username, settings.password)
        else:
            # smtplib encodes as ASCII only; RFC 4616 says UTF-8.
            secret = base64.b64encode(f"\0{settings.username}\0{settings.password}".encode()).decode()
            code, text = self.smtp.docmd("AUTH", f"PLAIN {secret}")
            if code != 235:
                raise smtplib.SMTPAuthenticationError(code, text)


class _Smtp(smtplib.SMTP):
    """smtplib over a socket that is connected already, to an address that was checked."""

    def __init__(self, sock: socket.socket, host: str) -> None:
        self._connected = sock
        super().__init__(host, local_hostname=_EHLO_NAME, timeout=READ_SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        return self._connected


def classify(code: int, text: bytes | str) -> ProviderError:
    """The error a reply stands for; what nobody knows is worth another try later."""
    words = f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    for pattern, error, cause in _COMPILED:
        if pattern.search(words):
            return error(cause, detail=words)
    return TemporarilyUnavailable("server_refused", detail=words)


def _translated(step: Callable[[], Result]) -> Result:
    """Run a step of smtplib's and translate whatever it raises."""
    try:
        return step()
    except smtplib.SMTPResponseException as error:
        raise classify(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise Misconfigured("sign_in_not_offered") from None
    except smtplib.SMTPServerDisconnected:
        raise TemporarilyUnavailable("connection_lost") from None
    except TimeoutError:
        raise TemporarilyUnavailable("timed_out") from None
    except smtplib.SMTPException:
        raise TemporarilyUnavailable("server_refused") from None
    except OSError:
        raise TemporarilyUnavailable("connection_lost") from None
    except ValueError:
        raise TemporarilyUnavailable("protocol_error") from None
