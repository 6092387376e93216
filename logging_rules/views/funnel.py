"""How much of an inbox was logged and why, by period; numbers alone."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inboxes.views.own import own_inbox
from logging_rules.funnel import PERIODS, RECENT, funnel_of
from users.http import SignedInRequest


@require_safe
def funnel(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(period) for period in PERIODS} else 0 if asked == "all" else RECENT
    context = {
        "inbox": inbox,
        "funnel": funnel_of(inbox, days=days, now=timezone.now()),
        "days": days,
        "periods": PERIODS,
    }
    return render(request, f"logging_rules/funnel.html{'#results' if request.htmx else ''}", context)
