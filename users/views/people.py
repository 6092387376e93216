"""The people of the workspace: the list for everybody, changes for super admins."""

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from users import actions, queries
from users.forms import RoleForm
from users.http import SignedInRequest, password_confirmed, super_admin_required
from users.models import User


@require_safe
def people(request: SignedInRequest) -> HttpResponse:
    context = {"people": queries.people(request.user), "invitations": queries.open_invitations(request.user)}
    return render(request, "users/people.html", context)


@require_http_methods(["GET", "POST"])
@super_admin_required
@password_confirmed
def person(request: SignedInRequest, code: uuid.UUID) -> HttpResponse:
    shown = get_object_or_404(User.objects.visible_to(request.user), code=code)
    form = RoleForm(request.POST or None, instance=User.objects.get(pk=shown.pk))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_role(person=shown, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("The role of %(name)s is saved.") % {"name": shown.name})
            return redirect("users:people")
    return render(request, "users/person.html", {"person": shown, "form": form}, status=422 if form.errors else 200)


@require_safe
@super_admin_required
def deactivate(request: SignedInRequest, code: uuid.UUID) -> HttpResponse:
    """Everybody leaves by the wizard, which looks after what they leave behind."""
    leaver = get_object_or_404(User.objects.visible_to(request.user), code=code)
    return redirect("connections:leaving", leaver.code)


@require_POST
@super_admin_required
@password_confirmed
def reactivate(request: SignedInRequest, code: uuid.UUID) -> HttpResponse:
    returning = get_object_or_404(User.objects.visible_to(request.user), code=code)
    actions.reactivate_person(person=returning, by=request.user)
    messages.success(request, _("%(name)s can sign in again.") % {"name": returning.name})
    return redirect("users:people")
