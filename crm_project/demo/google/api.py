"""Requests to the Gmail API: who asks, whether they may, whether it is well-formed, what it costs; then it is performed."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from crm_project.demo.google import answers, discovery, gmail, partial
from crm_project.demo.google.answers import Answer, Refused
from crm_project.demo.google.discovery import Method
from crm_project.demo.google.grants import AccessToken
from crm_project.demo.google.state import Recorded, State

METADATA_SCOPE = "https://www.googleapis.com/auth/gmail.metadata"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it arrived, alone or in a batch; names of headers are lower case."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    in_batch: bool = False

    def unfolded(self) -> "Incoming":
        """A long GET travels as a POST whose body is its query."""
        override = self.headers.get("x-http-method-override", "")
        if self.method != "POST" or not override:
            return self
        query = parse_qsl(self.body.decode(), keep_blank_values=True)
        return replace(self, method=override.upper(), query=self.query + query, body=b"")

    def query_lists(self) -> dict[str, list[str]]:
        lists: dict[str, list[str]] = {}
        for name, value in self.query:
            lists.setdefault(name, []).append(value)
        return lists


class GmailApi:
    def __init__(self, state: State) -> None:
        self._state = state

    def answer(self, request: Incoming, under_way: ExitStack) -> Answer:
        """`under_way` is closed when the answer has been sent: until then the request counts as running."""
        request = request.unfolded()
        found = discovery.find(request.method, request.path)
        if found is None:
            lost = answers.api_error(404, "notFound", f"The requested URL {request.path} was not found on this server.")
            self._note(request, "unknown", "", lost, units=0)
            return lost
        method, path = found
        state = self._state
        token = state.grants.access_tokens.get(_bearer(request))
        address = token.address if token else ""
        with state.lock:
            fault = state.faults.take(method.operation, request.path, address)
            if fault and not fault.performed:
                self._note(request, method.operation, address, fault, units=0)
                return fault
            spent_before = state.meter.spent[address]
            state.changes += request.method != "GET"
            try:
                done = self._perform(request, method, path, under_way)
            except Refused as refusal:
                done = refusal.answer
            self._note(request, method.operation, address, done, units=state.meter.spent[address] - spent_before)
        return replace(done, wire=fault.wire, delay=fault.delay) if fault else done

    def _perform(self, request: Incoming, method: Method, path: dict[str, str], under_way: ExitStack) -> Answer:
        state = self._state
        token = self._token(request, method)
        if path["userId"] not in {"me", token.address}:
            raise Refused(answers.api_error(403, "forbidden", f"Delegation denied for {token.address}"))
        query = method.read_query(request.query)
        body = method.read_body(request.body)
        under_way.enter_context(state.meter.under_way(token.address))
        state.meter.spend(token.address, method.operation, state.clock.now())
        mailbox = state.mailboxes[token.address]
        is_metadata_only = METADATA_SCOPE in token.scopes
        call = gmail.Call(
            mailbox, path, query, body, state.clock.now(), is_metadata_only, state.page_tokens, state.topic
        )
        done = gmail.perform(method.operation, call)
        return replace(done, body=partial.keep_only(done.body, query["fields"])) if query.get("fields") else done

    def _token(self, request: Incoming, method: Method) -> AccessToken:
        token = self._state.grants.valid_access_token(_bearer(request))
        if token is None or token.address not in self._state.mailboxes:
            raise Refused(answers.unauthorized())
        if method.scopes.isdisjoint(token.scopes):
            raise Refused(answers.insufficient_scope())
        return token

    def _note(self, request: Incoming, operation: str, address: str, answer: Answer, *, units: int) -> None:
        self._state.requests.note(
            Recorded(
                operation,
                request.method,
                request.path,
                request.query_lists(),
                self._state.clock.now(),
                mailbox=address,
                units=units,
                status=answer.status,
                in_batch=request.in_batch,
            )
        )


def _bearer(request: Incoming) -> str:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value if kind.lower() == "bearer" else ""
