"""The stand-in as a WSGI application."""

import contextlib
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from werkzeug.datastructures import Authorization
from werkzeug.wrappers import Request, Response

from crm_project.demo.google import answers, consent
from crm_project.demo.google.answers import Answer, Refused, Wire
from crm_project.demo.google.api import GmailApi, Incoming
from crm_project.demo.google.batch import Batch
from crm_project.demo.google.consent import Blocked, Consent
from crm_project.demo.google.keys import signing_key
from crm_project.demo.google.state import Recorded, State
from crm_project.demo.google.tokens import TokenEndpoint
from crm_project.demo.google.wording import language_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MAX_BODY = 40 << 20
# What is answered beside the Gmail API: method and path → operation.
OPERATIONS = {
    ("GET", "/"): "home",
    ("GET", "/pages/style.css"): "style",
    ("GET", "/o/oauth2/v2/auth"): "authorize",
    ("GET", "/signin/account"): "accounts",
    ("POST", "/signin/account"): "choose",
    ("POST", "/signin/consent"): "consent",
    ("POST", "/token"): "token",
    ("POST", "/revoke"): "revoke",
    ("GET", "/oauth2/v1/certs"): "certs",
    ("POST", "/batch/gmail/v1"): "batch",
    ("POST", "/stand-in/deliver"): "deliver",
    ("POST", "/stand-in/grant"): "grant",
}


class App:
    def __init__(self, state: State) -> None:
        self._state = state
        self._api = GmailApi(state)
        self._batch = Batch(self._api)
        self._consent = Consent(state)
        self._tokens = TokenEndpoint(state.grants)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_BODY
        with ExitStack() as under_way:
            answer = self._answer(request, under_way)
            if answer.delay:
                time.sleep(answer.delay)
        return _sent(answer, environ, start_response)

    def _answer(self, request: Request, under_way: ExitStack) -> Answer:
        incoming = _incoming(request)
        operation = OPERATIONS.get((incoming.method, incoming.path))
        if operation is None:
            return self._api.answer(incoming, under_way)
        form = _form(incoming) if operation != "batch" else {}
        mailbox = self._tokens.address_of(form)
        with self._state.lock:
            fault = self._state.faults.take(operation, incoming.path, mailbox)
        done = fault if fault and not fault.performed else self._perform(operation, incoming, form, under_way)
        self._note(operation, incoming, form, mailbox, done)
        return replace(done, wire=fault.wire, delay=fault.delay) if fault and fault.performed else done

    def _perform(self, operation: str, incoming: Incoming, form: dict[str, str], under_way: ExitStack) -> Answer:
        language = language_of(incoming.headers.get("accept-language", ""))
        try:
            if operation == "batch":
                return self._batch.answer(incoming, under_way)
            with self._state.lock:
                self._state.changes += incoming.method == "POST"
                return self._page(operation, incoming, form, language)
        except Refused as refusal:
            return refusal.answer
        except Blocked as blocked:
            return consent.blocked_page(blocked, language)

    def _page(self, operation: str, incoming: Incoming, form: dict[str, str], language: str) -> Answer:
        match operation:
            case "authorize":
                return self._consent.begin(incoming.query, language)
            case "accounts":
                return self._consent.accounts(dict(incoming.query).get("request", ""), language)
            case "choose":
                return self._consent.choose(form.get("request", ""), form.get("account", ""), language)
            case "consent":
                scopes = [value for name, value in _pairs(incoming) if name == "scope"]
                request, account = form.get("request", ""), form.get("account", "")
                return self._consent.decide(request, account, scopes, form.get("decision", ""))
            case "token":
                return self._tokens.token(form)
            case "revoke":
                return self._tokens.revoke(form | dict(incoming.query))
            case "deliver" | "grant":
                return self._of_the_demo(operation, incoming)
            case "certs":
                key = signing_key()
                return Answer(200, {key.id: key.certificate}, {"Cache-Control": "public, max-age=21600"})
            case "style":
                style = (consent.PAGES / "style.css").read_text(encoding="utf-8")
                return Answer(200, style, content_type="text/css; charset=utf-8")
        return consent.home(self._state, language)

    def _of_the_demo(self, operation: str, incoming: Incoming) -> Answer:
        """Not Google's: how the demo, another process, sends a mail to an account, or is let into one without the pages."""
        query = incoming.query_lists()
        mailbox = self._state.mailboxes.get(query.get("to", [""])[0])
        # A page of another site cannot send these types without being allowed to.
        needed = {"deliver": "message/rfc822", "grant": "application/json"}[operation]
        if incoming.headers.get("content-type") != needed:
            return answers.invalid(f"A {needed} is needed.")
        if mailbox is None:
            return answers.not_found()
        if operation == "grant":
            return Answer(200, self._state.grant(mailbox.address, query.get("scope", [])))
        return Answer(200, {"id": mailbox.deliver(incoming.body, labels=query.get("label", ["INBOX", "UNREAD"]))})

    def _note(self, operation: str, incoming: Incoming, form: dict[str, str], mailbox: str, answer: Answer) -> None:
        query, now = incoming.query_lists(), self._state.clock.now()
        self._state.requests.note(
            Recorded(operation, incoming.method, incoming.path, query, now, form, mailbox=mailbox, status=answer.status)
        )


def _incoming(request: Request) -> Incoming:
    query = parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Incoming(request.method, request.path, query, headers, request.get_data())


def _pairs(incoming: Incoming) -> list[tuple[str, str]]:
    if incoming.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return []
    return parse_qsl(incoming.body.decode("utf-8", "replace"), keep_blank_values=True)


def _form(incoming: Incoming) -> dict[str, str]:
    """The fields of a form, with the client's id and secret if they came in a header."""
    form = dict(_pairs(incoming))
    authorization = Authorization.from_header(incoming.headers.get("authorization"))
    if authorization and authorization.type == "basic":
        form.setdefault("client_id", authorization.username or "")
        form.setdefault("client_secret", authorization.password or "")
    return form


def _sent(answer: Answer, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if answer.wire is Wire.DROPPED:
        _hang_up(environ)
    payload = answer.payload()
    response = Response(payload, answer.status, dict(answer.headers), content_type=answer.content_type)
    if answer.wire is Wire.CUT:
        response.headers["Content-Length"] = str(max(len(payload), 2))
        start_response(f"{answer.status} OK", response.get_wsgi_headers(environ).to_wsgi_list())
        return _first_half(payload, environ)
    return response(environ, start_response)


def _first_half(payload: bytes, environ: "WSGIEnvironment") -> Iterator[bytes]:
    yield payload[: len(payload) // 2]
    _hang_up(environ)


def _hang_up(environ: "WSGIEnvironment") -> None:
    with contextlib.suppress(OSError):
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError
