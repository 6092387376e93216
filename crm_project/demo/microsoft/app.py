"""The WSGI application: sign-in below `/{tenant}/`, Graph below `/v1.0/`, every request recorded, every fault met."""

import json
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.utils import translation
from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import admin_consent, graph, pages, signing_in, stand_in, subscriptions, token_endpoint
from crm_project.demo.microsoft.batch import answer_batch
from crm_project.demo.microsoft.faults import MAILBOX
from crm_project.demo.microsoft.queries import preferences
from crm_project.demo.microsoft.refusals import GraphRefusal, SignInRefusal
from crm_project.demo.microsoft.world import Recorded, World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_SIGN_IN = re.compile(r"/(?P<authority>[^/]+)(?P<page>/oauth2/v2\.0/(?:authorize|token|logout)|/discovery/v2\.0/keys"
                      r"|/v2\.0/\.well-known/openid-configuration|/v2\.0/adminconsent)")  # fmt: skip
_METHODS = {"authorize": {"GET", "POST"}, "token": {"POST"}, "adminconsent": {"GET", "POST"}}


class MicrosoftApp:
    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        response = self.answer(request)
        return response(environ, start_response)

    def answer(self, request: Request, *, batched: bool = False) -> Response:
        is_graph = request.path.startswith(graph.ROOT)
        response = self._graph(request) if is_graph else self._sign_in(request)
        self._record(request, response, batched=batched)
        return response

    def _graph(self, request: Request) -> Response:
        request_id = request.headers.get("client-request-id", "")
        try:
            response = _as_response(self._graph_answer(request))
            if response.is_json or response.mimetype == "text/plain":
                response.headers["Preference-Applied"] = preferences(request).applied
        except GraphRefusal as refusal:
            response = _json(refusal.body(client_request_id=request_id), refusal.status)
            response.headers.extend(refusal.headers)
        response.headers["request-id"] = str(uuid4())
        if request_id:
            response.headers["client-request-id"] = request_id
        return response

    def _graph_answer(self, request: Request) -> graph.Answer:
        token = self.world.grants.bearer(request.headers.get("Authorization", ""))
        account = self.world.directory.accounts[token.account_id]
        request.environ[MAILBOX] = account.address
        if request.path == graph.ROOT + "$batch":
            return self.world.faults.meet(request) or answer_batch(self, request)
        first, _, rest = graph.segments(request.path).partition("/")
        if first.lower() == "subscriptions":
            return self.world.faults.meet(request) or subscriptions.answer(self.world, request, account, token, rest)
        return graph.answer(self.world, request, account, token)

    def _sign_in(self, request: Request) -> Response:
        found = _SIGN_IN.fullmatch(request.path)
        page = found["page"].rpartition("/")[2] if found else ""
        if request.method not in _METHODS.get(page, {"GET"}) and found:
            return Response("Method not allowed.", HTTPStatus.METHOD_NOT_ALLOWED)
        with translation.override(_language(request)):
            if found is None:
                return stand_in.answer(self.world, request)
            try:
                return self.world.faults.meet(request) or self._sign_in_page(request, found["authority"], page)
            except SignInRefusal as refusal:
                if page == "token":
                    return _json(refusal.body(), refusal.status)
                return pages.sign_in_trouble(refusal)

    def _sign_in_page(self, request: Request, authority: str, page: str) -> Response:
        match page:
            case "authorize":
                return signing_in.authorize(self.world, request, authority)
            case "adminconsent":
                return admin_consent.ask(self.world, request, authority)
            case "token":
                return _as_response(token_endpoint.token(self.world, request, authority))
            case "openid-configuration":
                return _json(token_endpoint.openid_configuration(self.world, authority))
            case "keys":
                return _json({"keys": []})
        return pages.signed_out()

    def _record(self, request: Request, response: Response, *, batched: bool) -> None:
        headers = {name.lower(): value for name, value in request.headers.items() if name != "Authorization"}
        self.world.requests.append(
            Recorded(
                request.method,
                request.path,
                {name: request.args.getlist(name) for name in request.args},
                headers,
                request.form.to_dict(),
                request.get_json(silent=True) if request.is_json else None,
                response.status_code,
                batched,
                request.environ.get(MAILBOX, ""),
            )
        )


def _language(request: Request) -> str:
    for wanted in (request.args.get("ui_locales", ""), request.args.get("mkt", ""), *request.accept_languages.values()):
        try:
            return str(translation.get_supported_language_variant(wanted))
        except LookupError:
            continue
    return "en"


def _as_response(answer: graph.Answer) -> Response:
    return answer if isinstance(answer, Response) else _json(answer)


def _json(body: dict[str, Any], status: int = HTTPStatus.OK) -> Response:
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    return Response(text, status, content_type="application/json; charset=utf-8")
