"""The bell and the list of what a person was told."""

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import actions, queries
from notifications.forms import PreferencesForm
from notifications.models import Notification
from users.http import SignedInRequest, cursor_of


@require_safe
def notification_list(request: SignedInRequest) -> HttpResponse:
    only_unread = request.GET.get("show") == "unread"
    page = queries.page(request.user, before=cursor_of(request.GET.get("before")), only_unread=only_unread)
    template = "notifications/list.html#rows" if request.htmx else "notifications/list.html"
    return render(request, template, {"page": page, "only_unread": only_unread})


@require_safe
def bell(request: SignedInRequest) -> HttpResponse:
    """The newest few, for the panel under the bell."""
    return render(request, "notifications/bell.html", {"notifications": queries.newest(request.user)})


@require_safe
def open_notification(request: SignedInRequest, code: uuid.UUID) -> HttpResponse:
    """Goes where the notice points and remembers that it was read; doing so twice changes nothing."""
    notification = get_object_or_404(Notification.objects.visible_to(request.user), code=code)
    actions.mark_read(notification=notification, by=request.user)
    return redirect(notification.url)


@require_POST
def read_all(request: SignedInRequest) -> HttpResponse:
    actions.mark_all_read(by=request.user, until=_key_in(request.POST.get("until", "")))
    messages.success(request, _("Everything is marked as read."))
    return redirect("notifications:notification-list")


def _key_in(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:  # also for digits without end
        return None


@require_http_methods(["GET", "POST"])
def preferences(request: SignedInRequest) -> HttpResponse:
    wishes = queries.wishes_of(request.user)
    offered = {topic: wishes[topic] for topic in queries.topics_for(request.user)}
    form = PreferencesForm(request.POST if request.method == "POST" else None, wishes=offered)
    if request.method == "POST" and form.is_valid():
        actions.prefer(person=request.user, wishes=form.wishes(), by=request.user)
        messages.success(request, _("Saved. This holds from the next notification on."))
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form})
