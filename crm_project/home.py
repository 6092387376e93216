"""The first page: the way into the product for somebody new, the contacts for everybody else."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from contacts.models import Contact
from inboxes.models import Inbox
from users.http import SignedInRequest
from users.models import Invitation, User


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One thing to do in a new workspace. The first one not done is the one to go on with."""

    title: Promise
    text: Promise
    action: Promise
    url: str
    icon: str
    is_done: bool


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    if Inbox.objects.read_by(request.user).exists():
        return redirect("contacts:contact-list")
    steps = first_steps(request.user)
    next_step = next((step for step in steps if not step.is_done), None)
    return render(request, "home.html", {"steps": steps, "next_step": next_step})


def first_steps(user: User) -> list[FirstStep]:
    steps = [
        FirstStep(
            _("Connect your inbox"),
            _("You see what would be logged before anything is stored. All other mail stays yours alone."),
            _("Connect inbox"),
            reverse("inboxes:connect"),
            "mail-plus",
            is_done=False,
        ),
        FirstStep(
            _("Add the people you work with"),
            _("E-mails with contacts are what timelines are made of. Mail with nobody you know is never stored."),
            _("Add contact"),
            reverse("contacts:contact-create"),
            "user-plus",
            is_done=Contact.objects.visible_to(user).exists(),
        ),
    ]
    if user.is_super_admin:
        steps.append(
            FirstStep(
                _("Invite your colleagues"),
                _("They see the timelines and what was logged there, and never anything of your other mail."),
                _("Invite people"),
                reverse("users:invite"),
                "users-round",
                is_done=has_company(user),
            )
        )
    return steps


def has_company(user: User) -> bool:
    return User.objects.active().exclude(pk=user.pk).exists() or Invitation.objects.open().exists()
