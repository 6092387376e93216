"""Addresses of the pages about logging."""

from django.urls import path

from logging_rules.views import (
    dry_run,
    held_words,
    look_back,
    never_log,
    never_log_lines,
    settings,
    unlogging,
    waiting,
    who,
    why,
)

app_name = "logging_rules"

urlpatterns = [
    path("settings/", settings.defaults, name="settings"),
    path("policy/", settings.workspace_policy, name="workspace-policy"),
    path("what-if/", dry_run.what_if, name="what-if"),
    path("dry-run/", dry_run.dry_run, name="dry-run"),
    path("dry-run/apply/", dry_run.apply_change, name="apply-change"),
    path("look-back/", look_back.look_back, name="look-back"),
    path("never-log/", never_log.entries, {"shared": False}, name="never-log"),
    path("never-log/add/", never_log.add, {"shared": False}, name="never-log-add"),
    path("never-log/import/", never_log_lines.add_many, {"shared": False}, name="never-log-import"),
    path("never-log/export/", never_log.export, {"shared": False}, name="never-log-export"),
    path("never-log/workspace/", never_log.entries, {"shared": True}, name="workspace-never-log"),
    path("never-log/workspace/add/", never_log.add, {"shared": True}, name="workspace-never-log-add"),
    path("never-log/workspace/import/", never_log_lines.add_many, {"shared": True}, name="workspace-never-log-import"),
    path("never-log/workspace/export/", never_log.export, {"shared": True}, name="workspace-never-log-export"),
    path("never-log/quick/", never_log.quick, name="never-log-quick"),
    path("never-log/<uuid:code>/", never_log.edit, name="never-log-edit"),
    path("never-log/<uuid:code>/remove/", never_log.remove, name="never-log-remove"),
    path("unlog/<uuid:code>/", unlogging.unlog_mail, name="unlog-mail"),
    path("unlogged/<uuid:code>/undo/", unlogging.undo, name="undo-unlogging"),
    path("unlogged/<uuid:code>/erase/", unlogging.erase, name="erase-unlogged"),
    path("waiting/", waiting.waiting_inboxes, name="waiting"),
    path("held-words/", held_words.held_words, name="held-words"),
    path("why/<uuid:code>/", why.why, name="why"),
    path("who/<uuid:code>/", who.who, name="who"),
    path("who/<uuid:code>/set/", who.set_visibility, name="set-visibility"),
    path("who/<uuid:code>/ask/", who.ask_access, name="ask-access"),
    path("access/<uuid:code>/grant/", who.grant_access, name="grant-access"),
    path("access/<uuid:code>/decline/", who.decline_access, name="decline-access"),
    path("access/<uuid:code>/end/", who.end_access, name="end-access"),
]
