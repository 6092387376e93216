"""Requests to Microsoft Graph: one session, immutable ids throughout, and links followed only to where we were sent to begin with."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlencode

import requests
from requests.auth import AuthBase
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from inboxes.providers.base import (
    AccessToken,
    ClientMisconfigured,
    CursorExpired,
    MessageGone,
    Pace,
    ProviderError,
    RateLimited,
    TemporarilyUnavailable,
)
from inboxes.providers.graph.errors import TOO_MANY_AT_ONCE, Asked, classify, classify_failure, is_challenge

TIMEOUT_SECONDS = 30.0
PARTS_PER_BATCH = 20
LARGEST_ANSWER = 35 * 1024 * 1024
BODIES_AT_ONCE = 2
"""Graph itself draws the line at four requests for a mailbox, those of the owner's other programs not counted."""
FAULTS_BORNE = 3
"""So many messages may make Graph stumble before we take it that Graph itself is ill."""

_IMMUTABLE_IDS = 'IdType="ImmutableId"'
_CHUNK_BYTES = 64 * 1024

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """Where Graph is, and whose mailbox to read: a shared one by its address, else that of whoever the token is for.

    `careful`: one thing after another, and little at a time. For a mailbox that was in trouble a moment ago, so that something gets
    done between two refusals. `with_junk`: the junk folder is worth syncing, too.
    """

    root: str
    mailbox: str = ""
    careful: bool = False
    with_junk: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One part of a batch. `error` is None if it went well."""

    body: Json
    error: ProviderError | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    headers: Mapping[str, str]
    data: str | None = None


@dataclass(frozen=True, slots=True)
class _Reply:
    """What came over the wire, the first 35 MB of it; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return None


