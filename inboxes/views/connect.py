"""The first two steps of connecting an inbox: its address, then its servers, which are tried out before anything is kept."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import Any

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inboxes import actions
from inboxes.allowed import allowed_to, refuse_connecting
from inboxes.causes import HINTS
from inboxes.discovery import discover
from inboxes.forms import AddressForm, ServersForm, found_values
from inboxes.models import CredentialKind, Inbox, InboxKind, ProviderKind
from inboxes.oauth.accesses import API_OF
from inboxes.oauth.clients import is_offered
from inboxes.oauth_flows import USUAL_HISTORY
from inboxes.trial import Trial, try_servers
from users.http import SignedInRequest
from users.models import User

TO_CONNECT = "inbox_to_connect"
"""Of the session: the address (which is nothing for the log of requested pages) and what was found out about it."""

TRIES = "try_mail_servers"


@require_http_methods(["GET", "POST"])
def connect(request: SignedInRequest) -> HttpResponse:
    kind = wanted_kind(request)
    if kind is InboxKind.TEAM and not request.user.has_account_access:
        return ask_for_account_access(request)
    if kind is None and request.user.has_account_access and request.method == "GET":
        return render(request, "inboxes/choose_kind.html")
    allowed = allowed_to(request.user, kind or InboxKind.PERSONAL)
    form = AddressForm(request.POST or None, person=request.user, initial=to_connect(request).get("address", ""))
    if request.method == "POST" and not allowed.refused and form.is_valid():
        found = request.session[TO_CONNECT] = _found_out(form.cleaned_data["address"])
        found["inbox_kind"] = (kind or InboxKind.PERSONAL).value
        if found["sign_in"] and is_offered(CredentialKind(found["sign_in"])):
            return redirect(f"{reverse('inboxes:oauth', args=[found['sign_in']])}{query_of(kind)}")
        return redirect("inboxes:connect-server")
    context = {
        "form": form,
        "allowed": allowed,
        "ways": [(provider, is_offered(provider), API_OF[provider] in allowed.providers) for provider in API_OF],
        "is_team": kind is InboxKind.TEAM,
        "query": query_of(kind),
    }
    return render(request, "inboxes/connect.html", context, status=422 if form.errors else 200)


def wanted_kind(request: SignedInRequest) -> InboxKind | None:
    """What the mailbox is to become, as the address of the page says; None: the person has not chosen yet."""
    kind = request.GET.get("kind", "")
    return InboxKind(kind) if kind in InboxKind.values else None


def query_of(kind: InboxKind | None, **more: str) -> str:
    """For links to the next step: empty for a personal inbox by the usual way."""
    values = {"kind": kind.value} if kind is InboxKind.TEAM else {}
    values |= {name: value for name, value in more.items() if value}
    return f"?{urlencode(values)}" if values else ""


def ask_for_account_access(request: SignedInRequest) -> HttpResponse:
    """Who can do what this person may not."""
    holders = User.objects.holders_of_account_access().order_by("name", "email")
    return render(request, "inboxes/account_access_needed.html", {"holders": holders}, status=403)


@require_http_methods(["GET", "POST"])
@never_cache
def connect_server(request: SignedInRequest) -> HttpResponse:
    if not (found := to_connect(request)):
        return redirect("inboxes:connect")
    kind = InboxKind(found.get("inbox_kind", InboxKind.PERSONAL))
    if kind is InboxKind.TEAM and not request.user.has_account_access:
        return ask_for_account_access(request)
    if _is_for_another(request, found["address"], kind):
        return _begin_anew(request)
    form, trial = ServersForm(request.POST or None, initial=found["values"]), None
    refuse = partial(refuse_connecting, by=request.user, provider=ProviderKind.IMAP, kind=kind)
    if request.method == "POST" and form.is_valid():
        trial = tried(request, form, found["address"], refuse=refuse)
        if trial and trial.can_read and (inbox := _connected(request, form, found["address"], trial)):
            return render(request, "inboxes/connected.html", {"inbox": inbox, "trial": trial})
    context = {
        **_sign_in_instead(found),
        "found": found,
        "hints": hints(found["hints"]),
        "form": form,
        "trial": trial,
        "allowed": allowed_to(request.user, kind),
        "is_team": kind is InboxKind.TEAM,
        "query": query_of(kind),
    }
    return render(request, "inboxes/connect_server.html", context, status=422 if form.errors or trial else 200)


def _sign_in_instead(found: dict[str, Any]) -> dict[str, Any]:
    """At whom one signs in to this mailbox without a password, if anywhere."""
    kind = CredentialKind(found["sign_in"]) if found.get("sign_in") else None
    return {"sign_in": kind, "is_offered": kind is not None and is_offered(kind)}


def _is_for_another(request: SignedInRequest, address: str, kind: InboxKind) -> bool:
    """Whether the form was drawn for another mailbox than the session knows of by now, or for another kind of inbox: the one must never
    be opened as the other."""
    return (request.POST.get("address", address), request.POST.get("kind", kind)) != (address, kind)


def _begin_anew(request: SignedInRequest) -> HttpResponse:
    text = _(
        "You began to connect another mailbox meanwhile, in another tab perhaps. No server was given the password: begin anew with "
        "the one you want."
    )
    messages.warning(request, text)
    return redirect("inboxes:connect")


def to_connect(request: SignedInRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.session.get(TO_CONNECT, {})
    return found


def _found_out(address: str) -> dict[str, Any]:
    """Asks DNS, but only here: the next step may be tried several times."""
    found = discover(address)
    known = (
        asdict(found) | {"needs_confirmation": found.needs_confirmation} if found else {"hints": [], "sign_in": None}
    )
    return known | {"address": address, "is_known": found is not None, "values": found_values(address, found)}


def hints(codes: Iterable[str]) -> list[str]:
    return [str(HINTS[code]) for code in codes]


def tried(request: SignedInRequest, form: ServersForm, address: str, *, refuse: Callable[..., None]) -> Trial | None:
    """None when the person has tried too often, or `refuse` does not allow a server; then the form says so. No server hears of a
    password before that is settled."""
    hosts = {field: form.cleaned_data[field] for field in ("imap_host", "smtp_host")}
    try:
        refuse(**hosts)
    except ValidationError as refusal:
        refused = (refusal.params or {}).get("host")
        form.add_error(next((field for field, host in hosts.items() if host == refused), None), refusal)
        return None
    if consume(request, action=TRIES):
        return try_servers(form.details(address))
    form.add_error(None, too_often())
    return None


def too_often() -> ValidationError:
    return ValidationError(_("You have tried often in a short time. Wait a few minutes, then try again."), code="often")


def _connected(request: SignedInRequest, form: ServersForm, address: str, trial: Trial) -> Inbox | None:
    """The inbox, with the server for sending only if it works; None when the address was connected meanwhile."""
    details, since = form.details(address, with_sending=trial.can_send), timezone.now() - USUAL_HISTORY
    kind = InboxKind(to_connect(request).get("inbox_kind", InboxKind.PERSONAL))
    try:
        inbox = actions.connect_imap_inbox(details=details, history_since=since, by=request.user, inbox_kind=kind)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None
    del request.session[TO_CONNECT]
    return inbox
