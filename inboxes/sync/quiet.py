"""Most slices find nothing to do. They find that out with one statement."""

from django.db import connection

from inboxes.models import LedgerEntry, LedgerState, MarkedMail, MarkState
from inboxes.sync.intake import V
from inboxes.sync.slice import Slice

# Two queries of the ORM would take longer to put together than to answer.
WAITS = f"""
    SELECT EXISTS (SELECT FROM {MarkedMail._meta.db_table} WHERE inbox_id = %(inbox)s AND state <> '{MarkState.HELD}')
        OR EXISTS (
            SELECT FROM {LedgerEntry._meta.db_table}
            WHERE inbox_id = %(inbox)s AND state = '{LedgerState.RETRYING}' AND retry_at <= %(now)s
        )
"""  # noqa: S608 - the names of our own tables and states


def is_quiet(run: Slice[V]) -> bool:
    """Whether no folder has news, no mark was set or removed, and no message is due for another try."""
    if any(folder.remote_id not in run.unchanged for folder, _ in run.readable_folders):
        return False
    with connection.cursor() as cursor:
        cursor.execute(WAITS, {"inbox": run.inbox.pk, "now": run.clock()})
        (waits,) = cursor.fetchone()
    return not waits
