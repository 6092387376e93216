"""Why an e-mail was logged, or lies in the list of a team only."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from inboxes.access import readers_of
from inboxes.models import Message
from logging_rules.explain import why_kept, why_logged
from users.http import SignedInRequest


@require_safe
def why(request: SignedInRequest, code: UUID) -> HttpResponse:
    """A page of its own, or for htmx only the explanation."""
    message = get_object_or_404(Message.objects.visible_to(request.user), code=code)
    context = {
        "message": message,
        "explanations": why_logged(message, viewer=request.user),
        "kept": why_kept(message, viewer=request.user),
        "readers": readers_of(message, viewer=request.user),
    }
    template = "logging_rules/why.html#explanation" if request.htmx else "logging_rules/why.html"
    return render(request, template, context)
