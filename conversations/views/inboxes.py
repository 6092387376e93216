"""The team inboxes of a person, and the shared list of one."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from conversations import actions, queries
from conversations.models import Restoral
from conversations.queries import UNREAD_SOUGHT_AMONG, Search, View
from conversations.rows import rows_of
from inboxes.actions import add_members
from inboxes.causes import cause_of
from inboxes.models import Inbox, InboxKind
from users.http import SignedInRequest, cursor_of


@require_safe
def inbox_list(request: SignedInRequest) -> HttpResponse:
    """Straight to the only one there is."""
    inboxes, closed = queries.team_inboxes(request.user), queries.closed_inboxes(request.user)
    if len(inboxes) == 1 and not closed:
        return redirect("conversations:thread-list", inboxes[0].inbox.code)
    context = {"inboxes": inboxes, "closed": closed, "team_news": queries.news_of(inboxes)}
    return render(request, "conversations/inbox_list.html", context)


@require_safe
def thread_list(request: SignedInRequest, code: UUID) -> HttpResponse:
    inbox = team_inbox(request, code)
    search, before = asked_for(request, inbox), cursor_of(request.GET.get("before"))
    page = queries.thread_page(search, request.user, before=before)
    context = {
        "inbox": inbox,
        "search": search,
        "page": page,
        "rows": rows_of(page.threads, request.user),
        "before": before,
    }
    if request.htmx.target == "older":
        return render(request, "conversations/thread_list.html#rows", context)
    teams = queries.team_inboxes(request.user)
    context |= {
        "team": next((team for team in teams if team.inbox == inbox), None),
        "others": [team for team in teams if team.inbox != inbox],
        "team_news": queries.news_of(teams),
        "sought_among": UNREAD_SOUGHT_AMONG if queries.leaves_out_older(search) else None,
        "problem": cause_of(inbox.cause) if inbox.cause else None,
        "restoral": _restoral(request, inbox),
    }
    return render(request, f"conversations/thread_list.html{'#results' if request.htmx else ''}", context)


@require_POST
def mark_all_read(request: SignedInRequest, code: UUID) -> HttpResponse:
    """What the list held as the person saw it: what came in since stays unread."""
    inbox = team_inbox(request, code)
    until = seen_in(request) or timezone.now()
    count = actions.mark_all_read(inbox=inbox, until=until, by=request.user)
    text = ngettext("%(count)d conversation marked as read.", "%(count)d conversations marked as read.", count)
    messages.success(request, text % {"count": count})
    return redirect("conversations:thread-list", inbox.code)


@require_POST
def join(request: SignedInRequest, code: UUID) -> HttpResponse:
    """For holders of account access; to everybody else the inbox does not exist."""
    manageable = Inbox.objects.decided_by(request.user).filter(kind=InboxKind.TEAM)
    inbox = get_object_or_404(manageable, code=code)
    add_members(inbox=inbox, people=[request.user], by=request.user)
    messages.success(request, _("You are a member of %(inbox)s now.") % {"inbox": inbox.label})
    return redirect("conversations:thread-list", inbox.code)


def team_inbox(request: SignedInRequest, code: UUID) -> Inbox:
    """404 for whoever is no member, holders of account access and super admins included."""
    return get_object_or_404(Inbox.objects.read_by(request.user).filter(kind=InboxKind.TEAM), code=code)


def asked_for(request: SignedInRequest, inbox: Inbox) -> Search:
    view = request.GET.get("view", "")
    return Search(inbox, View(view) if view in set(View) else View.ALL, request.GET.get("q", "").strip())


def seen_in(request: SignedInRequest) -> datetime | None:
    """The newest moment of the page that the person had before them, if the form says."""
    cursor = cursor_of(request.POST.get("seen"))
    return cursor.moment if cursor else None


def _restoral(request: SignedInRequest, inbox: Inbox) -> Restoral | None:
    """What was just taken back, and can be undone."""
    try:
        code = UUID(request.GET.get("restored", ""))
    except ValueError:
        return None
    return Restoral.objects.visible_to(request.user).filter(inbox=inbox, code=code, undone_at=None).first()
