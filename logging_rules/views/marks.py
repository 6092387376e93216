"""The folders and labels by which the owner of an inbox logs e-mails from any mail program."""

from uuid import UUID

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inboxes.causes import cause_of
from inboxes.connections import is_writable
from inboxes.providers.base import ProviderError
from inboxes.views.connect import TRIES
from inboxes.views.own import own_inbox
from logging_rules import actions
from logging_rules.mark_forms import MarksForm
from logging_rules.marks import marks_overview
from users.http import SignedInRequest


@require_http_methods(["GET", "POST"])
def marks(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    overview = marks_overview(inbox)
    can_write = is_writable(inbox)
    form = MarksForm(request.POST or None, initial=model_to_dict(overview.settings), can_write=can_write)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_marks(inbox=inbox, choices=form.choices, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Saved. It holds from the next sync on."))
            return redirect("inboxes:marks", inbox.code)
    context = {"inbox": inbox, "overview": overview, "form": form, "can_write": can_write}
    return render(request, "logging_rules/marks.html", context, status=422 if form.errors else 200)


@require_POST
def create_folders(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    if not consume(request, action=TRIES):
        messages.error(request, str(cause_of("rate_limited").fix_while_trying))
        return redirect("inboxes:marks", inbox.code)
    try:
        actions.create_mark_folders(inbox=inbox, by=request.user)
    except ProviderError as error:
        cause = cause_of(error.cause)
        messages.error(request, f"{cause.title}. {cause.fix_while_trying}")
    else:
        messages.success(
            request, _("The folders are in your mailbox. Some mail programs show them only after a restart.")
        )
    return redirect("inboxes:marks", inbox.code)
