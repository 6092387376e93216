"""A mailbox whose past is being read once more has been compared with what was handled before: that is not done before it was read."""

from typing import Any

from django.db import migrations
from django.db.models.functions import Coalesce


def note_past(apps: Any, schema_editor: Any) -> None:
    inboxes = apps.get_model("inboxes", "Inbox")._base_manager
    inboxes.update(past_read_at=Coalesce("backfill_done_at", "reconciled_at"))


class Migration(migrations.Migration):
    dependencies = [("inboxes", "0029_know_since_when_the_past_was_read")]

    operations = [migrations.RunPython(note_past, migrations.RunPython.noop)]
