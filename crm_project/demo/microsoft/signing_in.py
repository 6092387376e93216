"""The pages of signing in: which account, what it agrees to, and the way back to the application."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import pages, scopes
from crm_project.demo.microsoft.directory import Account, ConsentPolicy
from crm_project.demo.microsoft.grants import client_info
from crm_project.demo.microsoft.refusals import SignInRefusal
from crm_project.demo.microsoft.scopes import Wanted
from crm_project.demo.microsoft.token_endpoint import check_authority
from crm_project.demo.microsoft.world import World

_PARAMETERS = {
    "client_id", "response_type", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method",
    "prompt", "login_hint", "domain_hint", "response_mode", "claims", "client_info", "ui_locales", "mkt",
    "X-AnchorMailbox",  # a hint that MSAL sends along with login_hint
}  # fmt: skip
_PROMPTS = {"", "none", "login", "consent", "select_account"}
# The authorise endpoint names this one differently than the token endpoint does.
_ERRORS = {65001: "consent_required"}


@dataclass(frozen=True)
class Asked:
    """A request for a code that has passed every check, and who may answer it."""

    authority: str
    redirect_uri: str
    state: str
    mode: str
    scope: str
    wanted: list[Wanted]
    challenge: str
    nonce: str
    prompt: str
    login_hint: str
    wants_client_info: bool
    accounts: list[Account]

    @property
    def full(self) -> set[str]:
        return {one.full for one in self.wanted}


def authorize(world: World, request: Request, authority: str) -> Response:
    """Raises SignInRefusal for what is shown on a page rather than sent back to the application."""
    asked = _read(world, request, authority)
    form = request.form
    account = _account(world, asked, form.get("account", ""))
    step = form.get("step", "")
    if step == "cancel":
        return _refused(asked, 65004, cancelled=True)
    if account is None:
        if asked.prompt == "none":
            return _back(asked, {"error": "login_required", "error_description": "AADSTS50058: Nobody is signed in."})
        return pages.choose_account(asked.accounts, asked.login_hint)
    if account.trouble:
        raise SignInRefusal(account.trouble)
    return _ask_consent(world, request, asked, account) or _code(world, asked, account)


def _read(world: World, request: Request, authority: str) -> Asked:
    args = request.args
    unknown = sorted(set(args) - _PARAMETERS)
    if unknown:
        raise SignInRefusal(900144, f"The request holds parameters that are not documented: {unknown}.")
    application = world.directory.application
    if args.get("client_id") != application.id:
        raise SignInRefusal(700016)
    check_authority(world, authority)
    redirect_uri = args.get("redirect_uri", "")
    if not redirect_uri or (application.redirect_uris and redirect_uri not in application.redirect_uris):
        raise SignInRefusal(50011)
    if args.get("response_type") != "code" or args.get("prompt", "") not in _PROMPTS:
        raise SignInRefusal(900144, "response_type must be code, and prompt one of the documented values.")
    if args.get("code_challenge") and args.get("code_challenge_method") != "S256":
        raise SignInRefusal(900144, "code_challenge_method must be S256.")
    wanted, _identity = scopes.read(args.get("scope", ""))
    accounts = world.directory.of_authority(authority)
    if args.get("domain_hint") == "consumers":
        accounts = [account for account in accounts if world.directory.tenant_of(account).is_personal]
    return Asked(
        authority=authority,
        redirect_uri=redirect_uri,
        state=args.get("state", ""),
        mode=args.get("response_mode", "query"),
        scope=args.get("scope", ""),
        wanted=wanted,
        challenge=args.get("code_challenge", ""),
        nonce=args.get("nonce", ""),
        prompt=args.get("prompt", ""),
        login_hint=args.get("login_hint", ""),
        wants_client_info=args.get("client_info") == "1",
        accounts=accounts,
    )


def _account(world: World, asked: Asked, chosen: str) -> Account | None:
    """Who signs in: chosen on the page, or named by the application where it does not want a choice."""
    if not chosen and asked.prompt not in ("select_account", "login"):
        chosen = asked.login_hint
    account = world.directory.find(chosen) if chosen else None
    if account is not None and account not in asked.accounts:
        raise SignInRefusal(50020)
    return account


def _ask_consent(world: World, request: Request, asked: Asked, account: Account) -> Response | None:
    """The page that asks, the way back without an answer, or None once there is nothing left to ask."""
    form = request.form
    step = form.get("step", "")
    tenant = world.directory.tenant_of(account)
    if step == "return":
        return _refused(asked, tenant.refusal)
    if tenant.needs_administrator(asked.full) and not account.is_administrator:
        if step == "request" and tenant.policy is ConsentPolicy.REQUEST:
            tenant.requests.append(account.address)
            return pages.approval_requested(account)
        return pages.approval_needed(account, asked.wanted, can_ask=tenant.policy is ConsentPolicy.REQUEST)
    if step == "consent":
        ticked = {one.full for one in asked.wanted if one.name in form.getlist("scope")}
        account.consented = (account.consented - asked.full) | ticked
        if account.is_administrator and form.get("for_everybody"):
            tenant.granted |= ticked
        return None
    if asked.full <= world.grants.allowed(account) and asked.prompt != "consent":
        return None
    if asked.prompt == "none":
        return _refused(asked, 65001)
    return pages.ask_consent(
        account, asked.wanted, application=world.directory.application.name, everybody=account.is_administrator
    )


def _code(world: World, asked: Asked, account: Account) -> Response:
    code = world.grants.issue_code(
        account, scope=asked.scope, redirect_uri=asked.redirect_uri, challenge=asked.challenge, nonce=asked.nonce
    )
    answer = {"code": code, "session_state": secrets.token_hex(16)}
    if asked.wants_client_info:
        answer["client_info"] = client_info(account)
    return _back(asked, answer)


def _refused(asked: Asked, number: int, *, cancelled: bool = False) -> Response:
    refusal = SignInRefusal(number)
    body = refusal.body()
    answer = {"error": _ERRORS.get(number, refusal.error), "error_description": body["error_description"]}
    if cancelled:
        answer["error_subcode"] = "cancel"
    return _back(asked, answer | {"error_uri": body["error_uri"]})


def _back(asked: Asked, answer: dict[str, str]) -> Response:
    if asked.state:
        answer["state"] = asked.state
    if asked.mode == "form_post":
        return pages.post_back(asked.redirect_uri, answer)
    return redirect(with_answer(asked.redirect_uri, answer.items(), fragment=asked.mode == "fragment"))


def with_answer(redirect_uri: str, answer: Iterable[tuple[str, str]], *, fragment: bool = False) -> str:
    parts = urlsplit(redirect_uri)
    text = urlencode(list(answer))
    if fragment:
        return urlunsplit(parts._replace(fragment=text))
    return urlunsplit(parts._replace(query=f"{parts.query}&{text}" if parts.query else text))
