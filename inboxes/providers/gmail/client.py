"""Asking the Gmail API through Google's client library: one call, or many in batches.

Everything that is asked for is paid in quota units before. Nothing here waits or tries again, with two exceptions: a request that
was answered with 401 is sent once more with another token, and parts of a batch that were refused are asked for once more alone.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any

from google.auth.credentials import Credentials
from google_auth_httplib2 import AuthorizedHttp
from googleapiclient.discovery import build
from googleapiclient.errors import BatchError, HttpError
from googleapiclient.errors import Error as LibraryError
from googleapiclient.http import BatchHttpRequest, HttpRequest
from httplib2 import Http, HttpLib2Error

from inboxes.providers.base import (
    AccessToken,
    MessageGone,
    Pace,
    ProviderError,
    RateLimited,
    ReconnectRequired,
    TemporarilyUnavailable,
)
from inboxes.providers.gmail.errors import failure, refusal

SECONDS = 30
"""How long an answer may take to begin, and to go on."""

UNITS: Mapping[str, int] = {
    "getProfile": 1,
    "history.list": 2,
    "labels.list": 1,
    "messages.get": 20,
    "messages.list": 5,
    "settings.sendAs.list": 1,
    "stop": 50,
    "watch": 100,
}
"""What each method costs projects that were made since May 2026; older ones are charged less."""

BATCH = 25
BATCH_AFTER_REFUSAL = 10
"""Parts of a batch, until the first of them is refused because there are too many at once."""

Answer = dict[str, Any]

_LOST = (OSError, HttpLib2Error, HTTPException)
# What Google's library raises over an answer that is none of Google's.
_NOT_UNDERSTOOD = (ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Call:
    """A method below `users`, such as "messages.get", and its parameters."""

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def units(self) -> int:
        return UNITS[self.method]


class Client:
    """One mailbox. Not thread-safe. Raises `ProviderError` subclasses only; connects on first use, and again after `close`."""

    def __init__(self, api_root: str, token: AccessToken, pace: Pace, *, now: Callable[[], datetime]) -> None:
        self._api_root = api_root.rstrip("/")
        self._credentials = _Credentials(token)
        self._pace = pace
        self._now = now
        self._gmail: Any = None
        self._http: Any = None
        self._batch_size = BATCH
        self._pause: tuple[datetime, RateLimited] | None = None

    def close(self) -> None:
        if self._gmail is not None:
            self._gmail.close()
        self._gmail = None

    def run(self, call: Call) -> Answer:
        self._prepare(call.units)
        try:
            answer = self._request(call).execute(num_retries=0)
        except HttpError as error:
            raise self._noted(self._refusal(error, call.method)) from None
        except (LibraryError, *_LOST, *_NOT_UNDERSTOOD) as error:
            raise failure(error) from None
        return _checked(answer)

    def run_many(self, calls: Mapping[str, Call]) -> Iterator[tuple[str, Answer | ProviderError]]:
        """The answers in any order, as they come. An error in place of an answer concerns this one call: others are answered.

        Raises what concerns the whole mailbox; what came before counts.
        """
        waiting, works = list(calls.items()), False
        while waiting:
            part, waiting = waiting[: self._batch_size], waiting[self._batch_size :]
            refused = dict(part)
            for key, answer in self._batch(part).items() if len(part) > 1 else ():
                if isinstance(answer, dict | MessageGone):
                    works |= isinstance(answer, dict)
                    del refused[key]
                    yield key, answer
            for key, call in refused.items():
                alone = self._run_alone(call, others_work=works)
                works |= isinstance(alone, dict)
                yield key, alone

    def _run_alone(self, call: Call, *, others_work: bool) -> Answer | ProviderError:
        try:
            return self.run(call)
        except MessageGone as gone:
            return gone
        except (RateLimited, ReconnectRequired):
            raise
        except ProviderError as error:
            if others_work or (isinstance(error, TemporarilyUnavailable) and self._answers_something()):
                return error
            raise

    def _answers_something(self) -> bool:
        """Whether it is the one call that fails, not the provider or the network."""
        try:
            return bool(self.run(Call("getProfile")))
        except RateLimited:
            raise
        except TemporarilyUnavailable:
            return False

    def _batch(self, part: Sequence[tuple[str, Call]]) -> dict[str, Answer | ProviderError]:
        """What the answer holds; calls may be missing in it, and all of them are if something went wrong that one may be guilty of."""
        self._prepare(sum(call.units for _, call in part))
        answers: dict[str, Answer | ProviderError] = {}
        methods = {key: call.method for key, call in part}

        def note(key: str, answer: Any, error: HttpError | None) -> None:
            try:
                answers[key] = self._refusal(error, methods[key]) if error else _checked(answer)
            except ProviderError as trouble:
                answers[key] = trouble

        self._credentials.look_up()
        batch = BatchHttpRequest(callback=note, batch_uri=f"{self._api_root}/batch/gmail/v1")
        for key, call in part:
            batch.add(self._request(call), request_id=key)
        try:
            batch.execute(http=self._http)
        except (BatchError, *_NOT_UNDERSTOOD):
            return answers
        except HttpError as error:
            refused = self._refusal(error, "")
            if type(refused) is not TemporarilyUnavailable:
                raise self._noted(refused) from None
        except TimeoutError as error:
            raise failure(error) from None
        except _LOST:
            return answers
        if any(isinstance(answer, RateLimited) for answer in answers.values()):
            self._batch_size = BATCH_AFTER_REFUSAL
        return answers

    def _request(self, call: Call) -> HttpRequest:
        if self._gmail is None:
            self._connect()
        resource = self._gmail.users()
        *path, name = call.method.split(".")
        for part in path:
            resource = getattr(resource, part)()
        return getattr(resource, name)(userId="me", **call.parameters)

    def _connect(self) -> None:
        plain = Http(timeout=SECONDS)
        # A token goes to nobody but the configured host.
        plain.follow_redirects = False
        self._http = AuthorizedHttp(self._credentials, http=plain, max_refresh_attempts=1)
        options = {"api_endpoint": self._api_root}
        self._gmail = build("gmail", "v1", http=self._http, client_options=options, cache_discovery=False)

    def _prepare(self, units: int) -> None:
        """Raises while a pause lasts that was asked for before: nothing is sent then, whatever else there is to do."""
        if self._pause is not None and (left := (self._pause[0] - self._now()).total_seconds()) > 0:
            raise type(self._pause[1])(self._pause[1].cause, retry_after=left)
        self._pace.spend(units)

    def _noted(self, error: ProviderError) -> ProviderError:
        if isinstance(error, RateLimited):
            self._pause = (self._now() + timedelta(seconds=error.retry_after), error)
        return error

    def _refusal(self, error: HttpError, method: str) -> ProviderError:
        return refusal(error.resp.status, error.resp, error.content, method=method, now=self._now())


class _Credentials(Credentials):
    """Google's library asks these for a token; they ask whoever keeps it. Only a refused token is renewed here."""

    def __init__(self, source: AccessToken) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._source = source

    def look_up(self) -> None:
        self.token = self._source.get()

    def before_request(self, request: Any, method: str, url: str, headers: Any) -> None:
        self.look_up()
        self.apply(headers)  # type: ignore[no-untyped-call]

    def refresh(self, request: Any) -> None:
        self.token = self._source.renew(self.token) if self.token else self._source.get()


def _checked(answer: Any) -> Answer:
    """Methods that have nothing to say, such as `stop`, are answered with nothing."""
    if answer in ("", b""):
        return {}
    if not isinstance(answer, dict):
        raise TemporarilyUnavailable("answer_not_understood")
    return answer
