"""Taking filtered threads back into the list, and undoing that."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from conversations import actions
from conversations.models import Restoral
from conversations.queries import THREADS_PER_PAGE, View
from conversations.views.inboxes import team_inbox
from inboxes.models import Inbox, TeamThread
from users.http import SignedInRequest


@require_POST
def restore(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = team_inbox(request, code)
    threads = list(TeamThread.objects.visible_to(request.user).filter(inbox=inbox, code__in=_ticked(request)))
    if not threads:
        messages.info(request, _("Tick the conversations that belong into the list."))
        return redirect(_filtered(inbox))
    try:
        restoral = actions.restore(inbox=inbox, threads=threads, by=request.user, now=timezone.now())
    except ValidationError as refusal:
        messages.info(request, refusal.messages[0])
        return redirect(_filtered(inbox))
    return redirect(_filtered(inbox, restored=str(restoral.code)))


@require_POST
def undo(request: SignedInRequest, code: UUID, restoral: UUID) -> HttpResponse:
    inbox = team_inbox(request, code)
    found = get_object_or_404(Restoral.objects.visible_to(request.user), inbox=inbox, code=restoral)
    try:
        actions.undo_restoral(restoral=found, by=request.user, now=timezone.now())
    except ValidationError as refusal:
        messages.info(request, refusal.messages[0])
    else:
        messages.success(request, _("Undone: they are filtered as before."))
    return redirect(_filtered(inbox))


def _ticked(request: SignedInRequest) -> list[UUID]:
    """One by its own button, or all that are ticked."""
    found = []
    for text in (request.POST.getlist("only") or request.POST.getlist("thread"))[:THREADS_PER_PAGE]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _filtered(inbox: Inbox, **more: str) -> str:
    address = reverse("conversations:thread-list", args=[inbox.code])
    return f"{address}?{urlencode({'view': View.FILTERED.value} | more)}"
