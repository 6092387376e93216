"""How to know that an announcement comes from Google. https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions"""

import time
from http import HTTPStatus
from typing import Any

from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport import Request as Transport
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from jwt import PyJWTError

from inboxes.providers.base import TemporarilyUnavailable

ISSUERS = frozenset({"https://accounts.google.com", "accounts.google.com"})
CERTIFICATES_SECONDS = 3600.0
RETRY_SECONDS = 60.0
"""A token may be signed with a key that is newer than what we know; forged ones shall not make us ask each time."""
CLOCK_SKEW_SECONDS = 10


class NotAuthentic(Exception):
    """Not signed by Google for us in the name of the account that was agreed on."""


class Certificates(Transport):
    """The keys Google signs with, kept for an hour. Given to google-auth in place of its transport, which asks for them each time."""

    def __init__(self, transport: Any = None) -> None:
        self._transport = transport or Request()
        self._answers: dict[str, tuple[float, Any]] = {}

    def __call__(self, url: str, method: str = "GET", *_: Any, **__: Any) -> Any:
        fetched_at, answer = self._answers.get(url, (0.0, None))
        if answer is None or time.monotonic() - fetched_at > CERTIFICATES_SECONDS:
            answer = self._transport(url, method=method, timeout=10)
            if answer.status == HTTPStatus.OK:
                self._answers[url] = (time.monotonic(), answer)
        return answer

    def renew(self, url: str) -> bool:
        """Forgets what is older than a minute; whether there is any use in asking again."""
        fetched_at, _ = self._answers.get(url, (0.0, None))
        if time.monotonic() - fetched_at < RETRY_SECONDS:
            return False
        self._answers.pop(url, None)
        return True


def verify(authorization: str, *, audience: str, account: str, certs_url: str, certificates: Certificates) -> None:
    """Raises `NotAuthentic`, and `TemporarilyUnavailable` when Google's keys cannot be had now."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthentic
    try:
        claims = _claims(token, audience, certs_url, certificates)
    except NotAuthentic:
        if not certificates.renew(certs_url):
            raise
        claims = _claims(token, audience, certs_url, certificates)
    if claims.get("iss") not in ISSUERS or claims.get("email") != account or claims.get("email_verified") is not True:
        raise NotAuthentic


def _claims(token: str, audience: str, certs_url: str, certificates: Certificates) -> Any:
    try:
        return id_token.verify_token(token, certificates, audience, certs_url, CLOCK_SKEW_SECONDS)
    except TransportError as error:
        raise TemporarilyUnavailable from error
    except (GoogleAuthError, PyJWTError, ValueError, KeyError, TypeError) as error:
        # From None: the error of a library may quote the token.
        raise NotAuthentic(type(error).__name__) from None
