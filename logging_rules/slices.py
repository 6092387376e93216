"""One slice of work for one inbox, as workers and the command line do it."""

from dataclasses import replace
from typing import Any

from django.utils import timezone

from inboxes.sync.engine import Outcome, SliceReport, run_slice
from logging_rules.actions import finish_look_backs, settle_conversations
from logging_rules.intake import InboxIntake
from logging_rules.queries import waits_for_the_end


def sync_slice(*, inbox_id: int, worker: str, **options: Any) -> SliceReport:
    """Like `run_slice`; when all was read but a conversation is still open, there is more to do: the window once again.

    When nothing is left, those who asked to look back are told what was found.
    """
    report = run_slice(inbox_id=inbox_id, intake_for=InboxIntake, worker=worker, **options)
    clock = options.get("clock", timezone.now)
    if report.outcome is not Outcome.DONE or not waits_for_the_end(inbox_id):
        return report
    if settle_conversations(inbox_id=inbox_id, now=clock()):
        return replace(report, outcome=Outcome.MORE)
    finish_look_backs(inbox_id=inbox_id)
    return report
