"""Inboxes that are not active now are in an episode, and those that cannot be read in an outage."""

from typing import Any

from django.db import migrations

UNREADABLE = ("degraded", "needs_reconnect")


def begin_episodes(apps: Any, schema_editor: Any) -> None:
    inboxes = apps.get_model("inboxes", "Inbox")._base_manager.filter(removed_at=None)
    episode, outage = apps.get_model("inboxes", "Episode"), apps.get_model("inboxes", "Outage")
    not_active = inboxes.filter(status__in=(*UNREADABLE, "paused", "disabled"))
    episode.objects.bulk_create(
        episode(inbox=inbox, status=inbox.status, cause=inbox.cause, began_at=inbox.status_since)
        for inbox in not_active.only("status", "cause", "status_since")
    )
    unreadable = inboxes.filter(status__in=UNREADABLE, live_synced_at__isnull=False)
    outage.objects.bulk_create(
        outage(inbox=inbox, since=inbox.live_synced_at, cause=inbox.cause)
        for inbox in unreadable.only("live_synced_at", "cause")
    )
    unreadable.update(in_outage=True)


class Migration(migrations.Migration):
    dependencies = [("inboxes", "0018_note_episodes")]

    operations = [migrations.RunPython(begin_episodes, migrations.RunPython.noop)]
