"""What goes wrong on demand: answers in place of the right one, and the oddities of delta rounds and batches."""

import contextlib
import random
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft.grants import unauthorized
from crm_project.demo.microsoft.refusals import (
    GraphRefusal,
    SignInRefusal,
    access_denied,
    html_outage,
    item_not_found,
    over_concurrency,
    too_many_requests,
)

SOCKET = "werkzeug.socket"
# Where a request says which mailbox it is for, once that is known.
MAILBOX = "stand_in.mailbox"
Answer = Callable[[Request], Response | None]
"""Returns a response, raises a refusal, or lets the request go on (None)."""


def graph_error(
    status: int, code: str, message: str = "", *, retry_after: int | None = None, inner: str = ""
) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}

    def answer(_request: Request) -> Response | None:
        raise GraphRefusal(status, code, message or f"The request failed: {code}.", headers, inner)

    return answer


def throttled(retry_after: int | None = 10, *, code: str = "TooManyRequests") -> Answer:
    return _raises(lambda: too_many_requests(retry_after, code=code))


def mailbox_concurrency(retry_after: int | None = 10) -> Answer:
    return _raises(lambda: over_concurrency(retry_after))


def unavailable(status: int = HTTPStatus.SERVICE_UNAVAILABLE, *, retry_after: int | None = None) -> Answer:
    """500, 502, 503, 504 or 509 as JSON."""
    codes = {500: "ErrorInternalServerError", 502: "BadGateway", 503: "serviceNotAvailable", 504: "UnknownError"}
    return graph_error(status, codes.get(status, "bandwidthLimitExceeded"), retry_after=retry_after)


def html(status: int = HTTPStatus.SERVICE_UNAVAILABLE) -> Answer:
    return lambda _request: html_outage(status)


def token_refused(claims: str = "") -> Answer:
    """401; with `claims` (JSON) one that only an interactive sign-in mends."""

    def answer(_request: Request) -> Response | None:
        raise unauthorized(
            "Continuous access evaluation resulted in challenge." if claims else "Invalid.", claims=claims
        )

    return answer


def forbidden() -> Answer:
    return _raises(access_denied)


def gone() -> Answer:
    return _raises(item_not_found)


def no_mailbox(code: str = "MailboxNotEnabledForRESTAPI") -> Answer:
    return graph_error(
        HTTPStatus.NOT_FOUND, code, "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
    )


def sync_state_lost(code: str = "SyncStateNotFound", *, status: int = HTTPStatus.GONE) -> Answer:
    """Also `resyncRequired`; sometimes with another status than 410."""
    return graph_error(status, code, "The sync state generation is not found.")


def aadsts(number: int, *, error: str = "", suberror: str = "", claims: str = "") -> Answer:
    """For paths of the sign-in service."""

    def answer(_request: Request) -> Response | None:
        raise SignInRefusal(number, error=error, suberror=suberror, claims=claims)

    return answer


def sign_in_throttled(retry_after: int | None = 10) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    body = '{"error": "temporarily_unavailable", "error_description": "AADSTS50196: Too many requests.", "error_codes": [50196]}'
    return lambda _request: Response(body, HTTPStatus.TOO_MANY_REQUESTS, headers, content_type="application/json")


def slow(seconds: float) -> Answer:
    def answer(_request: Request) -> Response | None:
        time.sleep(seconds)
        return None

    return answer


def cut() -> Answer:
    """The connection breaks without an answer."""

    def answer(request: Request) -> Response | None:
        with contextlib.suppress(OSError):
            request.environ[SOCKET].shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError

    return answer


def nonsense() -> Answer:
    """200, and JSON that ends in the middle."""
    return lambda _request: Response('{"value": [{"id": "AAk', content_type="application/json")


def _raises(refusal: Callable[[], GraphRefusal]) -> Answer:
    def answer(_request: Request) -> Response | None:
        raise refusal()

    return answer


@dataclass
class Fault:
    """`times` None: for ever. `after`: so many matching requests pass first. `chance`: of meeting a request at all.
    `mailbox`: the address of the only one it is about; "" for all, and for the pages and tokens of signing in."""

    answer: Answer
    path: re.Pattern[str]
    method: str
    times: int | None
    after: int
    mailbox: str = ""
    chance: float = 1.0
    met: int = 0

    @property
    def is_over(self) -> bool:
        return self.times is not None and self.met >= self.after + self.times


@dataclass
class DeltaOddities:
    """What delta rounds do besides the ordinary. A filtered round ends after `filtered_limit` messages, as if it were complete.

    `forgets_returns`: a message that leaves a folder and comes back is reported as removed and never again. `thin_updates`:
    changed messages come with their id and little more. `empty_pages`: so many before every page with rows.
    """

    filtered_limit: int = 5000
    repeats: bool = False
    thin_updates: bool = False
    forgets_returns: bool = False
    empty_pages: int = 0
    lost_code: str = "SyncStateNotFound"
    lost_status: int = HTTPStatus.GONE


@dataclass
class Faults:
    """The first fault that matches answers; `path` is searched for in the path, parts of batches included.

    `batch_parts`: of each mailbox only so many parts of a batch are answered, the others with 429. `counts_missing`: `$count` is
    answered without a count.
    """

    delta: DeltaOddities = field(default_factory=DeltaOddities)
    batch_parts: int | None = None
    counts_missing: bool = False
    concurrent_requests: int = 4
    requests_in_ten_minutes: int = 10_000
    _faults: list[Fault] = field(default_factory=list)
    _dice: random.Random = field(default_factory=lambda: random.Random(7))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(
        self,
        answer: Answer,
        *,
        path: str = "",
        method: str = "",
        mailbox: str = "",
        times: int | None = 1,
        after: int = 0,
    ) -> Fault:
        fault = Fault(answer, re.compile(path), method, times, after, mailbox)
        with self._lock:
            self._faults.append(fault)
        return fault

    def always(
        self, answer: Answer, *, path: str = "", method: str = "", mailbox: str = "", chance: float = 1.0
    ) -> Fault:
        """`chance` 0.1: about one request in ten, the same ones in every run."""
        fault = self.add(answer, path=path, method=method, mailbox=mailbox, times=None)
        fault.chance = chance
        return fault

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def meet(self, request: Request) -> Response | None:
        """The answer of the first fault that matches, if there is one."""
        with self._lock:
            answers = [answer for fault in self._faults if (answer := self._of(fault, request))]
        for answer in answers:
            response = answer(request)
            if response is not None:
                return response
        return None

    def _of(self, fault: Fault, request: Request) -> Answer | None:
        if fault.is_over or fault.method not in ("", request.method) or not fault.path.search(request.path):
            return None
        if fault.mailbox not in ("", request.environ.get(MAILBOX)):
            return None
        if fault.chance < 1 and self._dice.random() >= fault.chance:
            return None
        fault.met += 1
        return fault.answer if fault.met > fault.after else None
