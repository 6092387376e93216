"""How the audit log calls what is done about logging."""

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.acts import register_acts
from audit.details import Detail, register_details
from audit.targets import Target, register_target
from inboxes.models import VISIBILITY_LABELS
from logging_rules.models import NEVER_LOG_KIND_LABELS, NEVER_LOG_SCOPE_LABELS, NeverLogEntry
from logging_rules.setting_words import SETTING_LABELS, SETTING_VALUES
from users.models import User

register_acts(
    _("Logging"),
    group="logging",
    acts={
        "inbox_policy_set": _("What an inbox logs was set"),
        "person_policy_set": _("What a person logs was set"),
        "workspace_policy_set": _("Logging policy of the workspace was set"),
        "never_log_added": _("Never-log entry added"),
        "never_log_edited": _("Never-log entry changed"),
        "never_log_removed": _("Never-log entry removed"),
        "never_log_imported": _("Never-log entries added"),
        "chosen_by_hand": _("E-mails logged by hand"),
        "kept_private": _("E-mails that waited were kept private"),
        "sensitive_words_set": _("Words that hold e-mails back were set"),
        "marks_set": _("Folders and labels that log were set"),
        "mark_folders_created": _("Folders that log were created"),
        "unlogged": _("E-mails un-logged"),
        "unlogging_undone": _("Un-logging undone"),
        "erasure_asked": _("Erasure of un-logged e-mails asked for"),
        "unlogged_erased": _("Un-logged e-mails erased"),
    },
)
register_details(
    "logging", **{name: Detail(label, SETTING_VALUES.get(name, {})) for name, label in SETTING_LABELS.items()}
)
register_details(
    "logging",
    kind=Detail(_("Kind"), NEVER_LOG_KIND_LABELS),
    scope=Detail(_("What stays out"), NEVER_LOG_SCOPE_LABELS),
    personal=Detail(_("On a list of one’s own")),
    team=Detail(_("Team inboxes, too")),
    added=Detail(_("Entries")),
    messages=Detail(_("E-mails")),
    words=Detail(_("Words")),
    writes_label=Detail(_("Labels what is logged")),
    removing_unlogs=Detail(_("Taking the label off un-logs")),
    chosen=Detail(_("Logged by hand before")),
    lost=Detail(_("Could not be brought back")),
    unlogging=Detail(_("Un-logging no.")),
)
register_details(
    "mail.visibility_set",
    visibility=Detail(_("Who can see it"), VISIBILITY_LABELS),
    whole_thread=Detail(_("The whole conversation")),
    mails=Detail(_("E-mails")),
)


def _entries(keys: Collection[str], reader: User) -> dict[str, Target]:
    """Whom a colleague never logs stays theirs: of such an entry not even the page is known."""
    shared = NeverLogEntry.objects.filter(pk__in=keys, owner=None) if reader.is_super_admin else ()
    return {
        str(entry.pk): Target(entry.text, reverse("logging_rules:never-log-edit", args=[entry.code]))
        for entry in shared
    }


def _policy(keys: Collection[str], reader: User) -> dict[str, Target]:
    return {key: Target("", reverse("logging_rules:workspace-policy")) for key in keys}


register_target("logging_rules.neverlogentry", _("Never-log entry"), _entries)
register_target("logging_rules.workspacepolicy", _("Logging policy"), _policy)
