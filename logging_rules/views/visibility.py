"""Who sees what an inbox has logged: its setting, requests and openings, and the view as a colleague. For its owner."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from inboxes.models import VISIBILITY_LABELS
from inboxes.views.own import own_inbox, reads_mail
from logging_rules import actions
from logging_rules.view_as import view_as as view_of
from logging_rules.visibility import (
    grants_in_force,
    logged_by_visibility,
    openings_page,
    out_of_step,
    setting_of,
    waiting_requests,
)
from logging_rules.visibility_forms import ViewAsForm
from users.http import SignedInRequest, cursor_of

TONES = {"everyone": "info", "subject": "warn", "private": "neutral"}


@require_safe
def visibility(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    counts = logged_by_visibility(inbox)
    setting = setting_of(inbox)
    context = {
        "inbox": inbox,
        "setting": setting,
        "label": VISIBILITY_LABELS[setting.value],
        "parts": [(VISIBILITY_LABELS[level], count, TONES[level]) for level, count in counts.items() if count],
        "differing": out_of_step(inbox)[1].count(),
        "waiting": waiting_requests(inbox),
        "grants": grants_in_force(inbox),
        "openings": openings_page(inbox, viewer=request.user, before=cursor_of(request.GET.get("before"))),
    }
    return render(request, "logging_rules/visibility.html", context)


@require_POST
def apply_visibility(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    actions.apply_visibility(inbox=inbox, by=request.user, now=timezone.now())
    messages.success(request, _("The setting is being applied to what was logged before."))
    return redirect("inboxes:visibility", inbox.code)


@require_safe
@reads_mail
def view_as(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Exactly what a colleague sees of the inbox's mail; to look at, and to print."""
    inbox = own_inbox(request, code)
    form = ViewAsForm(request.GET if "person" in request.GET else None, viewer=request.user)
    context = {"inbox": inbox, "form": form, "now": timezone.now()}
    if form.is_valid():
        person, contact = form.cleaned_data["person"], form.cleaned_data["contact"]
        context |= {
            "person": person,
            "contact": contact,
            "view": view_of(inbox, person, contact=contact, before=cursor_of(request.GET.get("before"))),
        }
    return render(request, "logging_rules/view_as.html", context, status=422 if form.errors else 200)
