"""Signing in and allowing: the pages between a client's request and its answer."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup

from crm_project.demo.google.answers import HTML, Answer
from crm_project.demo.google.grants import Client, canonical
from crm_project.demo.google.state import State
from crm_project.demo.google.wording import IDENTITY_SCOPES, SCOPES, scope_text, text

PAGES = Path(__file__).parent / "pages"
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_PARAMETERS = frozenset(
    "client_id redirect_uri response_type scope state access_type prompt include_granted_scopes login_hint nonce hd hl "
    "code_challenge code_challenge_method enable_granular_consent".split()
)
_CHOICES: Mapping[str, frozenset[str]] = {
    "response_type": frozenset({"code"}),
    "access_type": frozenset({"online", "offline"}),
    "include_granted_scopes": frozenset({"true", "false"}),
    "enable_granular_consent": frozenset({"true", "false"}),
    "code_challenge_method": frozenset({"S256", "plain"}),
}
_PROMPTS = frozenset({"none", "consent", "select_account"})
_CHALLENGE_LENGTHS = range(43, 129)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for consent that was found in order."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    parameters: Mapping[str, str]

    @property
    def prompts(self) -> frozenset[str]:
        return frozenset(self.parameters.get("prompt", "").split())


class Blocked(Exception):
    """Said to the person, never to the client: nobody knows where it is safe to send them."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


class Consent:
    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: dict[str, Asked] = {}

    def begin(self, pairs: Sequence[tuple[str, str]], language: str) -> Answer:
        """The request of a client. Raises `Blocked`."""
        asked = self._check(pairs)
        key = secrets.token_urlsafe(16)
        hinted = asked.parameters.get("login_hint", "").lower()
        account = hinted if hinted in self._state.mailboxes else ""
        if "none" in asked.prompts:
            if account and self._has_allowed(asked, account):
                return self._allowed(asked, account, asked.scopes, is_new=False)
            return _redirected(asked, error="interaction_required")
        self._waiting[key] = asked
        if account and "select_account" not in asked.prompts:
            return self.choose(key, account, language)
        return self.accounts(key, language)

    def accounts(self, key: str, language: str) -> Answer:
        """Raises `Blocked`."""
        asked = self._asked(key)
        rows = Markup("").join(
            _part("account", address=box.address, name=box.name or box.address, initial=box.address[0].upper())
            for box in self._state.mailboxes.values()
        )
        lead = "choose_lead" if rows else "no_accounts"
        content = _part("accounts", key=key, accounts=rows, lead=text(language, lead, client=asked.client.name))
        return page(language, text(language, "choose_title"), content)

    def choose(self, key: str, account: str, language: str) -> Answer:
        """The account is known now: ask it, unless it has allowed everything before. Raises `Blocked`."""
        asked = self._asked(key)
        if account not in self._state.mailboxes:
            raise Blocked(400, "invalid_account")
        organisation = asked.client.organisation
        if organisation and not account.endswith(f"@{organisation}"):
            raise Blocked(403, "org_internal", f"{asked.client.name} is for accounts of its own organisation only.")
        policy = self._state.grants.policies.get(account)
        if policy:
            raise Blocked(policy.status, policy.body["error"], policy.body.get("error_description", ""))
        if self._has_allowed(asked, account) and "consent" not in asked.prompts:
            del self._waiting[key]
            return self._allowed(asked, account, asked.scopes, is_new=False)
        return self._ask(asked, key, account, language)

    def decide(self, key: str, account: str, scopes: Sequence[str], decision: str) -> Answer:
        """Raises `Blocked`."""
        asked = self._asked(key)
        if account not in self._state.mailboxes:
            raise Blocked(400, "invalid_account")
        del self._waiting[key]
        chosen = tuple(scope for scope in asked.scopes if scope in scopes)
        if decision != "allow" or not chosen:
            return _redirected(asked, error="access_denied")
        return self._allowed(asked, account, chosen, is_new=True)

    def _check(self, pairs: Sequence[tuple[str, str]]) -> Asked:
        parameters = dict(pairs)
        client = self._state.grants.clients.get(parameters.get("client_id", ""))
        if client is None:
            raise Blocked(401, "invalid_client", "The OAuth client was not found.")
        redirect_uri = parameters.get("redirect_uri", "")
        if redirect_uri not in client.redirect_uris:
            raise Blocked(400, "redirect_uri_mismatch", f"redirect_uri={redirect_uri}")
        if len(parameters) != len(pairs):
            raise Blocked(400, "invalid_request", "A parameter was given twice.")
        for name in sorted(parameters.keys() - _PARAMETERS):
            raise Blocked(400, "invalid_request", f"Parameter not allowed for this message type: {name}")
        _check_choices(parameters)
        scopes = tuple(dict.fromkeys(parameters.get("scope", "").split()))
        if not scopes:
            raise Blocked(400, "invalid_request", "Missing required parameter: scope")
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown:
            raise Blocked(400, "invalid_scope", f"Some requested scopes were invalid. {{invalid={unknown}}}")
        return Asked(client, redirect_uri, scopes, parameters)

    def _asked(self, key: str) -> Asked:
        if key not in self._waiting:
            raise Blocked(400, "expired_request", "This sign-in is over. Start again where you came from.")
        return self._waiting[key]

    def _has_allowed(self, asked: Asked, account: str) -> bool:
        return set(map(canonical, asked.scopes)) <= set(self._state.grants.allowed(asked.client, account))

    def _ask(self, asked: Asked, key: str, account: str, language: str) -> Answer:
        known = self._state.grants.allowed(asked.client, account)
        mark = Markup(" <em>({})</em>").format(text(language, "already_allowed"))
        rows = Markup("").join(
            _part(
                "identity" if scope in IDENTITY_SCOPES else "scope",
                scope=scope,
                text=scope_text(language, scope),
                known=mark if canonical(scope) in known else "",
            )
            for scope in asked.scopes
        )
        words = {name: text(language, name) for name in ("allow", "cancel", "other_account")}
        lead = text(language, "consent_lead", client=asked.client.name)
        note = text(language, "all_or_part")
        content = _part(
            "consent", key=key, address=account, initial=account[0].upper(), scopes=rows, lead=lead, note=note, **words
        )
        return page(language, text(language, "consent_title", client=asked.client.name), content)

    def _allowed(self, asked: Asked, account: str, chosen: tuple[str, ...], *, is_new: bool) -> Answer:
        """Offline access is given with the first consent, and with every one that was asked for by `prompt=consent`."""
        grants, parameters = self._state.grants, asked.parameters
        is_first = not grants.allowed(asked.client, account)
        together = parameters.get("include_granted_scopes") == "true"
        scopes = grants.allow(asked.client, account, chosen, together=together)
        is_offline = parameters.get("access_type") == "offline"
        code = grants.make_code(
            asked.client, account, scopes, asked.redirect_uri,
            challenge=parameters.get("code_challenge", ""),
            challenge_method=parameters.get("code_challenge_method", "plain"),
            nonce=parameters.get("nonce", ""),
            gives_refresh_token=is_offline and is_new and (is_first or "consent" in asked.prompts),
        )  # fmt: skip
        shown = "consent" if is_new else "none"
        return _redirected(asked, code=code.value, scope=" ".join(scopes), authuser="0", prompt=shown)


