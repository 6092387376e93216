"""The console of all connections, for super admins: found, taken along, stopped. Never what is in a mailbox."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.queries import Filter, page_of
from inboxes import actions
from inboxes.actions.holding import may_resume
from inboxes.actions.overseeing import NOTHING_TO_STOP
from inboxes.health import DAYS, picture_of, stretches_of
from inboxes.models import Credential, Inbox, InboxKind, InboxStatus, ProviderKind
from logging_rules.console import DEFAULT_ORDER, ORDERS, Wanted, connections, summary, with_numbers
from logging_rules.console_export import exported
from users.http import SignedInRequest, refusals_told, super_admin_required
from users.streaming import render_beginning_first

PER_PAGE = 50
ATTENTION = "attention"


def wanted_by(request: SignedInRequest) -> Wanted:
    # Without the one character that PostgreSQL takes in no text.
    asked = {name: request.GET.get(name, "").replace("\0", "") for name in request.GET}
    return Wanted(
        text=asked.get("q", "").strip(),
        status=asked.get("status", ""),
        kind=asked.get("kind", ""),
        provider=asked.get("provider", ""),
        owner=asked.get("owner", "").strip(),
        attention=asked.get("status") == ATTENTION,
        unmet=asked.get("meets") == "no",
        sort=asked.get("sort", "") if asked.get("sort") in ORDERS else DEFAULT_ORDER,
    )


@require_safe
@super_admin_required
def console(request: SignedInRequest) -> HttpResponse | StreamingHttpResponse:
    if request.htmx.target == "results":
        return render(request, "logging_rules/console.html#results", _page(request))
    return render_beginning_first(request, "logging_rules/console.html", {}, rest=partial(_body, request))


def _body(request: SignedInRequest) -> str:
    """Figures, filters and the list."""
    context = {
        "summary": summary(request.user, now=timezone.now()),
        "statuses": InboxStatus.choices,
        "kinds": InboxKind.choices,
        "providers": ProviderKind.choices,
    }
    return render_to_string("logging_rules/console.html#body", context | _page(request), request)


def _page(request: SignedInRequest) -> dict[str, object]:
    wanted = wanted_by(request)
    found = connections(request.user, wanted, now=timezone.now())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return {"wanted": wanted, "page": page, "rows": with_numbers(list(page.object_list))}


@require_safe
@super_admin_required
def export(request: SignedInRequest) -> HttpResponse:
    """All that the filter shows, on every page of it."""
    found = connections(request.user, wanted_by(request), now=timezone.now())
    text = exported(with_numbers(list(found)))
    actions.note_export(connections=found.count(), by=request.user)
    name = f"connections-{timezone.localdate():%Y-%m-%d}.csv"
    return HttpResponse(
        text.encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@require_http_methods(["GET", "POST"])
@super_admin_required
def take_off(request: SignedInRequest) -> HttpResponse:
    """Asks about those that were chosen on the console, then disables them."""
    codes = [code for code in (request.GET if request.method == "GET" else request.POST).getlist("inbox") if code]
    try:
        chosen = Inbox.objects.overseen_by(request.user).filter(code__in=codes).exclude(status__in=NOTHING_TO_STOP)
        found = list(chosen.select_related("owner").order_by("address"))
    except ValidationError:
        found = []
    if not found:
        messages.info(request, _("Choose connections that are running."))
        return redirect("connections:console")
    if request.method == "GET":
        return render(request, "logging_rules/console_take_off.html", {"chosen": with_numbers(found)})
    stopped = len(actions.take_off(inboxes=found, by=request.user))
    done = ngettext("%(count)d inbox was disabled.", "%(count)d inboxes were disabled.", stopped)
    messages.success(request, done % {"count": stopped})
    return redirect("connections:console")


@require_safe
@super_admin_required
def connection(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = overseen(request, code)
    now = timezone.now()
    [shown] = with_numbers([inbox])
    context = {
        "inbox": inbox,
        "connection": shown,
        "picture": picture_of(inbox, now=now),
        "days": DAYS,
        "may_resume": inbox.status == InboxStatus.PAUSED and may_resume(inbox, request.user),
        "stretches": stretches_of(inbox, now=now, latest=PER_PAGE),
        "log": page_of(request.user, Filter(about=f"inboxes.inbox:{inbox.pk}")).lines,
        "has_credential": Credential.objects.filter(inbox=inbox).exists(),
        "revocation": inbox.revocations.order_by("-pk").first(),
    }
    return render(request, "logging_rules/connection.html", context)


def overseen(request: SignedInRequest, code: UUID) -> Inbox:
    return get_object_or_404(Inbox.objects.overseen_by(request.user).select_related("owner"), code=code)


@require_POST
@super_admin_required
def pause(request: SignedInRequest, code: UUID) -> HttpResponse:
    return _carry_out(request, code, actions.pause, _("Paused. New e-mail waits in the mailbox until it is resumed."))


@require_POST
@super_admin_required
def resume(request: SignedInRequest, code: UUID) -> HttpResponse:
    return _carry_out(request, code, actions.resume, _("Resumed. What arrived meanwhile is being read now."))


@require_http_methods(["GET", "POST"])
@super_admin_required
def force_disconnect(request: SignedInRequest, code: UUID) -> HttpResponse:
    if request.method == "GET":
        [shown] = with_numbers([overseen(request, code)])
        return render(request, "logging_rules/connection_force.html", {"connection": shown, "inbox": shown.inbox})
    done = _("Disconnected. The stored access is deleted, and its owner is told.")
    return _carry_out(request, code, actions.force_disconnect, done)


def _carry_out(request: SignedInRequest, code: UUID, act: Callable[..., object], done: str) -> HttpResponse:
    inbox = overseen(request, code)
    with refusals_told(request):
        act(inbox=inbox, by=request.user)
        messages.success(request, done)
    is_there = Inbox.objects.overseen_by(request.user).filter(code=code).exists()
    return redirect("connections:connection", code) if is_there else redirect("connections:console")
