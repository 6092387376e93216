"""How an inbox is: fresh, complete, in trouble or not, and how it was. For everybody who may know of the inbox; it shows no mail."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from inboxes import actions
from inboxes.actions.holding import owner_only
from inboxes.causes import cause_of
from inboxes.health import DAYS, freshness_of, pauses_of, picture_of, stretches_of
from inboxes.models import Inbox
from inboxes.outages import outages_of
from inboxes.queries import completeness as completeness_of_one
from inboxes.queries import folder_progress, troubled_messages
from users.http import SignedInRequest, refusals_told

STRETCHES = 20
OUTAGES = 50
OUTAGES_SHOWN = 10


def known_inbox(request: SignedInRequest, code: UUID) -> Inbox:
    """One's own; of a team also for its members. 404 for everybody else."""
    known = Inbox.objects.visible_to(request.user).select_related("owner", "credential").defer("credential__secret")
    return get_object_or_404(known, code=code)


@require_safe
def health(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = known_inbox(request, code)
    now = timezone.now()
    reports = [report for report in outages_of(inbox, latest=OUTAGES) if report.is_worth_telling]
    stretches = stretches_of(inbox, now=now, latest=STRETCHES + 1, before=_code_or_none(request.GET.get("before")))
    context = {
        **_completeness(request, inbox),
        "cause": cause_of(inbox.cause) if inbox.cause else None,
        "freshness": freshness_of([inbox], now=now)[inbox.pk],
        "troubled": troubled_messages(inbox),
        "pauses": pauses_of(inbox, now=now),
        "picture": picture_of(inbox, now=now),
        "days": DAYS,
        "reports": reports[:OUTAGES_SHOWN],
        "stretches": stretches[:STRETCHES],
        "has_older": len(stretches) > STRETCHES,
        "folders": folder_progress(inbox),
    }
    return render(request, "inboxes/health.html", context)


@require_safe
@never_cache
def completeness(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What the page polls while a check runs. The last answer has the page loaded anew."""
    context = _completeness(request, known_inbox(request, code))
    response = render(request, "inboxes/_completeness.html", context)
    if not context["inbox"].is_being_checked:
        response.headers["HX-Refresh"] = "true"
    return response


def _completeness(request: SignedInRequest, inbox: Inbox) -> dict[str, Any]:
    numbers = completeness_of_one(inbox)
    parts = [
        (pgettext("e-mails", "Logged"), numbers.logged, "info"),
        (_("Left private"), numbers.skipped, "neutral"),
        (_("Being retried"), numbers.retrying, "warn"),
        (_("Set aside"), numbers.quarantined, "bad"),
    ]
    return {"inbox": inbox, "manages": owner_only(inbox, request.user), "numbers": numbers, "parts": parts}


def _code_or_none(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


@require_POST
def check_now(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = known_inbox(request, code)
    with refusals_told(request):
        due_at = actions.check_now(inbox=inbox, by=request.user)
        if due_at > timezone.now():
            messages.info(request, _("The mail server wants us to wait. The check starts as soon as it may."))
    return redirect("inboxes:health", inbox.code)


@require_POST
def replay(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = known_inbox(request, code)
    count = actions.replay(inbox=inbox, by=request.user, cause=request.POST.get("cause", "").replace("\0", " "))
    if not count:
        messages.info(request, _("No message is in trouble any more."))
    elif inbox.is_syncing:
        text = ngettext("%(number)s message is being tried again.", "%(number)s messages are being tried again.", count)
        messages.success(request, text % {"number": count})
    else:
        messages.info(request, _("The messages are tried again as soon as the inbox is read again."))
    return redirect("inboxes:health", inbox.code)
