"""The never-log lists: the workspace's and each person's own."""

from collections.abc import Collection, Sequence

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.models import Inbox, InboxKind
from logging_rules.actions.widening import note_widening
from logging_rules.facts import NeverLogKind, NeverLogScope
from logging_rules.models import NeverLogEntry, WorkspacePolicy
from logging_rules.never_log import DOUBTS, OWN, Target, judge, parse_target
from logging_rules.never_log_lines import Line, LineResult, Outcome, Wanted, understand
from logging_rules.queries import addresses_of, everybody_inside
from users.models import User

LONGEST_LIST = 10_000
"""Entries on one list: all of them are read for every page of every mailbox."""


@transaction.atomic
def add_never_log_entry(
    *,
    text: str,
    by: User,
    owner: User | None,
    scope: NeverLogScope = NeverLogScope.WHOLE_MESSAGE,
    note: str = "",
    covers_team: bool = False,
    certain: bool = False,
) -> NeverLogEntry:
    """To a person's own list, or without `owner` to the workspace's (super admins). `text` as `parse_target` reads it.

    What hardly anybody means (`never_log.DOUBTS`) is refused unless `certain`. `covers_team` counts on the workspace's list only.
    """
    _refuse_other_lists(owner, by)
    target = parse_target(text)
    judge(target, own=_own_addresses(owner), colleagues=everybody_inside(), certain=certain)
    _refuse_full_list(owner, adding=1)
    entry, created = NeverLogEntry.objects.get_or_create(
        owner=owner,
        kind=target.kind,
        value=target.value,
        defaults={
            "scope": scope,
            "note": note.strip(),
            "covers_team": covers_team and owner is None,
            "created_by": by,
        },
    )
    if not created:
        raise ValidationError(_("This is on the list already."), code="already_listed")
    _record(entry, "added", by=by)
    return entry


@transaction.atomic
def add_never_log_lines(
    *, lines: Sequence[Line], by: User, owner: User | None, covers_team: bool = False, certain: bool = False
) -> list[LineResult]:
    """Adds every line that can be added and says what became of each. A constant number of queries.

    `covers_team` is for lines that say nothing about it. Raises ValidationError, and adds none, when the list would become too long.
    """
    _refuse_other_lists(owner, by)
    rows = NeverLogEntry.objects.filter(owner=owner).values_list("kind", "value")
    listed = {Target(NeverLogKind(kind), value) for kind, value in rows}
    own, colleagues = _own_addresses(owner), everybody_inside()
    results, entries = [], []
    for line in lines:
        try:
            wanted = understand(line)
            judge(wanted.target, own=own, colleagues=colleagues, certain=certain)
        except ValidationError as problem:
            results.append(LineResult(line, _outcome_of(problem), problem.messages[0]))
            continue
        if wanted.target in listed:
            results.append(LineResult(line, Outcome.ALREADY_THERE))
            continue
        listed.add(wanted.target)
        entries.append(_entry(wanted, owner=owner, by=by, covers_team=covers_team))
        results.append(LineResult(line, Outcome.ADDED))
    _refuse_full_list(owner, adding=len(entries))
    # Whoever adds the same at the same moment wants the same.
    NeverLogEntry.objects.bulk_create(entries, ignore_conflicts=True)
    details = {"added": len(entries), "personal": owner is not None}
    record(
        by=by, action="logging.never_log_imported", target=owner or WorkspacePolicy.objects.current(), details=details
    )
    return results


def _outcome_of(problem: ValidationError) -> Outcome:
    if problem.code in DOUBTS:
        return Outcome.UNSURE
    return Outcome.REFUSED if problem.code in OWN else Outcome.NOT_UNDERSTOOD


def _entry(wanted: Wanted, *, owner: User | None, by: User, covers_team: bool) -> NeverLogEntry:
    covered = covers_team if wanted.covers_team is None else wanted.covers_team
    return NeverLogEntry(
        owner=owner,
        kind=wanted.target.kind,
        value=wanted.target.value,
        scope=wanted.scope,
        note=wanted.note,
        covers_team=covered and owner is None,
        created_by=by,
    )


@transaction.atomic
def edit_never_log_entry(*, entry: NeverLogEntry, scope: NeverLogScope, note: str, covers_team: bool, by: User) -> None:
    """`covers_team` counts on the workspace's list only."""
    _refuse_other_lists(entry.owner, by)
    entry.scope, entry.note, entry.covers_team = scope, note.strip(), covers_team and entry.owner is None
    entry.save(update_fields=["scope", "note", "covers_team"])
    note_widening(_obeying(entry.owner))
    _record(entry, "edited", by=by)


@transaction.atomic
def remove_never_log_entry(*, entry: NeverLogEntry, by: User) -> None:
    _refuse_other_lists(entry.owner, by)
    _record(entry, "removed", by=by)
    note_widening(_obeying(entry.owner))
    entry.delete()


def _obeying(owner: User | None) -> Sequence[Inbox]:
    """The inboxes that the list of the owner, or of the workspace, holds for."""
    inboxes = Inbox.objects.filter(owner=owner, kind=InboxKind.PERSONAL) if owner else Inbox.objects.all()
    return list(inboxes)


def _record(entry: NeverLogEntry, what: str, *, by: User) -> None:
    """No address goes into the audit log, which everybody in charge can read and nobody can erase."""
    details = {"kind": entry.kind, "scope": entry.scope, "personal": entry.owner is not None}
    record(by=by, action=f"logging.never_log_{what}", target=entry, details=details | {"team": entry.covers_team})


def _own_addresses(owner: User | None) -> Collection[str]:
    return addresses_of(owner) if owner else ()


def _refuse_full_list(owner: User | None, *, adding: int) -> None:
    if adding and NeverLogEntry.objects.filter(owner=owner).count() + adding > LONGEST_LIST:
        raise ValidationError(
            _("A list holds at most %(most)d entries. Use entries for whole domains instead.") % {"most": LONGEST_LIST},
            code="list_full",
        )


def _refuse_other_lists(owner: User | None, by: User) -> None:
    if not (by.is_super_admin if owner is None else by.is_active and by == owner):
        raise PermissionDenied
