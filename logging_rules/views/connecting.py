"""The last steps of connecting an inbox: what is logged, a dry run, the start. The first two also serve connected inboxes."""

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

import inboxes.actions
from inboxes.models import Inbox, InboxKind, InboxStatus
from inboxes.views.own import own_inbox, reads_mail
from logging_rules import actions
from logging_rules.dry_run import DryRunState, scan_step
from logging_rules.facts import Preset
from logging_rules.forms import StartingForm, history_choice
from logging_rules.in_force import policy_of
from logging_rules.models import WorkspacePolicy
from logging_rules.preview import SHORT_LABELS, comparison, sample_views
from logging_rules.views.reading import read_step
from users.http import SignedInRequest, refusals_told
from users.models import User


def choose_start(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    """How much is logged, and from when: all that is asked before the first sync."""
    form = _form(request, inbox)
    if request.method == "POST" and form.is_valid():
        try:
            _save(form, inbox, by=request.user)
        except ValidationError as refusal:  # it was started in another tab, or less is allowed by now
            form.add_error(None, refusal)
        else:
            return redirect("inboxes:preview", inbox.code)
    context = {"inbox": inbox, "form": form}
    return render(request, "logging_rules/logging.html", context, status=422 if form.errors else 200)


def _form(request: SignedInRequest, inbox: Inbox) -> StartingForm:
    workspace = WorkspacePolicy.objects.current()
    return StartingForm(
        request.POST or None,
        most_open=Preset(workspace.most_open_preset),
        initial={
            "preset": policy_of(inbox, workspace).preset.value,
            "history": history_choice(inbox.history_since, timezone.now()),
        },
    )


@transaction.atomic
def _save(form: StartingForm, inbox: Inbox, *, by: User) -> None:
    actions.set_inbox_policy(inbox=inbox, preset=form.chosen, by=by)
    inboxes.actions.choose_history(inbox=inbox, history_since=form.since(timezone.now()), by=by)


@require_http_methods(["GET", "POST"])
@never_cache
@reads_mail
def preview(request: SignedInRequest, code: UUID) -> HttpResponse:
    """A POST reads one page of the mailbox further. What it shows of e-mails is for this answer only."""
    inbox = own_inbox(request, code)
    if inbox.kind == InboxKind.TEAM and inbox.status == InboxStatus.CONNECTING:
        return redirect("inboxes:confirm-team", inbox.code)
    state, step, problem = _state(request, inbox), None, None
    if request.method == "POST":
        step, problem = read_step(request, inbox, partial(scan_step, inbox=inbox, state=state))
    state = step.state if step else state
    chosen = policy_of(inbox, WorkspacePolicy.objects.current()).preset.value
    context = {
        "inbox": inbox,
        "is_new": inbox.status == InboxStatus.CONNECTING,
        "presets": [(SHORT_LABELS[preset], preset is chosen) for preset in Preset],
        "rows": comparison(state, chosen=chosen),
        "samples": sample_views(step.samples, chosen=chosen) if step else [],
        "state": state,
        "step": step,
        "problem": problem,
    }
    return render(request, f"logging_rules/preview.html{'#step' if request.htmx else ''}", context)


def _state(request: SignedInRequest, inbox: Inbox) -> DryRunState:
    """Where the browser says the dry run is; the beginning when it says nothing we have signed."""
    try:
        return DryRunState.from_signed(request.POST.get("state", ""), inbox)
    except signing.BadSignature:
        return DryRunState.start(inbox, since=inbox.history_since)


@require_POST
def start(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    with refusals_told(request):
        inboxes.actions.start(inbox=inbox, by=request.user)
        messages.success(request, _("%(inbox)s is connected. Its e-mail is being read now.") % {"inbox": inbox.label})
    return redirect("inboxes:inbox", inbox.code)
