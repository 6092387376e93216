"""Somebody leaves: what goes dark, who takes over, the last question, and the record of it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from logging_rules import actions
from logging_rules.leaving import Leaving, access_by_now, departures, leaving_of
from logging_rules.leaving_forms import HandoverForm
from users.http import SignedInRequest, password_confirmed, super_admin_required
from users.models import User


def _leaver(request: SignedInRequest, code: UUID) -> User:
    person: User = get_object_or_404(User.objects.visible_to(request.user), code=code)
    return person


@require_safe
@super_admin_required
def leaving(request: SignedInRequest, code: UUID) -> HttpResponse:
    person = _leaver(request, code)
    context = {
        "person": person,
        "leaving": leaving_of(person, now=timezone.now()),
        "departures": departures(request.user).filter(person=person),
    }
    return render(request, "logging_rules/leaving.html", context)


@require_safe
@super_admin_required
@never_cache
def handover(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Who takes over. What is chosen travels on in the address of the next page."""
    person = _leaver(request, code)
    found = leaving_of(person, now=timezone.now())
    context = {"person": person, "leaving": found, "form": HandoverForm(leaving=found)}
    return render(request, "logging_rules/leaving_handover.html", context)


@require_http_methods(["GET", "POST"])
@super_admin_required
@password_confirmed
@never_cache
def confirm(request: SignedInRequest, code: UUID) -> HttpResponse:
    person = _leaver(request, code)
    found = leaving_of(person, now=timezone.now())
    form = HandoverForm(request.GET if request.method == "GET" else request.POST, leaving=found)
    context = {"person": person, "leaving": found, "form": form}
    if not form.is_valid():
        return render(request, "logging_rules/leaving_handover.html", context, status=422)
    if request.method == "GET":
        return render(request, "logging_rules/leaving_confirm.html", context | _asked(found, form))
    try:
        departure = actions.leave(person=person, handover=form.handover(), by=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("connections:leaving", code)
    return redirect("connections:departure", departure.code)


def _asked(found: Leaving, form: HandoverForm) -> dict[str, object]:
    """What the last question names, and what it sends on."""
    chosen = form.handover()
    return {
        "chosen": {name: value.code for name, value in form.cleaned_data.items() if value},
        "handover": chosen,
        "takers": [(part.inbox.label, chosen.owners[part.inbox.pk].name, part.signs_in_again) for part in found.owned],
        "readers": [
            (part.inbox.label, reader.name if (reader := chosen.readers.get(part.inbox.pk)) else "")
            for part in found.orphaned
        ],
    }


@require_safe
@super_admin_required
def departure(request: SignedInRequest, code: UUID) -> HttpResponse:
    """To be printed, too."""
    found = get_object_or_404(departures(request.user), code=code)
    context = {"departure": found, "held": found.held, "revocations": access_by_now(found)}
    return render(request, "logging_rules/departure.html", context)
