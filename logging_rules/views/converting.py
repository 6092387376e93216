"""From a personal inbox to the team's, and back: what colleagues will see and what not, the owner's consent, and the change."""

from datetime import timedelta
from uuid import UUID

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from inboxes.actions.converting import not_caught_up, refuse_who_cannot_open
from inboxes.models import Credential, CredentialKind, Inbox, InboxKind, InboxMember
from inboxes.sync.engine import Outcome
from inboxes.views.connect import TRIES, too_often
from inboxes.views.own import own_inbox, stays_as_it_is
from logging_rules import actions
from logging_rules.converting import lost_by_team, seen_by_team
from logging_rules.converting_forms import NOW, ConvertToPersonalForm, ConvertToTeamForm
from logging_rules.slices import sync_slice
from users.http import SignedInRequest
from users.models import User

CATCH_UP = timedelta(seconds=15)


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_post_parameters("password")
def convert(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = own_inbox(request, code)
    if stays_as_it_is(request, inbox):
        return redirect("inboxes:inbox", inbox.code)
    if inbox.kind == InboxKind.TEAM:
        return _to_personal(request, inbox)
    return _to_team(request, inbox)


def _to_team(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    if not request.user.has_account_access:
        holders = User.objects.holders_of_account_access().order_by("name", "email")
        context = {"inbox": inbox, "holders": holders}
        return render(request, "logging_rules/convert_not_allowed.html", context, status=403)
    initial = {"members": [request.user.code], "since": NOW}
    form = ConvertToTeamForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        if form.cleaned_data["agreed"]:
            return _convert_to_team(request, inbox, form)
        return _confirm(request, inbox, form, status=422 if "confirmed" in request.POST else 200)
    context = {"inbox": inbox, "form": form}
    return render(request, "logging_rules/convert_to_team.html", context, status=422 if form.errors else 200)


def _confirm(request: SignedInRequest, inbox: Inbox, form: ConvertToTeamForm, *, status: int) -> HttpResponse:
    """The last page: numbers, and the owner's consent."""
    context = {
        "inbox": inbox,
        "form": form,
        "members": form.cleaned_data["members"],
        "since": form.beginning,
        "seen": seen_by_team(inbox, since=form.beginning),
        "is_missing": status == 422,
    }
    return render(request, "logging_rules/convert_confirm.html", context, status=status)


def _convert_to_team(request: SignedInRequest, inbox: Inbox, form: ConvertToTeamForm) -> HttpResponse:
    values = form.cleaned_data
    try:
        _catch_up(inbox)
        team = actions.convert_to_team(
            inbox=inbox,
            name=values["name"],
            from_name=values["from_name"],
            members=values["members"],
            since=form.beginning,
            by=request.user,
        )
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return redirect("inboxes:inbox", inbox.code)
    messages.success(request, _("%(inbox)s is a team inbox now.") % {"inbox": team.label})
    return redirect("inboxes:inbox", team.code)


def _to_personal(request: SignedInRequest, inbox: Inbox) -> HttpResponse:
    by_password = Credential.objects.filter(inbox=inbox, kind=CredentialKind.PASSWORD).exists()
    form = ConvertToPersonalForm(request.POST if request.method == "POST" else None, by_password=by_password)
    if form.is_valid() and (own := _converted_to_personal(request, inbox, form)):
        messages.success(request, _("%(inbox)s is your personal inbox now.") % {"inbox": own.address})
        return redirect("inboxes:logging", own.code)
    members = InboxMember.objects.filter(inbox=inbox, person__is_active=True).select_related("person")
    context = {
        "inbox": inbox,
        "members": [member.person for member in members.order_by("person__name", "pk")],
        "lost": lost_by_team(inbox),
        "form": form,
    }
    return render(request, "logging_rules/convert_to_personal.html", context, status=422 if form.errors else 200)


def _converted_to_personal(request: SignedInRequest, inbox: Inbox, form: ConvertToPersonalForm) -> Inbox | None:
    """None if it is refused; then the form says why."""
    password = form.cleaned_data.get("password", "")
    if password and not consume(request, action=TRIES):
        form.add_error(None, too_often())
        return None
    try:
        refuse_who_cannot_open(inbox, request.user, password)
        _catch_up(inbox)
        return actions.convert_to_personal(inbox=inbox, password=password, by=request.user)
    except ValidationError as refusal:
        form.add_error("password" if refusal.code == "wrong_password" else None, refusal)
        return None


def _catch_up(inbox: Inbox) -> None:
    """What has arrived by now is decided by the rules that held when it came. Raises ValidationError if not all of it could be."""
    deadline = timezone.now() + CATCH_UP
    while timezone.now() < deadline and Inbox.objects.syncing().filter(pk=inbox.pk).exists():
        outcome = sync_slice(inbox_id=inbox.pk, worker="handing over", budget=CATCH_UP).outcome
        if outcome is Outcome.DONE:
            return
        if outcome is not Outcome.MORE:
            break
    inbox.refresh_from_db()
    if inbox.is_syncing:
        raise not_caught_up()
