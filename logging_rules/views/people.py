"""What a person has connected, and may connect, for super admins."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from inboxes.models import ConnectionException, ConnectionPolicy
from inboxes.policy_forms import ExceptionForm
from logging_rules.console import Wanted, connections, with_numbers
from users.http import SignedInRequest, super_admin_required
from users.models import User


@require_safe
@super_admin_required
def person(request: SignedInRequest, code: UUID) -> HttpResponse:
    shown = get_object_or_404(User.objects.visible_to(request.user), code=code)
    policy = ConnectionPolicy.objects.current()
    alone = ConnectionException.objects.filter(person=shown).values_list("may_connect", flat=True).first()
    own = connections(request.user, Wanted(owner=shown.email), now=timezone.now())
    context = {
        "person": shown,
        "form": ExceptionForm(initial=ExceptionForm.values_of(alone)),
        "may_connect": policy.may_connect_personal(shown),
        "policy": policy,
        "rows": with_numbers(list(own)),
    }
    return render(request, "logging_rules/person_connections.html", context)
