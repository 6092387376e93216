"""The last steps of connecting a team inbox: its team and what is logged, then who will see what."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

import inboxes.actions
from inboxes.models import Inbox, InboxMember, InboxStatus
from inboxes.views.team import managed_team
from logging_rules import actions
from logging_rules.facts import Preset
from logging_rules.forms import history_choice
from logging_rules.in_force import policy_of
from logging_rules.models import WorkspacePolicy
from logging_rules.setting_words import value_label
from logging_rules.team_forms import NOTHING, USUAL, TeamStartingForm
from users.http import SignedInRequest
from users.models import User


def choose_team(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    """All that is asked before a team inbox starts. The caller has checked that the person manages it."""
    form = _form(request, inbox)
    if request.method == "POST" and form.is_valid():
        try:
            _save(form, inbox, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return redirect("inboxes:confirm-team", inbox.code)
    context = {"inbox": inbox, "form": form}
    return render(request, "logging_rules/team.html", context, status=422 if form.errors else 200)


def _form(request: SignedInRequest, inbox: Inbox) -> TeamStartingForm:
    workspace = WorkspacePolicy.objects.current()
    is_off = policy_of(inbox, workspace).preset.value is Preset.MANUAL
    initial = {
        "name": inbox.name,
        "from_name": inbox.from_name,
        "members": [person.code for person in User.objects.filter(team_memberships__inbox=inbox)],
        "logging": NOTHING if is_off else USUAL,
        "history": history_choice(inbox.history_since, timezone.now()),
    }
    return TeamStartingForm(request.POST or None, most_open=Preset(workspace.most_open_preset), initial=initial)


@transaction.atomic
def _save(form: TeamStartingForm, inbox: Inbox, *, by: User) -> None:
    values = form.cleaned_data
    inboxes.actions.name_team_inbox(inbox=inbox, name=values["name"], from_name=values["from_name"], by=by)
    inboxes.actions.choose_members(inbox=inbox, people=values["members"], by=by)
    actions.set_inbox_policy(inbox=inbox, preset=form.preset, by=by)
    inboxes.actions.choose_history(inbox=inbox, history_since=form.since(timezone.now()), by=by)


@require_safe
def confirm(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Who will see what, before anything is read."""
    inbox = managed_team(request, code)
    if inbox.status != InboxStatus.CONNECTING:
        return redirect("inboxes:inbox", inbox.code)
    policy = policy_of(inbox, WorkspacePolicy.objects.current())
    members = InboxMember.objects.filter(inbox=inbox, person__is_active=True).select_related("person")
    context = {
        "inbox": inbox,
        "members": members.order_by("person__name", "pk"),
        "people": User.objects.active().count(),
        "preset": policy.preset.value,
        "visibility": value_label("visibility", policy.visibility.value, of_team=True),
        "visibility_code": policy.visibility.value,
    }
    return render(request, "logging_rules/confirm_team.html", context)
