"""Removing an inbox: what to do with what it logged, and then what is left to do at its provider."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from inboxes import actions
from inboxes.models import Inbox, InboxKind, InboxStatus, Removal, RevocationState
from inboxes.revoking import steps_of
from logging_rules.actions import erase_removed
from logging_rules.removal import holdings_of, removed_inboxes
from logging_rules.removal_forms import RemovalForm
from users.http import SignedInRequest, refusals_told


@require_http_methods(["GET", "POST"])
@never_cache
def remove(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = _decided(request, code)
    if inbox.kind == InboxKind.TEAM:
        return redirect("inboxes:delete", inbox.code)
    if inbox.status != InboxStatus.DISABLED:
        return redirect("inboxes:discard" if inbox.status == InboxStatus.CONNECTING else "inboxes:disable", inbox.code)
    return _asked(request, inbox, actions.remove)


@require_http_methods(["GET", "POST"])
@never_cache
def delete(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Of a team: disabled and removed at once."""
    inbox = _decided(request, code)
    if inbox.kind != InboxKind.TEAM:
        return redirect("inboxes:remove", inbox.code)
    if inbox.status == InboxStatus.CONNECTING:
        return redirect("inboxes:discard", inbox.code)
    return _asked(request, inbox, actions.delete_team_inbox)


@require_safe
def removed_list(request: SignedInRequest) -> HttpResponse:
    inboxes = list(removed_inboxes(request.user).prefetch_related("revocations"))
    return render(request, "inboxes/removed_list.html", {"removed": [(inbox, _open_end(inbox)) for inbox in inboxes]})


@require_safe
@never_cache
def removed(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What became of it and of its access, and what only its owner can do. Polls itself until there is nothing to wait for."""
    inbox = get_object_or_404(removed_inboxes(request.user), code=code)
    revocations = list(inbox.revocations.order_by("pk"))
    context = {
        "inbox": inbox,
        "removal": inbox.removal,
        "kept": inbox.sightings.count(),
        "revocations": [(revocation, steps_of(revocation)) for revocation in revocations],
        "is_waiting": inbox.removal.finished_at is None or any(map(_is_being_asked, revocations)),
    }
    return render(request, f"inboxes/removed.html{'#progress' if request.htmx else ''}", context)


@require_http_methods(["GET", "POST"])
@never_cache
def erase(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What was kept when the inbox was removed."""
    inbox = get_object_or_404(removed_inboxes(request.user), code=code)
    if request.method == "GET":
        return render(request, "inboxes/removed_erase.html", {"inbox": inbox, "holdings": holdings_of(inbox)})
    with refusals_told(request):
        erase_removed(inbox=inbox, by=request.user, now=timezone.now())
    return redirect("inboxes:removed", inbox.code)


def _decided(request: SignedInRequest, code: UUID) -> Inbox:
    """404 for everybody else, super admins included."""
    return get_object_or_404(Inbox.objects.decided_by(request.user).select_related("owner"), code=code)


def _asked(request: SignedInRequest, inbox: Inbox, act: Callable[..., Removal]) -> HttpResponse:
    """For htmx only what goes into the dialog."""
    holdings = holdings_of(inbox)
    form = RemovalForm(request.POST if request.method == "POST" else None, holdings=holdings)
    if form.is_valid():
        try:
            act(inbox=inbox, erase=form.erases, by=request.user)
        except ValidationError as refusal:  # it was enabled again meanwhile
            messages.error(request, refusal.messages[0])
            return redirect("inboxes:inbox", inbox.code)
        messages.success(request, _("%(inbox)s was removed.") % {"inbox": inbox.label})
        return redirect("inboxes:removed", inbox.code)
    template = f"inboxes/remove.html{'#dialog' if request.htmx else ''}"
    context = {"inbox": inbox, "form": form, "holdings": holdings}
    return render(request, template, context, status=422 if form.errors else 200)


def _open_end(inbox: Inbox) -> str:
    """What its line in the list says is not done yet; empty if all is."""
    if inbox.removal.finished_at is None:
        return _("Being cleared away")
    left = [revocation for revocation in inbox.revocations.all() if revocation.state == RevocationState.TRYING]
    return _("Access is being given back") if left else ""


def _is_being_asked(revocation: object) -> bool:
    """Soon: what failed once is tried hourly, and nobody sits here for that."""
    return getattr(revocation, "state", "") == RevocationState.TRYING and not getattr(revocation, "tries", 0)
