"""What the owner of an inbox does with it: sync, pause, resume, disable, enable, reconnect, discard, set up sending."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from uuid import UUID

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from inboxes import actions
from inboxes.actions.refusing import stored_password
from inboxes.allowed import may_reconnect, refuse_host, refuse_reconnecting
from inboxes.causes import cause_of
from inboxes.discovery import known_provider
from inboxes.forms import SendingForm, ServersForm, TeamSendingForm, found_values, kept_values
from inboxes.models import CredentialKind, Inbox, InboxKind, InboxStatus
from inboxes.oauth_flows import kind_of
from inboxes.outages import goes_on, standstill_of
from inboxes.trial import Trial, try_sending, why_shut
from inboxes.views import oauth
from inboxes.views.connect import TRIES, hints, too_often, tried
from users.http import SignedInRequest, password_confirmed, refusals_told


def own_inbox(request: SignedInRequest, code: UUID) -> Inbox:
    """One that the person manages: their own, or with account access a team's. 404 for everybody else."""
    return get_object_or_404(Inbox.objects.decided_by(request.user).select_related("owner"), code=code)


def stays_as_it_is(request: SignedInRequest, inbox: Inbox) -> bool:
    """Whether neither provider nor kind of the inbox can be changed; the person is told why on the next page."""
    try:
        actions.refuse_part_of_mailbox(inbox)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return True
    return False


def reads_mail(
    view: Callable[[SignedInRequest, UUID], HttpResponse],
) -> Callable[[SignedInRequest, UUID], HttpResponse]:
    """For pages that show mail as it lies in the mailbox: who manages a team inbox but is no member is told how to become one."""

    @wraps(view)
    def guarded(request: SignedInRequest, code: UUID) -> HttpResponse:
        inbox = own_inbox(request, code)
        if not Inbox.objects.read_by(request.user).filter(pk=inbox.pk).exists():
            return render(request, "inboxes/members_only.html", {"inbox": inbox}, status=404)
        return view(request, code)

    return guarded


