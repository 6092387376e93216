"""Making a change whose dry run was looked at, from now on or for the past as well."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError, transaction

from inboxes.models import SYNCING_STATUSES, Inbox
from logging_rules import notices
from logging_rules.actions.never_log import add_never_log_entry, edit_never_log_entry, remove_never_log_entry
from logging_rules.actions.past import apply_to_past
from logging_rules.actions.settings import set_inbox_policy, set_person_policy, set_workspace_policy
from logging_rules.actions.unlogging import unlog
from logging_rules.actions.widening import is_wider
from logging_rules.changes import Change, Entry
from logging_rules.facts import Level, NeverLogScope
from logging_rules.in_force import typed
from logging_rules.models import NeverLogEntry, PastChange, Unlogging
from logging_rules.reconsidering import Worlds, reconsider
from logging_rules.rules import Rules, rules_of
from logging_rules.signals import past_change_asked
from logging_rules.unlogging import Selection
from users.models import User
from users.signals import send_on_commit

logger = structlog.get_logger(__name__)


@transaction.atomic
def apply_change(
    *,
    change: Change,
    inboxes: Sequence[Inbox],
    by: User,
    now: datetime,
    since: datetime | None = None,
    past: bool = False,
) -> None:
    """Makes the change unless it is made already. With `past`, it holds for mail of the person's own `inboxes` back to `since` too.

    What is to be logged is found by reading the mailboxes again, what no longer is by a worker; it can be undone for seven days.
    """
    rules = {inbox: rules_of(inbox) for inbox in inboxes}
    _make(change, by=by)
    for inbox in inboxes if past else ():
        back = change.taken_back_from(rules[inbox], to_wider=True)
        asked = PastChange.objects.create(inbox=inbox, asked_by=by, asked_at=now, since=since, back=back.as_row())
        send_on_commit(past_change_asked, past_change_id=asked.pk)
        if inbox.status in SYNCING_STATUSES and _may_log_more(change, rules[inbox]):
            apply_to_past(inbox=inbox, by=by, now=now, since=since)


def _may_log_more(change: Change, rules: Rules) -> bool:
    worlds = Worlds.of(change, rules)
    entries_go = bool(change.unlisted or any(entry.scope is NeverLogScope.ADDRESS_ONLY for entry in change.listed))
    return entries_go or is_wider(worlds.after.policy, worlds.narrower.policy)


def _make(change: Change, *, by: User) -> None:
    values: dict[str, Any] = {name: typed(name, value) for name, value in change.settings}
    if change.level is Level.INBOX and values:
        inbox = Inbox.objects.decided_by(by).filter(code=change.inbox_code).first()
        if inbox is None:
            raise PermissionDenied
        set_inbox_policy(inbox=inbox, by=by, **values)
    elif change.level is Level.PERSON and values:
        set_person_policy(person=by, by=by, **values)
    elif values:
        set_workspace_policy(by=by, **values)
    owner = by if change.level is Level.PERSON else None
    for entry in change.listed:
        _list(entry, owner=owner, by=by)
    for entry in change.unlisted:
        for row in NeverLogEntry.objects.filter(owner=owner, kind=entry.kind, value=entry.value):
            remove_never_log_entry(entry=row, by=by)


def _list(entry: Entry, *, owner: User | None, by: User) -> None:
    row = NeverLogEntry.objects.filter(owner=owner, kind=entry.kind, value=entry.value).first()
    if row is None:
        # Whoever has seen what it would do is certain.
        add_never_log_entry(
            text=entry.text, owner=owner, by=by, scope=entry.scope, covers_team=entry.covers_team, certain=True
        )
    elif row.scope != entry.scope:
        edit_never_log_entry(entry=row, scope=entry.scope, note=row.note, covers_team=row.covers_team, by=by)


def finish_past_changes(*, now: datetime) -> None:
    """Takes what the rules of today no longer log off the log, for everything that was asked for. Idempotent.

    One that cannot be finished is left to the next time.
    """
    for asked in PastChange.objects.select_related("inbox__owner", "asked_by").order_by("pk"):
        try:
            finish_past_change(asked=asked, now=now)
        except (OperationalError, InterfaceError):
            raise  # the database, not this one
        except Exception:  # whatever is wrong with it, the others wait for theirs
            logger.error("past_change_not_finished", past_change_id=asked.pk, exc_info=True)


def finish_past_change(*, asked: PastChange, now: datetime) -> None:
    """What is to go is found first, outside any transaction; then all of it goes at once."""
    inbox, rules, back = asked.inbox, rules_of(asked.inbox), Change.from_row(asked.back)
    message_ids = _taken(inbox, back.apply_to(rules), rules, asked.since)
    with transaction.atomic():
        locked = PastChange.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=asked.pk)
        if not locked.exists():
            return
        unlogging = _unlog(asked, message_ids, now) if message_ids else None
        notices.tell_of_past_change(asked, unlogging)
        asked.delete()


def _taken(inbox: Inbox, before: Rules, after: Rules, since: datetime | None) -> list[int]:
    taken: list[int] = []
    up_to: int | None = 0
    while up_to is not None:
        part = reconsider(inbox, before=before, after=after, since=since, after_thread=up_to)
        taken += [verdict.sighting.message_id for verdict in part.verdicts if verdict.is_taken]
        up_to = part.up_to
    return taken


def _unlog(asked: PastChange, message_ids: list[int], now: datetime) -> Unlogging | None:
    selection = Selection(inbox=asked.inbox, message_ids=message_ids)
    try:
        return unlog(selection=selection, by=asked.asked_by, now=now, by_rules=True)
    except PermissionDenied:
        logger.warning("past_change_no_longer_allowed", inbox_id=asked.inbox_id, user_id=asked.asked_by_id)
        return None
