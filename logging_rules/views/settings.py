"""The settings of the three levels: of a person, of one inbox, of the workspace."""

from uuid import UUID

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from inboxes.models import InboxKind, InboxStatus
from inboxes.views.own import own_inbox
from logging_rules import actions
from logging_rules.changes import Change
from logging_rules.facts import Level, Preset
from logging_rules.in_force import defaults_of, resolved_policy
from logging_rules.models import PersonPolicy, WorkspacePolicy
from logging_rules.rules import Rules, rules_of
from logging_rules.settings_forms import SettingsForm, WorkspacePolicyForm
from logging_rules.standing import exceptions_of, standings_of, standings_of_defaults
from logging_rules.views.confirming import question_before
from logging_rules.views.connecting import choose_start
from logging_rules.views.connecting_team import choose_team
from logging_rules.visibility import out_of_step
from users.http import SignedInRequest

AS_MY_DEFAULT = gettext_lazy("As my default says: %(value)s")
AS_TEAMS_DO = gettext_lazy("As for all team inboxes: %(value)s")


@require_http_methods(["GET", "POST"])
def defaults(request: SignedInRequest) -> HttpResponse:
    """What holds for all inboxes of the person that say nothing themselves."""
    workspace = WorkspacePolicy.objects.current()
    own = PersonPolicy.objects.filter(person=request.user).first() or PersonPolicy(person=request.user)
    form = SettingsForm(
        request.POST or None,
        own=own,
        inherited=defaults_of(None, workspace),
        as_default=gettext_lazy("As the workspace says: %(value)s"),
        most_open=Preset(workspace.most_open_preset),
    )
    if request.method == "POST" and form.is_valid():
        change = Change.of_person(**form.changes)
        if form.changes and "try" not in request.POST:
            actions.set_person_policy(person=request.user, by=request.user, **form.changes)
        return _after(request, change, reverse("logging_rules:settings"))
    groups = form.rows(standings_of_defaults(own, workspace), exceptions_of(request.user))
    context = {"form": form, "groups": groups, "saved": _saved(request, Level.PERSON)}
    return render(request, "logging_rules/settings.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def inbox_settings(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What one inbox does differently; while it is being connected, only how much is logged and from when."""
    inbox = own_inbox(request, code)
    if inbox.status == InboxStatus.CONNECTING:
        return choose_team(request, inbox) if inbox.kind == InboxKind.TEAM else choose_start(request, inbox)
    rules = rules_of(inbox)
    form = _inbox_form(request, rules)
    if request.method == "POST" and form.is_valid():
        change = Change.of_inbox(inbox, **form.changes)
        if form.changes and "try" not in request.POST:
            actions.set_inbox_policy(inbox=inbox, by=request.user, **form.changes)
        return _after(request, change, reverse("inboxes:logging", args=[inbox.code]))
    context = {
        "inbox": inbox,
        "form": form,
        "groups": form.rows(standings_of(rules), {}),
        "saved": _saved(request, Level.INBOX),
        "differing": out_of_step(inbox)[1].count() if "saved" in request.GET else 0,
    }
    return render(request, "logging_rules/inbox_settings.html", context, status=422 if form.errors else 200)


def _inbox_form(request: SignedInRequest, rules: Rules) -> SettingsForm:
    return SettingsForm(
        request.POST or None,
        own=rules.own,
        inherited=resolved_policy(rules.inbox, None, rules.person, rules.workspace),
        as_default=AS_TEAMS_DO if rules.is_team else AS_MY_DEFAULT,
        most_open=Preset(rules.workspace.most_open_preset),
        of_team=rules.is_team,
    )


@require_http_methods(["GET", "POST"])
def workspace_policy(request: SignedInRequest) -> HttpResponse:
    """Says whom a change concerns before it is made."""
    if not request.user.is_super_admin:
        raise PermissionDenied
    policy = WorkspacePolicy.objects.current()
    form = WorkspacePolicyForm(request.POST or None, policy=policy)
    if request.method == "POST" and form.is_valid():
        if form.changes and "try" not in request.POST:
            if question := question_before(request, form.changes):
                return question
            actions.set_workspace_policy(by=request.user, **form.changes)
        return _after(request, Change.of_workspace(**form.changes), reverse("logging_rules:workspace-policy"))
    context = {"form": form, "groups": form.rows({}, {}), "saved": _saved(request, Level.WORKSPACE)}
    return render(request, "logging_rules/workspace_policy.html", context, status=422 if form.errors else 200)


def _after(request: SignedInRequest, change: Change, page: str) -> HttpResponse:
    """The dry run of what was only tried; else the page again, which offers the dry run for the past."""
    if not change.settings:
        return redirect(page)
    if "try" in request.POST:
        return redirect(change.url)
    return redirect(f"{page}?{urlencode({'saved': change.signed()})}")


def _saved(request: SignedInRequest, level: Level) -> Change | None:
    """The change that was just saved, as the address of the page says."""
    try:
        change = Change.from_signed(request.GET.get("saved", ""))
    except signing.BadSignature:
        return None
    return change if change.level is level else None
