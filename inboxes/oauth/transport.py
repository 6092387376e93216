"""How the token endpoints of providers are reached: with time limits, no redirects, and faults told apart from refusals.

The OAuth libraries work with a `requests.Session`; an adapter mounted on it sees every request of theirs. What is left for them to
read is a JSON answer below 500: nothing else can ever be taken for a refusal.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from inboxes.providers.base import RateLimited, TemporarilyUnavailable
from inboxes.providers.waiting import asked_wait

TIMEOUT = (5.0, 10.0)
"""Seconds to connect and to wait for an answer."""
SHORTEST_PAUSE, LONGEST_PAUSE = 10.0, 3600.0


class TokenTransport(HTTPAdapter):
    """Raises `TemporarilyUnavailable` or `RateLimited` for whatever is not an answer of the provider's own.

    The libraries insist on https; what they ask of the `plain` hosts (of this machine: tests, the demo) is sent by http.
    """

    def __init__(self, *, plain: Iterable[str] = ()) -> None:
        super().__init__(max_retries=0)
        self._plain = frozenset(plain)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        if parts.netloc in self._plain:
            request.url = parts._replace(scheme="http").geturl()
        try:
            response = super().send(request, **{**kwargs, "timeout": TIMEOUT, "stream": False})
            _ = response.content  # read here, where a cut connection is understood
        except requests.RequestException as failure:
            raise _unreachable(failure) from None
        if trouble := _trouble(response):
            raise trouble
        return response


def through(session: requests.Session, *, endpoints: Iterable[str]) -> requests.Session:
    """The session, with no other way out than this transport. `endpoints` are those that are configured."""
    transport = TokenTransport(plain=(urlsplit(url).netloc for url in endpoints if url.startswith("http://")))
    session.adapters.clear()
    session.mount("https://", transport)
    session.mount("http://", transport)
    return session


def encrypted(url: str) -> str:
    """The https form of an endpoint, as the libraries want it; the transport knows which are on this machine."""
    return urlsplit(url)._replace(scheme="https").geturl()


def _unreachable(failure: requests.RequestException) -> TemporarilyUnavailable:
    """Never an exception of `requests`: those carry the request, and with it the secrets."""
    match failure:
        case requests.exceptions.SSLError():
            return TemporarilyUnavailable("tls_failed")
        case requests.Timeout():
            return TemporarilyUnavailable("timed_out")
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return TemporarilyUnavailable("connection_lost")
        case _:
            return TemporarilyUnavailable("unreachable")


def _trouble(response: requests.Response) -> TemporarilyUnavailable | None:
    """A fault of the provider, or of whatever stands between us and it."""
    pause = response.headers.get("Retry-After")
    if response.status_code == 429 or (response.status_code == 503 and pause):
        return RateLimited(retry_after=seconds(pause))
    if response.status_code >= 500:
        return TemporarilyUnavailable("provider_trouble")
    is_answer = response.status_code < 300 or response.status_code >= 400  # a redirect would carry secrets elsewhere
    return None if is_answer and _is_object(response) else TemporarilyUnavailable("answer_not_understood")


def _is_object(response: requests.Response) -> bool:
    try:
        return isinstance(response.json(), dict)
    except (ValueError, RecursionError):
        return False


def seconds(retry_after: str | None, *, default: float = 60) -> float:
    """How long to wait by a Retry-After header, within what is sensible."""
    wait = asked_wait(retry_after, now=datetime.now(UTC))
    return min(max(default if wait is None else wait, SHORTEST_PAUSE), LONGEST_PAUSE)
