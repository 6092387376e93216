"""Reading the mailbox of an inbox through another provider."""

from dataclasses import dataclass
from functools import partial
from typing import cast
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from inboxes import actions
from inboxes.allowed import refuse_connecting
from inboxes.discovery import known_provider
from inboxes.forms import ServersForm, found_values
from inboxes.models import ConnectionPolicy, CredentialKind, Inbox, InboxKind, ProviderKind
from inboxes.oauth.accesses import API_OF
from inboxes.oauth.clients import is_offered
from inboxes.oauth_flows import Errand, page_host
from inboxes.trial import Trial
from inboxes.views.connect import hints, tried
from inboxes.views.oauth import jump
from inboxes.views.own import own_inbox, stays_as_it_is
from users.http import SignedInRequest


@dataclass(frozen=True, slots=True)
class Way:
    """Another provider than now. `kind` is at whom one signs in, None for a mail server; `is_allowed` by the workspace;
    `needs_disabling`: the inbox has to be disabled first."""

    provider: ProviderKind
    kind: CredentialKind | None
    is_allowed: bool
    is_offered: bool
    needs_disabling: bool


def ways_from(inbox: Inbox) -> list[Way]:
    kinds = {provider: kind for kind, provider in API_OF.items()}
    allowed = ConnectionPolicy.objects.current().offered_kinds()
    return [
        Way(
            provider,
            kinds.get(provider),
            provider in allowed,
            provider not in kinds or is_offered(kinds[provider]),
            actions.has_to_be_disabled_first(inbox, provider),
        )
        for provider in ProviderKind
        if provider != inbox.provider
    ]


@require_http_methods(["GET", "POST"])
@never_cache
def switch(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What switching means and which other ways there are; a POST leads on to the provider, or to the form for a mail server."""
    inbox = own_inbox(request, code)
    if stays_as_it_is(request, inbox):
        return redirect("inboxes:inbox", inbox.code)
    ways = ways_from(inbox)
    if request.method == "POST":
        possible = (way for way in ways if way.is_allowed and way.is_offered)
        chosen = next((way for way in possible if way.provider == request.POST.get("provider")), None)
        if chosen is None:
            raise Http404
        if not chosen.needs_disabling and chosen.kind is not None:
            return jump(request, Errand.to_switch(inbox, chosen.kind))
        if not chosen.needs_disabling:
            return redirect("inboxes:switch-server", inbox.code)
    # Chromium looks at what a form is redirected to as well.
    hosts = [page_host(way.kind) for way in ways if way.kind is not None and way.is_offered]

    @csp_update({"form-action": hosts})
    def page(request: HttpRequest) -> HttpResponse:
        return render(request, "inboxes/switch.html", {"inbox": inbox, "ways": ways})

    return cast("HttpResponse", page(request))


@require_http_methods(["GET", "POST"])
@never_cache
def switch_server(request: SignedInRequest, code: UUID) -> HttpResponse:
    """The servers and the password, which are tried before anything is changed."""
    inbox = own_inbox(request, code)
    if stays_as_it_is(request, inbox):
        return redirect("inboxes:inbox", inbox.code)
    if inbox.provider == ProviderKind.IMAP or actions.has_to_be_disabled_first(inbox, ProviderKind.IMAP):
        return redirect("inboxes:switch", inbox.code)
    found = known_provider(inbox.address)
    form = ServersForm(request.POST or None, initial=found_values(inbox.address, found))
    trial = None
    if request.method == "POST" and form.is_valid():
        kind = InboxKind(inbox.kind)
        refuse = partial(refuse_connecting, by=request.user, provider=ProviderKind.IMAP, kind=kind)
        trial = tried(request, form, inbox.address, refuse=refuse)
        if trial and trial.can_read and _switched(request, inbox, form, trial):
            return redirect("inboxes:inbox", inbox.code)
    context = {"inbox": inbox, "hints": hints(found.hints) if found else [], "form": form, "trial": trial}
    return render(request, "inboxes/switch_server.html", context, status=422 if form.errors or trial else 200)


def _switched(request: SignedInRequest, inbox: Inbox, form: ServersForm, trial: Trial) -> bool:
    details = form.details(inbox.address, with_sending=trial.can_send)
    try:
        actions.switch_to_imap(inbox=inbox, details=details, by=request.user)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, _("The inbox is read from your mail server now."))
    return True
