"""What may be connected, for super admins: for everybody, and for one person."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inboxes import actions
from inboxes.allowed import not_allowed_any_more
from inboxes.models import ConnectionException, ConnectionPolicy
from inboxes.policy_forms import ExceptionForm, PolicyForm
from users.http import SignedInRequest, super_admin_required
from users.models import User


@require_http_methods(["GET", "POST"])
@super_admin_required
def policy(request: SignedInRequest) -> HttpResponse:
    current = ConnectionPolicy.objects.current()
    form = PolicyForm(request.POST or None, initial=PolicyForm.values_of(current))
    if request.method == "POST" and form.is_valid():
        actions.set_connection_policy(by=request.user, **form.chosen())
        messages.success(request, _("What may be connected is saved."))
        return redirect("connections:policy")
    context = {
        "form": form,
        "excepted": ConnectionException.objects.select_related("person").order_by("person__name", "person__email"),
        "left_over": not_allowed_any_more(current).count(),
    }
    return render(request, "inboxes/policy.html", context, status=422 if form.errors else 200)


@require_POST
@super_admin_required
def except_person(request: SignedInRequest, code: UUID) -> HttpResponse:
    person = get_object_or_404(User.objects.visible_to(request.user), code=code)
    form = ExceptionForm(request.POST)
    if form.is_valid():
        actions.except_person(person=person, may_connect=form.answer(), by=request.user)
        messages.success(request, _("Saved for %(name)s.") % {"name": person.name})
    else:
        messages.error(request, _("That is no choice. Nothing was changed."))
    return redirect("connections:person", code)