class _Bearer(AuthBase):
    """An `auth` object, because requests would let a netrc file overrule a plain header."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class GraphClient:
    """Raises `ProviderError` only. Once Graph has asked for a pause, nothing more is sent until it is over.

    Nothing is repeated but a request that was answered with 401, once, with another token.
    """

    def __init__(self, settings: GraphSettings, token: AccessToken, pace: Pace, now: Callable[[], datetime]) -> None:
        self._root = settings.root.rstrip("/")
        self._owner = f"/users/{quote(settings.mailbox, safe='@')}" if settings.mailbox else "/me"
        self._token = token
        self._pace = pace
        self._now = now
        self._pause: tuple[datetime, RateLimited] | None = None
        self._at_once = 1 if settings.careful else BODIES_AT_ONCE
        self._session = requests.Session()
        # Graph needs none, and two threads would share them.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        self._session.close()

    def url(self, path: str) -> str:
        """The address of something in the mailbox; `path` is quoted and may carry a query."""
        return f"{self._root}{self._owner}{path}"

    def get(self, url: str, asked: Asked, *, page_size: int = 0, headers: Mapping[str, str] | None = None) -> Json:
        """The JSON object at `url()` or behind a link that was checked."""
        self._spend(1)
        prefer = f"{_IMMUTABLE_IDS}, odata.maxpagesize={page_size}" if page_size else _IMMUTABLE_IDS
        return self._object(self._ask(_Request("GET", url, {"Prefer": prefer, **(headers or {})})), asked)

    def change(self, method: str, path: str, asked: Asked, *, body: Json | None = None) -> Json:
        """The answer to a POST, PATCH or DELETE below the root; empty where there is nothing to say. Never for mail: it is only read."""
        self._spend(1)
        headers = {"Prefer": _IMMUTABLE_IDS} | ({"Content-Type": "application/json"} if body else {})
        reply = self._ask(_Request(method, f"{self._root}{path}", headers, json.dumps(body) if body else None))
        return {} if reply.status in (202, 204) else self._object(reply, asked)

    def batch(self, paths: Sequence[str], asked: Asked) -> list[Answer]:
        """The answers to at most twenty GETs within the mailbox, in the order of `paths` (as for `url()`).

        What one part is refused for stands in its answer, so that the others are not lost with it.
        """
        self._spend(len(paths))
        parts = [
            {"id": str(number), "method": "GET", "url": f"{self._owner}{path}", "headers": {"Prefer": _IMMUTABLE_IDS}}
            for number, path in enumerate(paths)
        ]
        headers = {"Content-Type": "application/json", "Prefer": _IMMUTABLE_IDS}
        request = _Request("POST", f"{self._root}/$batch", headers, json.dumps({"requests": parts}))
        reply = self._object(self._ask(request, is_refused=_has_refused_part), Asked.MAILBOX)
        answers = {part.get("id"): _answer(part, asked) for part in _parts(reply)}
        for answer in answers.values():
            self._heed(answer.error)
        missing = Answer({}, TemporarilyUnavailable("not_returned"))
        return [answers.get(part["id"], missing) for part in parts]

    def contents(self, paths: Mapping[str, str]) -> Iterator[tuple[str, bytes | ProviderError]]:
        """What is found at each path by key, in their order, two at a time, but one after another once Graph has throttled us.

        Ends early at trouble that is not of one message alone.
        """
        waiting, faults = list(paths.items()), 0
        with ThreadPoolExecutor(max_workers=self._at_once, thread_name_prefix="graph-bodies") as workers:
            while waiting:
                taken, waiting = waiting[: self._at_once], waiting[self._at_once :]
                for (key, _), found in zip(taken, self._fetch([path for _, path in taken], workers), strict=True):
                    faults += is_fault(found)
                    if faults >= FAULTS_BORNE or not (is_fault(found) or isinstance(found, bytes | MessageGone)):
                        waiting = []
                    yield key, found

    def checked(self, link: object) -> str:
        """A link of an answer, once it is sure to lead to the configured server: our token goes with it."""
        if not isinstance(link, str) or not link:
            raise TemporarilyUnavailable("answer_not_understood")
        if not self._leads_home(link):
            raise ClientMisconfigured("links_elsewhere")
        return link

    def known(self, link: str) -> str:
        """A stored link. Another server may be configured by now: then it leads nowhere any more."""
        if not self._leads_home(link):
            raise CursorExpired
        return link

    def _leads_home(self, link: str) -> bool:
        return _origin(link) == _origin(self._root) and link.isascii() and link.isprintable()

    def _fetch(self, paths: Sequence[str], workers: ThreadPoolExecutor) -> list[bytes | ProviderError]:
        """The token is taken here: the threads wait for the network and do nothing else."""
        self._spend(len(paths))
        token = self._token.get()
        asked = [_Request("GET", self.url(path), {"Prefer": _IMMUTABLE_IDS}) for path in paths]
        replies = [workers.submit(self._send, request, token) for request in asked]
        return [self._content(request, reply, token) for request, reply in zip(asked, replies, strict=True)]

    def _content(self, request: _Request, sent: "Future[_Reply]", token: str) -> bytes | ProviderError:
        try:
            reply = self._accepted(request, sent.result(), token)
        except ProviderError as error:
            return error
        return reply.content if reply.status == 200 else self._refusal(reply, Asked.MESSAGE)

    def _spend(self, units: int) -> None:
        if self._pause and (left := (self._pause[0] - self._now()).total_seconds()) > 0:
            raise RateLimited(self._pause[1].cause, retry_after=left)
        self._pace.spend(units)

    def _heed(self, error: ProviderError | None) -> None:
        """Too many at once is cured by fewer at once; anything else by waiting."""
        if isinstance(error, RateLimited):
            self._at_once = 1
            if error.cause != TOO_MANY_AT_ONCE:
                self._pause = (self._now() + timedelta(seconds=error.retry_after), error)

    def _refusal(self, reply: _Reply, asked: Asked) -> ProviderError:
        error = classify(reply.status, reply.headers, reply.json, asked)
        self._heed(error)
        return error

    def _object(self, reply: _Reply, asked: Asked) -> Json:
        if reply.status not in (200, 201):
            raise self._refusal(reply, asked)
        body = reply.json
        if not isinstance(body, dict):
            raise TemporarilyUnavailable("answer_not_understood")
        return body

    def _ask(self, request: _Request, *, is_refused: Callable[[_Reply], bool] | None = None) -> _Reply:
        token = self._token.get()
        return self._accepted(request, self._send(request, token), token, is_refused=is_refused)

    def _accepted(
        self, request: _Request, reply: _Reply, token: str, *, is_refused: Callable[[_Reply], bool] | None = None
    ) -> _Reply:
        """The reply, or that to the same request with another token if this one was refused."""
        is_refused = is_refused or _has_refused_token
        if not is_refused(reply) or is_challenge(reply.headers):
            return reply
        return self._send(request, self._token.renew(token))

    def _send(self, request: _Request, token: str) -> _Reply:
        try:
            with self._session.request(
                request.method,
                request.url,
                headers={**request.headers, "client-request-id": str(uuid.uuid4())},
                data=request.data,
                auth=_Bearer(token),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return _Reply(response.status_code, headers, _read(response))
        except requests.RequestException as failure:
            raise classify_failure(failure) from None


def path_of(*segments: str, query: Mapping[str, str | int] | None = None) -> str:
    """A path within the mailbox. Ids are case-sensitive, and may hold anything."""
    path = "".join(f"/{quote(segment, safe='$')}" for segment in segments)
    return f"{path}?{urlencode(query, quote_via=quote, safe='$,()')}" if query else path


def rows_of(body: Json) -> list[Json]:
    """The objects of a list that have an id; what else it may hold is passed over."""
    rows = body.get("value")
    if not isinstance(rows, list):
        return []
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]]


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            break
    return bytes(content)


def _parts(reply: Any) -> list[Json]:
    parts = reply.get("responses") if isinstance(reply, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _answer(part: Json, asked: Asked) -> Answer:
    status, body, given = part.get("status"), part.get("body"), part.get("headers")
    if status == 200 and isinstance(body, dict):
        return Answer(body)
    headers = {str(name).lower(): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    return Answer({}, classify(status if isinstance(status, int) else 0, headers, body, asked))


def _has_refused_token(reply: _Reply) -> bool:
    return reply.status == 401


def _has_refused_part(reply: _Reply) -> bool:
    return reply.status == 401 or any(part.get("status") == 401 for part in _parts(reply.json))


def is_fault(found: bytes | ProviderError) -> bool:
    """Whether a message may have made Graph stumble, which says nothing about the others."""
    return isinstance(found, TemporarilyUnavailable) and found.cause == "provider_trouble"


def _origin(url: str) -> tuple[str, str, int | None]:
    """As requests reads it: another parser may see another host, and the token would go to that one."""
    try:
        parts = parse_url(url)
    except LocationParseError:
        return "", "", None
    scheme = parts.scheme or ""
    return scheme, parts.host or "", parts.port or {"http": 80, "https": 443}.get(scheme)
