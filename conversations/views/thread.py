"""One thread of a team inbox, and who has read it."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations import actions, queries
from conversations.reasons import filter_cause
from conversations.rows import rows_of
from conversations.threads import mails_of, one_mail
from conversations.views.inboxes import asked_for, seen_in, team_inbox
from inboxes.models import InboxMember, TeamThread
from users.http import SignedInRequest, cursor_of


@require_safe
def thread(request: SignedInRequest, code: UUID, thread: UUID) -> HttpResponse:
    """A GET changes nothing: what marks it as read is a form that the page sends."""
    found = _thread(request, code, thread)
    opened = [chosen for name in ("open", "images") if (chosen := _code_in(request, name))]
    if request.htmx and opened:
        mail = one_mail(found, request.user, opened[0])
        if mail is None:
            raise Http404
        return render(request, "conversations/_mail.html", {"inbox": found.inbox, "thread": found, "mail": mail})
    search, before = asked_for(request, found.inbox), cursor_of(request.GET.get("before"))
    newer, older = queries.neighbours(found, search, request.user)
    context = {
        "inbox": found.inbox,
        "thread": found,
        "search": search,
        "page": mails_of(found, request.user, opened=opened, before=before),
        "before": before,
        "images": _code_in(request, "images"),
        "cause": filter_cause(found.filtered) if found.filtered else None,
        "newer": newer,
        "older": older,
        "members": InboxMember.objects.filter(inbox=found.inbox, person__is_active=True).count(),
        "row": rows_of([found], request.user)[0],
    }
    return render(request, "conversations/thread.html", context)


@require_POST
def mark_read(request: SignedInRequest, code: UUID, thread: UUID) -> HttpResponse:
    """By the page itself once it is shown, or by the button of a row; all of it unless the form says how far."""
    found = _thread(request, code, thread)
    if until := seen_in(request) or found.newest_incoming_at:
        actions.mark_read(thread=found, until=until, by=request.user)
    return _answer(request, found)


@require_POST
def mark_unread(request: SignedInRequest, code: UUID, thread: UUID) -> HttpResponse:
    found = _thread(request, code, thread)
    actions.mark_unread(thread=found, by=request.user)
    return _answer(request, found)


def _answer(request: SignedInRequest, thread: TeamThread) -> HttpResponse:
    """In place where htmx asked, with the count in the navigation; else the list."""
    search = asked_for(request, thread.inbox)
    if not request.htmx:
        return redirect(f"{reverse('conversations:thread-list', args=[thread.inbox.code])}{search.query}")
    [row] = rows_of([thread], request.user)
    context = {"inbox": thread.inbox, "thread": thread, "search": search, "with_count": True, "row": row}
    if request.htmx.target == "read-state":
        return render(request, "conversations/_read_state.html", context)
    return render(request, "conversations/_row.html", context)


def _thread(request: SignedInRequest, code: UUID, thread: UUID) -> TeamThread:
    inbox = team_inbox(request, code)
    visible = TeamThread.objects.visible_to(request.user).filter(inbox=inbox).select_related("inbox", "newest")
    return get_object_or_404(visible.defer(*queries.UNSEEN), code=thread)


def _code_in(request: SignedInRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None