def blocked_page(blocked: Blocked, language: str) -> Answer:
    code = text(language, "error_code", status=blocked.status, code=blocked.code)
    content = _part("error", message=blocked.message, code=code)
    return page(language, text(language, "error_title"), content, status=blocked.status)


def home(state: State, language: str) -> Answer:
    rows = Markup("").join(
        _part("mailbox", address=box.address, mails=text(language, "mails", count=len(box.messages)))
        for box in state.mailboxes.values()
    )
    content = _part("home", lead=text(language, "home_lead"), mailboxes=rows)
    return page(language, text(language, "home_title"), content)


def page(language: str, title: str, content: Markup, *, status: int = 200) -> Answer:
    banner = text(language, "banner")
    body = _part("layout", language=language, title=title, banner=banner, content=content)
    return Answer(status, str(body), _SECURITY, content_type=HTML)


def _part(template: str, **values: object) -> Markup:
    """A piece of a page; whatever is put into it is escaped."""
    return Markup((PAGES / f"{template}.html").read_text(encoding="utf-8")).format(**values)  # noqa: S704 - our own file


def _check_choices(parameters: Mapping[str, str]) -> None:
    for name, known in _CHOICES.items():
        if parameters.get(name, "") not in known | ({""} if name != "response_type" else set()):
            raise Blocked(400, "invalid_request", f"Invalid parameter value for {name}: {parameters.get(name, '')}")
    if not set(parameters.get("prompt", "").split()) <= _PROMPTS:
        raise Blocked(400, "invalid_request", "Invalid parameter value for prompt")
    if "code_challenge" in parameters and len(parameters["code_challenge"]) not in _CHALLENGE_LENGTHS:
        raise Blocked(400, "invalid_request", "Invalid parameter value for code_challenge")


def _redirected(asked: Asked, **values: str) -> Answer:
    state = {"state": asked.parameters["state"]} if "state" in asked.parameters else {}
    separator = "&" if urlsplit(asked.redirect_uri).query else "?"
    return Answer(302, None, _SECURITY | {"Location": asked.redirect_uri + separator + urlencode(state | values)})
