"""Who can see a logged e-mail: for everybody who may know of it. Its owner chooses that here, answers requests, and sees who opened it."""

from uuid import UUID

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from inboxes.access import readers_of
from inboxes.models import AccessRequest, Message
from logging_rules import actions
from logging_rules.visibility import own_view_of, requests_for
from logging_rules.visibility_forms import GrantForm, VisibilityForm
from users.http import SignedInRequest, refusals_told


@require_safe
def who(request: SignedInRequest, code: UUID) -> HttpResponse:
    return _page(request, _known_mail(request, code))


def _known_mail(request: SignedInRequest, code: UUID) -> Message:
    return get_object_or_404(Message.objects.visible_to(request.user).with_access(request.user), code=code)


def _page(
    request: SignedInRequest, message: Message, refused: tuple[AccessRequest, GrantForm] | None = None
) -> HttpResponse:
    """`refused`: a form about a request that could not be accepted as it was filled in."""
    context = {"message": message, "readers": readers_of(message, viewer=request.user)}
    if own := own_view_of(message, request.user):
        context |= {
            "own": own,
            "form": VisibilityForm(initial={"visibility": own.visibility}),
            "requests": [(asked, _grant_form(asked, refused)) for asked in requests_for(message, request.user)],
        }
    return render(request, "logging_rules/who.html", context, status=422 if refused else 200)


def _grant_form(asked: AccessRequest, refused: tuple[AccessRequest, GrantForm] | None) -> GrantForm:
    return refused[1] if refused and refused[0] == asked else GrantForm(prefix=f"request-{asked.pk}")


@require_POST
def set_visibility(request: SignedInRequest, code: UUID) -> HttpResponse:
    message = get_object_or_404(Message.objects.decided_by(request.user), code=code)
    form = VisibilityForm(request.POST)
    if form.is_valid():
        mails = actions.set_visibility(
            message=message,
            visibility=form.chosen,
            whole_thread=form.cleaned_data["whole_thread"],
            by=request.user,
        )
        text = ngettext("Saved for %(count)d e-mail.", "Saved for %(count)d e-mails.", mails)
        messages.success(request, text % {"count": mails})
    return redirect("logging_rules:who", code)


@require_POST
def ask_access(request: SignedInRequest, code: UUID) -> HttpResponse:
    message = _known_mail(request, code)
    if not consume(request, action="ask_access"):
        messages.error(request, _("You have asked often in a short time. Try again later."))
        return redirect("contacts:message", code)
    with refusals_told(request):
        asked = actions.ask_access(
            message=message, note=request.POST.get("note", ""), by=request.user, now=timezone.now()
        )
        owners = _(", ").join(each.sighting.inbox.holder for each in asked)
        messages.success(request, _("%(owners)s was asked. You are told when there is an answer.") % {"owners": owners})
    return redirect("contacts:message", code)


@require_POST
def grant_access(request: SignedInRequest, code: UUID) -> HttpResponse:
    asked = _own_request(request, code)
    form = GrantForm(request.POST, prefix=f"request-{asked.pk}")
    now = timezone.now()
    if form.is_valid():
        try:
            actions.grant_access(request=asked, until=form.until(now), by=request.user, now=now)
        except ValidationError as refusal:
            form.add_error("last_day" if refusal.code == "until" else None, refusal)
        else:
            messages.success(request, _("%(person)s can open the e-mail now.") % {"person": asked.person})
            return _back_to_mail(asked)
    return _page(request, _known_mail(request, asked.sighting.message.code), (asked, form))


@require_POST
def decline_access(request: SignedInRequest, code: UUID) -> HttpResponse:
    asked = _own_request(request, code)
    actions.decline_access(request=asked, by=request.user, now=timezone.now())
    messages.success(request, _("Declined. %(person)s is told.") % {"person": asked.person})
    return _back_to_mail(asked)


@require_POST
def end_access(request: SignedInRequest, code: UUID) -> HttpResponse:
    asked = _own_request(request, code)
    actions.end_access(request=asked, by=request.user, now=timezone.now())
    messages.success(request, _("%(person)s can no longer open the e-mail.") % {"person": asked.person})
    return _back_to_mail(asked)


def _own_request(request: SignedInRequest, code: UUID) -> AccessRequest:
    found = AccessRequest.objects.answered_by(request.user).select_related("person", "sighting__message")
    return get_object_or_404(found, code=code)


def _back_to_mail(asked: AccessRequest) -> HttpResponse:
    return redirect("logging_rules:who", asked.sighting.message.code)
