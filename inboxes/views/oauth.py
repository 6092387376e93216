"""Connecting and reconnecting by signing in at Google or Microsoft: what is asked for, the jump there, the way back, what went wrong."""

from typing import Any, cast

from allauth.core.ratelimit import consume
from csp.decorators import csp_update
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from inboxes import oauth_flows
from inboxes.allowed import whom_to_ask
from inboxes.causes import cause_of, rules
from inboxes.forms import AddressForm
from inboxes.models import CredentialKind, Inbox, InboxKind, ProviderKind
from inboxes.oauth.accesses import API_OF, asked_for, given_to
from inboxes.oauth.clients import is_offered
from inboxes.oauth_flows import Errand, SignInStopped, Stop, Way
from inboxes.outages import goes_on, standstill_of
from inboxes.providers.base import ProviderError
from inboxes.views.connect import ask_for_account_access, query_of, to_connect, too_often, wanted_kind
from users.http import SignedInRequest
from users.models import User

STOPPED = "sign_in_stopped"
"""Of the session: why the last sign-in led to nothing."""

TRIES = "sign_in_at_provider"


def kind_or_404(provider: str) -> CredentialKind:
    kinds = {kind.value: kind for kind in API_OF}
    if provider not in kinds:
        raise Http404
    return kinds[provider]


@require_http_methods(["GET", "POST"])
@never_cache
def sign_in(request: SignedInRequest, provider: str) -> HttpResponse:
    """What is asked for at the provider, and why; a POST jumps there."""
    kind = kind_or_404(provider)
    inbox_kind = wanted_kind(request) or InboxKind.PERSONAL
    way = way_or_404(kind, request.GET.get("way", ""), inbox_kind)
    if inbox_kind is InboxKind.TEAM and not request.user.has_account_access:
        return ask_for_account_access(request)
    found = to_connect(request)
    address = found["address"] if found.get("sign_in") == kind and way is not Way.SHARED else ""
    is_alias = Errand.to_connect(kind, way).is_alias
    form = AddressForm(request.POST or None, person=request.user, initial=address, is_first=False, is_alias=is_alias)
    if request.method == "POST" and is_offered(kind):
        if way is Way.API and not request.POST.get("address"):
            return jump(request, Errand.to_connect(kind, way, inbox_kind=inbox_kind))
        if form.is_valid():
            return jump(request, Errand.to_connect(kind, way, form.cleaned_data["address"], inbox_kind))
    errand = Errand.to_connect(kind, way, inbox_kind=inbox_kind)
    context = {"asked": errand.asked, "way": way.value, "address": address, "form": form}
    context |= {
        "is_alias": is_alias,
        "is_team": inbox_kind is InboxKind.TEAM,
        **_rules(errand, request.user),
        "query": query_of(inbox_kind),
        "queries": {other.value: query_of(inbox_kind, way=other.value) for other in Way},
    }
    return _leading_out(request, kind, "inboxes/oauth/sign_in.html", context, status=422 if form.errors else 200)


def _rules(errand: Errand, person: User) -> dict[str, Any]:
    """Whether the workspace lets the person go, and who could change that."""
    return {"refused": oauth_flows.refused(errand, person), "admins": whom_to_ask()}


def way_or_404(kind: CredentialKind, way: str, inbox_kind: InboxKind) -> Way:
    """Google knows no mailboxes that are shared, but aliases and groups, which are a team's."""
    is_offered_to_all = way != Way.SHARED or kind == CredentialKind.MICROSOFT
    if way not in set(Way) or not (is_offered_to_all or inbox_kind is InboxKind.TEAM):
        raise Http404
    return Way(way)


def jump(request: SignedInRequest, errand: Errand) -> HttpResponse:
    """To the provider's own page."""
    if not consume(request, action=TRIES):
        messages.error(request, too_often().messages[0])
        return redirect(request.get_full_path())
    request.session.pop(STOPPED, None)
    try:
        url = oauth_flows.begin(errand, by=request.user, session_key=str(request.session.session_key))
    except SignInStopped as stopped:
        return _stop(request, stopped.stop)
    except ProviderError as error:
        return _stop(request, oauth_flows.stopped(errand, error.cause).stop)
    return HttpResponseRedirect(url)


