"""A team inbox for its members and for those who manage it: what it is called, and who reads it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from inboxes import actions
from inboxes.models import Inbox, InboxKind, InboxMember
from inboxes.team_forms import AddMembersForm, TeamNamesForm
from inboxes.views.own import own_inbox
from users.http import SignedInRequest, refusals_told
from users.models import User


def managed_team(request: SignedInRequest, code: UUID) -> Inbox:
    """404 for who has no account access."""
    inbox = own_inbox(request, code)
    if inbox.kind != InboxKind.TEAM:
        raise Http404
    return inbox


@require_http_methods(["GET", "POST"])
def team(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Members see it, too; names are changed by those who manage the inbox."""
    if request.method == "POST":
        inbox = managed_team(request, code)
    else:
        teams = Inbox.objects.visible_to(request.user).filter(kind=InboxKind.TEAM)
        inbox = get_object_or_404(teams.select_related("owner", "connected_by"), code=code)
    form = TeamNamesForm(request.POST or None, initial={"name": inbox.name, "from_name": inbox.from_name})
    if request.method == "POST" and form.is_valid():
        actions.name_team_inbox(inbox=inbox, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("inboxes:team", inbox.code)
    members = InboxMember.objects.filter(inbox=inbox).select_related("person").order_by("person__name", "pk")
    context = {
        "inbox": inbox,
        "form": form,
        "members": members,
        "manages": request.user.has_account_access,
        "is_member": any(member.person == request.user for member in members),
    }
    return render(request, "inboxes/team.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def add_members(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = managed_team(request, code)
    form = AddMembersForm(request.POST if request.method == "POST" else None, inbox=inbox)
    if request.method == "POST" and form.is_valid():
        new = actions.add_members(inbox=inbox, people=form.cleaned_data["members"], by=request.user)
        text = ngettext("%(count)d member was added.", "%(count)d members were added.", len(new))
        messages.success(request, text % {"count": len(new)})
        return redirect("inboxes:team", inbox.code)
    context = {"inbox": inbox, "form": form, "anybody": form.fields["members"].queryset.exists()}  # type: ignore[attr-defined]
    return render(request, "inboxes/add_members.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def remove_member(request: SignedInRequest, code: UUID, person: UUID) -> HttpResponse:
    inbox = managed_team(request, code)
    member = get_object_or_404(InboxMember.objects.filter(inbox=inbox).select_related("person"), person__code=person)
    if request.method == "GET":
        return _asked(request, inbox, member.person)
    with refusals_told(request):
        actions.remove_member(inbox=inbox, person=member.person, by=request.user)
        done = _("%(name)s is no longer a member of %(inbox)s.")
        messages.success(request, done % {"name": member.person.name, "inbox": inbox.label})
    return redirect("inboxes:team", inbox.code)


@require_http_methods(["GET", "POST"])
def leave(request: SignedInRequest, code: UUID) -> HttpResponse:
    """Afterwards the page of the team is shown to those only who manage the inbox."""
    teams = Inbox.objects.read_by(request.user).filter(kind=InboxKind.TEAM)
    inbox = get_object_or_404(teams, code=code)
    if request.method == "GET":
        return _asked(request, inbox, request.user)
    with refusals_told(request):
        actions.leave(inbox=inbox, by=request.user)
        messages.success(request, _("You are no longer a member of %(inbox)s.") % {"inbox": inbox.label})
    return redirect("inboxes:inbox-list")


def _asked(request: SignedInRequest, inbox: Inbox, person: User) -> HttpResponse:
    others = InboxMember.objects.filter(inbox=inbox, person__is_active=True).exclude(person=person)
    context = {"inbox": inbox, "person": person, "is_last": not others.exists(), "is_me": person == request.user}
    return render(request, "inboxes/remove_member.html", context)
