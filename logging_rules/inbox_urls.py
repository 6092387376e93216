"""Addresses of everything about a person's inboxes: pages of `inboxes`, and of this app, which adds what is logged."""

from django.urls import path

from inboxes.views import connect, hooks, next_step, oauth, own
from logging_rules.views import (
    connecting,
    funnel,
    inboxes,
    marks,
    settings,
    suggestions,
    unlogging,
    visibility,
    waiting,
    why_not,
)

app_name = "inboxes"

urlpatterns = [
    path("", inboxes.inbox_list, name="inbox-list"),
    path("connect/", connect.connect, name="connect"),
    path("connect/server/", connect.connect_server, name="connect-server"),
    path("oauth/<slug:provider>/", oauth.sign_in, name="oauth"),
    path("oauth/<slug:provider>/callback", oauth.callback, name="oauth-callback"),
    path("oauth/<slug:provider>/stopped/", oauth.stopped, name="oauth-stopped"),
    path("oauth/<slug:provider>/set-up/", oauth.set_up, name="oauth-set-up"),
    path("oauth/<slug:provider>/approved/", oauth.approved, name="oauth-approved"),
    path("oauth/<slug:provider>/declined/", oauth.declined, name="oauth-declined"),
    path("hooks/google/", hooks.google, name="google-hook"),
    path("hooks/microsoft/", hooks.microsoft, name="microsoft-hook"),
    path("suggestions/", suggestions.first_suggestions, name="first-suggestions"),
    path("<uuid:code>/", inboxes.inbox_detail, name="inbox"),
    path("<uuid:code>/next-step/", next_step.next_step, name="next-step"),
    path("<uuid:code>/item/", inboxes.item, name="item"),
    path("<uuid:code>/progress/", inboxes.progress, name="progress"),
    path("<uuid:code>/suggestions/", suggestions.suggestions, name="suggestions"),
    path("<uuid:code>/funnel/", funnel.funnel, name="funnel"),
    path("<uuid:code>/marks/", marks.marks, name="marks"),
    path("<uuid:code>/marks/folders/", marks.create_folders, name="mark-folders"),
    path("<uuid:code>/logging/", settings.inbox_settings, name="logging"),
    path("<uuid:code>/preview/", connecting.preview, name="preview"),
    path("<uuid:code>/waiting/", waiting.waiting, name="waiting"),
    path("<uuid:code>/why-not/", why_not.why_not, name="why-not"),
    path("<uuid:code>/why-not/log/", why_not.log_by_hand, name="log-by-hand"),
    path("<uuid:code>/unlog/", unlogging.unlog, name="unlog"),
    path("<uuid:code>/unlogged/", unlogging.unlogged, name="unlogged"),
    path("<uuid:code>/visibility/", visibility.visibility, name="visibility"),
    path("<uuid:code>/visibility/apply/", visibility.apply_visibility, name="visibility-apply"),
    path("<uuid:code>/view-as/", visibility.view_as, name="view-as"),
    path("<uuid:code>/start/", connecting.start, name="start"),
    path("<uuid:code>/sync/", own.sync_now, name="sync-now"),
    path("<uuid:code>/pause/", own.pause, name="pause"),
    path("<uuid:code>/resume/", own.resume, name="resume"),
    path("<uuid:code>/replay/", own.replay, name="replay"),
    path("<uuid:code>/reconnect/", own.reconnect, name="reconnect"),
    path("<uuid:code>/sending/", own.sending, name="sending"),
    path("<uuid:code>/disable/", own.disable, name="disable"),
    path("<uuid:code>/discard/", own.discard, name="discard"),
]
