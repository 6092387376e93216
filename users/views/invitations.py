"""Inviting people, and joining by the link in the invitation."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from users import actions
from users.forms import InviteForm, JoinForm
from users.http import SignedInRequest, super_admin_required
from users.models import Invitation, InvitationStatus, Workspace


@require_http_methods(["GET", "POST"])
@super_admin_required
def invite(request: SignedInRequest) -> HttpResponse:
    form = InviteForm(request.POST or None, initial={"language": request.user.language})
    if request.method == "POST" and form.is_valid():
        try:
            invitation = actions.invite(by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error("email", refusal)
        else:
            messages.success(request, _("The invitation is on its way to %(address)s.") % {"address": invitation.email})
            return redirect("users:people")
    return render(request, "users/invite.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@super_admin_required
def resend(request: SignedInRequest, code: uuid.UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), code=code)
    try:
        actions.resend_invitation(invitation=invitation, by=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("A new invitation is on its way to %(address)s.") % {"address": invitation.email})
    return redirect("users:people")


@require_POST
@super_admin_required
def withdraw(request: SignedInRequest, code: uuid.UUID) -> HttpResponse:
    invitation = get_object_or_404(Invitation.objects.visible_to(request.user), code=code)
    try:
        actions.withdraw_invitation(invitation=invitation, by=request.user)
    except ValidationError as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The invitation of %(address)s no longer works.") % {"address": invitation.email})
    return redirect("users:people")


@login_not_required
@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("password")
def join(request: HttpRequest, token: str) -> HttpResponse:
    invitation = Invitation.objects.with_token(token).select_related("invited_by").first()
    if request.user.is_authenticated or invitation is None or invitation.status != InvitationStatus.PENDING:
        return _no_entry(request, invitation)
    _speak_as_invited(request, invitation)
    form = JoinForm(request.POST or None, invitation=invitation)
    if request.method == "POST" and form.is_valid():
        try:
            person = actions.accept_invitation(token=token, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
            return redirect("home")
    context = {"invitation": invitation, "workspace": Workspace.objects.current(), "form": form}
    return render(request, "users/join.html", context, status=422 if form.errors else 200)


def _speak_as_invited(request: HttpRequest, invitation: Invitation) -> None:
    """In the invitation's language, unless the visitor has chosen one."""
    if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        translation.activate(invitation.language)


def _no_entry(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    """Says why the link does not work and what to do."""
    if request.user.is_authenticated:
        return render(request, "users/join_closed.html", {"reason": "signed_in"})
    if invitation is None:
        return render(request, "users/join_closed.html", {"reason": "unknown"}, status=404)
    context = {"reason": str(invitation.status), "invited_by": invitation.invited_by}
    return render(request, "users/join_closed.html", context, status=410)