def reconnect(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    """Of an inbox whose owner signs in at its provider; the caller has checked whose it is."""
    errand = Errand.to_reconnect(inbox)
    if request.method == "POST" and is_offered(errand.kind):
        return jump(request, errand)
    context = {
        "inbox": inbox,
        "cause": cause_of(inbox.cause) if inbox.cause else None,
        "standstill": standstill_of(inbox, now=timezone.now()),
        "asked": errand.asked,
        "given": given_to(inbox),
        "account": errand.hint if errand.is_alias else inbox.address,
    }
    return _leading_out(request, errand.kind, "inboxes/oauth/reconnect.html", context)


@login_not_required
@require_safe
@never_cache
@sensitive_variables()
def callback(request: HttpRequest, provider: str) -> HttpResponse:
    """Where the provider sends people back to. Always sends them on, so that what came with them stays in no address and no history."""
    kind = kind_or_404(provider)
    if request.GET.get("state") == oauth_flows.ADMIN_STATE:
        return redirect("inboxes:oauth-declined" if "error" in request.GET else "inboxes:oauth-approved", kind)
    if not isinstance(request.user, User):
        return _to_sign_in_page(kind)
    try:
        opened = oauth_flows.finish(
            kind, request.GET.dict(), by=request.user, session_key=str(request.session.session_key)
        )
    except SignInStopped as stopped:
        return _stop(request, stopped.stop)
    if opened.is_new:
        messages.success(request, _("%(inbox)s can be read now.") % {"inbox": opened.inbox.address})
        return redirect("inboxes:logging", opened.inbox.code)
    messages.success(request, _switched(kind) if opened.is_switched else goes_on(opened.inbox))
    return redirect("inboxes:inbox", opened.inbox.code)


def _switched(kind: CredentialKind) -> str:
    return _("The inbox is read through %(provider)s now, and the old connection has ended.") % {"provider": kind.label}


def _to_sign_in_page(kind: CredentialKind) -> HttpResponse:
    """Without the address of this request, which the middleware would have kept in the next one."""
    query = QueryDict(mutable=True)
    query["next"] = reverse("inboxes:oauth", args=[kind.value])
    return redirect(f"{reverse('account_login')}?{query.urlencode(safe='/')}")


def _stop(request: HttpRequest, stop: Stop) -> HttpResponse:
    request.session[STOPPED] = stop.kept()
    return redirect("inboxes:oauth-stopped", stop.kind)


@require_safe
@never_cache
def stopped(request: SignedInRequest, provider: str) -> HttpResponse:
    """Why the last sign-in led to nothing, and what to do now."""
    kind = kind_or_404(provider)
    kept = request.session.get(STOPPED)
    if not kept or kept["kind"] != kind:
        return redirect("inboxes:oauth", kind)
    stop = Stop(**kept)
    inbox = Inbox.objects.decided_by(request.user).filter(code=stop.inbox).first() if stop.inbox else None
    asked = asked_for(kind, ProviderKind(stop.provider), shared=stop.shared)
    context = {
        "stop": stop,
        "cause": cause_of(stop.cause),
        "admins": whom_to_ask() if stop.cause in rules.CAUSES else [],
        "inbox": inbox,
        "is_switch": inbox is not None and inbox.provider != stop.provider,
        "is_team": stop.inbox_kind == InboxKind.TEAM,
        "query": query_of(InboxKind(stop.inbox_kind), way=stop.way.value),
        "missing": [each for each in asked.accesses if each.scope in stop.missing or stop.cause == "consent_refused"],
        "admin_consent_url": oauth_flows.admin_consent_url() if stop.cause == "admin_consent_needed" else "",
    }
    return _leading_out(request, kind, "inboxes/oauth/stopped.html", context)


@require_safe
def set_up(request: SignedInRequest, provider: str) -> HttpResponse:
    """For whoever runs this installation: how it is registered at the provider, with its own addresses filled in."""
    kind = kind_or_404(provider)
    context: dict[str, Any] = {
        "kind": kind,
        "is_offered": is_offered(kind),
        "redirect_uri": oauth_flows.redirect_uri(kind),
        "guide": f"docs/{kind.value}.md",
        "asked": asked_for(kind, API_OF[kind]),
    }
    return render(request, f"inboxes/oauth/set_up_{kind.value}.html", context)


@login_not_required
@require_safe
def approved(request: HttpRequest, provider: str) -> HttpResponse:
    """For an administrator of the provider's, who may have no account here."""
    return _answered(request, provider, is_approved=True)


@login_not_required
@require_safe
def declined(request: HttpRequest, provider: str) -> HttpResponse:
    return _answered(request, provider, is_approved=False)


def _answered(request: HttpRequest, provider: str, *, is_approved: bool) -> HttpResponse:
    if kind_or_404(provider) != CredentialKind.MICROSOFT:
        raise Http404
    return render(request, "inboxes/oauth/answered.html", {"is_approved": is_approved})


def _leading_out(
    request: SignedInRequest, kind: CredentialKind, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Chromium looks at what a form is redirected to as well: its page must allow the provider's."""

    @csp_update({"form-action": [oauth_flows.page_host(kind)]})
    def page(request: HttpRequest) -> HttpResponse:
        context.update(kind=kind, is_offered=is_offered(kind))
        return render(request, template, context, status=status)

    return cast("HttpResponse", page(request))