@require_POST
def sync_now(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    with refusals_told(request):
        due_at = actions.sync_now(inbox=inbox, by=request.user)
        if due_at > timezone.now():
            messages.info(request, _("The mail server wants us to wait. The sync starts as soon as it may."))
        else:
            messages.success(request, _("%(inbox)s is being synced.") % {"inbox": inbox.address})
    return _back(request, inbox)


@require_POST
def pause(request: SignedInRequest, code: UUID) -> HttpResponse:
    return _carry_out(request, code, actions.pause, _("Paused. New e-mail waits in the mailbox until you resume."))


@require_POST
def resume(request: SignedInRequest, code: UUID) -> HttpResponse:
    return _carry_out(request, code, actions.resume, _("Resumed. What arrived meanwhile is being read now."))


@require_http_methods(["GET", "POST"])
def disable(request: SignedInRequest, code: UUID) -> HttpResponse:
    if request.method == "GET":
        return render(request, "inboxes/disable.html", {"inbox": own_inbox(request, code)})
    done = _("Disabled. Nothing more is read, sent or logged; nothing was deleted.")
    return _carry_out(request, code, actions.disable, done)


@require_POST
def enable(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Straight on with what opened the mailbox before, if that still does; otherwise to where it is given anew."""
    inbox = own_inbox(request, code)
    if inbox.status == InboxStatus.DISABLED and may_reconnect(inbox) and (cause := why_shut(inbox)):
        note = _("%(problem)s. Reconnect the inbox to enable it; it goes on where it stopped.")
        messages.warning(request, note % {"problem": cause_of(cause).title})
        return redirect("inboxes:reconnect", inbox.code)
    return _carry_out(request, code, actions.enable, _("Enabled again. What arrived meanwhile is being read now."))


@require_http_methods(["GET", "POST"])
def discard(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    if request.method == "GET":
        return render(request, "inboxes/discard.html", {"inbox": inbox})
    with refusals_told(request):
        actions.discard(inbox=inbox, by=request.user)
        messages.success(request, _("%(inbox)s was discarded.") % {"inbox": inbox.address})
    return redirect("inboxes:inbox-list")


@require_http_methods(["GET", "POST"])
@never_cache
def reconnect(request: SignedInRequest, code: UUID) -> HttpResponse:
    """For whoever manages the inbox: of a team, every holder of account access."""
    inbox = own_inbox(request, code)
    if kind_of(inbox) != CredentialKind.PASSWORD:
        return oauth.reconnect(request, inbox)
    if inbox.status == InboxStatus.CONNECTING:
        return redirect("inboxes:logging", inbox.code)
    return _reconnect_by_password(request, inbox)


def _reconnect_by_password(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    """The sign-in is tried first, so that a mistyped password neither replaces a good one nor stops a sync."""
    found = known_provider(inbox.address)
    form = ServersForm(request.POST or None, initial=found_values(inbox.address, found) | kept_values(inbox))
    trial = None
    if request.method == "POST" and form.is_valid():
        trial = tried(request, form, inbox.address, refuse=partial(refuse_reconnecting, inbox))
        if trial and trial.can_read and _reconnected(request, inbox, form, trial):
            return redirect("inboxes:inbox", inbox.code)
    context = {
        "inbox": inbox,
        "cause": cause_of(inbox.cause) if inbox.cause else None,
        "standstill": standstill_of(inbox, now=timezone.now()),
        "found": found,
        "hints": hints(found.hints) if found else [],
        "form": form,
        "trial": trial,
    }
    return render(request, "inboxes/reconnect.html", context, status=422 if form.errors or trial else 200)


def _reconnected(request: SignedInRequest, inbox: Inbox, form: ServersForm, trial: Trial) -> bool:
    details = form.details(inbox.address, with_sending=trial.can_send)
    try:
        actions.reconnect(inbox=inbox, details=details, by=request.user)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    messages.success(request, goes_on(inbox))
    for step in trial.failures:
        note = _("Sending does not work yet: %(problem)s. Reading and logging do.")
        messages.warning(request, note % {"problem": step.problem.title})
    return True


@require_http_methods(["GET", "POST"])
@never_cache
def sending(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Sets up the server for sending of an inbox that can be read already."""
    inbox = own_inbox(request, code)
    if kind_of(inbox) != CredentialKind.PASSWORD:
        return redirect("inboxes:inbox", inbox.code)
    return _sending(request, inbox)


@password_confirmed
def _sending(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    """The stored password goes to whatever server is named here: neither who only found a browser open must get hold of it, nor who
    manages a team inbox without knowing it."""
    form_class = TeamSendingForm if inbox.kind == InboxKind.TEAM else SendingForm
    form = form_class(request.POST or None, initial=_sending_values(inbox))
    trial = None
    if request.method == "POST" and form.is_valid():
        trial = _tried_sending(request, inbox, form)
        if trial and trial.can_send:
            try:
                actions.set_smtp_server(inbox=inbox, smtp=form.smtp(), by=request.user)
            except ValidationError as refusal:  # what is allowed was changed during the trial
                form.add_error(None, refusal)
            else:
                messages.success(request, _("Sending is set up."))
                is_new = inbox.status == InboxStatus.CONNECTING
                return redirect("inboxes:logging" if is_new else "inboxes:inbox", inbox.code)
    context = {"inbox": inbox, "form": form, "trial": trial}
    return render(request, "inboxes/sending.html", context, status=422 if form.errors or trial else 200)


def _tried_sending(request: SignedInRequest, inbox: Inbox, form: SendingForm) -> Trial | None:
    """None when the password is not the mailbox's or lost, the server not allowed, or too much was tried; then the form says so."""
    if not consume(request, action=TRIES):
        form.add_error(None, too_often())
        return None
    try:
        refuse_host(form.cleaned_data["smtp_host"])
        password = stored_password(inbox)
    except ValidationError as refusal:
        form.add_error("smtp_host" if refusal.code == "host_not_allowed" else None, refusal)
        return None
    if not form.knows(password):
        form.add_error(
            "password", ValidationError(_("This is not the password of the mailbox."), code="other_password")
        )
        return None
    return try_sending(form.smtp(), password)


def _sending_values(inbox: Inbox) -> dict[str, Any]:
    values = found_values(inbox.address, known_provider(inbox.address)) | kept_values(inbox)
    return values | {"smtp_username": values.get("smtp_username") or values.get("username", "")}


def _carry_out(request: SignedInRequest, code: UUID, act: Callable[..., object], done: str) -> HttpResponse:
    inbox = own_inbox(request, code)
    with refusals_told(request):
        act(inbox=inbox, by=request.user)
        messages.success(request, done)
    return _back(request, inbox)


def _back(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    pages = {"list": "inboxes:inbox-list", "channels": "inboxes:channels"}
    if request.POST.get("from") in pages:
        return redirect(pages[request.POST["from"]])
    return redirect("inboxes:inbox", inbox.code)
