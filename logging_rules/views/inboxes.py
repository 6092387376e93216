"""The inboxes of a person and those of teams: how they are, how far they are read, what was logged of them and why."""

from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inboxes.default_inbox import default_among, possible_defaults
from inboxes.expiry import READ, ends_soon
from inboxes.models import Inbox, InboxKind, InboxMember, InboxStatus, Protocol
from inboxes.oauth.accesses import given_to
from inboxes.outages import report_to_show
from inboxes.revoking import former_access
from inboxes.team_forms import DefaultInboxForm
from inboxes.views.connect import ask_for_account_access
from inboxes.views.own import own_inbox
from logging_rules.funnel import RECENT, funnel_of
from logging_rules.history import history
from logging_rules.overview import overviews
from logging_rules.rules import rules_of
from logging_rules.standing import standings_of
from users.http import SignedInRequest


@require_safe
def inbox_list(request: SignedInRequest) -> HttpResponse:
    """The person's own inboxes, and which one their mail is sent from."""
    own = Inbox.objects.personal_of(request.user).select_related("owner").order_by("created_at", "pk")
    found = overviews(list(own), now=timezone.now())
    possible = list(possible_defaults(request.user))
    default = default_among(possible, request.user)
    context = {
        "overviews": found,
        "scanned": sum(overview.numbers.scanned for overview in found),
        "logged": sum(overview.numbers.logged for overview in found),
        "default": default,
        "default_form": DefaultInboxForm(possible=possible, chosen=default),
        "teams": Inbox.objects.read_by(request.user)
        .filter(kind=InboxKind.TEAM)
        .exclude(status=InboxStatus.CONNECTING)
        .order_by("name", "pk"),
    }
    return render(request, "inboxes/list.html", context)


@require_safe
def channels(request: SignedInRequest) -> HttpResponse:
    """All team inboxes, for those who manage them."""
    if not request.user.has_account_access:
        return ask_for_account_access(request)
    teams = Inbox.objects.decided_by(request.user).filter(kind=InboxKind.TEAM).select_related("owner", "connected_by")
    members = Prefetch("members", InboxMember.objects.select_related("person").order_by("person__name", "pk"))
    found = overviews(list(teams.prefetch_related(members).order_by("name", "pk")), now=timezone.now())
    return render(request, "inboxes/channels.html", {"overviews": found, "is_team": True})


@require_safe
def inbox_detail(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    now = timezone.now()
    [overview] = overviews([inbox], now=now)
    given, former = given_to(inbox), former_access(inbox)
    context = {
        "inbox": inbox,
        "overview": overview,
        "funnel": funnel_of(inbox, days=RECENT, now=now),
        "days": RECENT,
        "manages": True,
        "report": report_to_show(inbox, now=now),
        "standings": standings_of(rules_of(inbox)),
        "history": history(inbox),
        "servers": {server.protocol: server for server in inbox.servers.all()},
        "smtp": Protocol.SMTP,
        "given": given,
        "last_access": former.last,
        "revocations": former.left,
        "access_ends_soon": given is not None and inbox.status in READ and ends_soon(given.ends_at, now=now),
    }
    return render(request, "inboxes/detail.html", context)


@require_safe
@never_cache
def item(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What the list polls while an inbox reads its past."""
    return _polled(request, code, "inboxes/_item_body.html")


@require_safe
@never_cache
def progress(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What the page of an inbox polls while it reads its past."""
    return _polled(request, code, "inboxes/_progress.html")


def _polled(request: SignedInRequest, code: UUID, template: str) -> HttpResponse:
    """The last answer has the whole page loaded anew: the actions on it change with the status."""
    inbox = own_inbox(request, code)
    [overview] = overviews([inbox], now=timezone.now())
    response = render(request, template, {"inbox": inbox, "overview": overview})
    if not overview.is_importing:
        response.headers["HX-Refresh"] = "true"
    return response
