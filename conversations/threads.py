"""One thread of a team inbox: its e-mails, each with why it stands on a timeline or on none."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet

from contacts.models import Contact, TimelineEntry
from conversations.models import ReadMark
from conversations.reasons import FilterCause, filter_cause, why_not_logged
from inboxes.models import Attachment, InboxMember, Message, TeamMail, TeamThread
from logging_rules.engine import Code
from users.keyset import Cursor
from users.models import User

MAILS_PER_PAGE = 40
TEXTS = ("body_text", "quoted_text", "body_html")


@dataclass(frozen=True, slots=True)
class Mail:
    """`is_open`: shown whole; the others are a line that opens. Only of open ones is the text loaded."""

    message: Message
    outgoing: bool
    received_at: datetime
    is_open: bool
    is_new: bool
    logged_for: list[Contact]
    filtered: FilterCause | None
    restored_by: User | None
    why_not: str
    is_from_stranger: bool


@dataclass(frozen=True, slots=True)
class ThreadMails:
    """Oldest first; `older` is where those begin that are not shown yet."""

    mails: list[Mail]
    older: Cursor | None


def mails_of(
    thread: TeamThread, user: User, *, opened: Collection[UUID] = (), before: Cursor | None = None
) -> ThreadMails:
    """The newest e-mails older than `before`: the last one, those unread and those `opened` whole. Eight queries at most."""
    rows = _rows(_lying_before(thread, before), user)
    shown = rows[:MAILS_PER_PAGE]
    read_until = _read_until(thread, user)
    new = {row.pk for row in shown if not row.outgoing and not row.filtered and row.received_at > read_until}
    whole = {row.pk for row in shown if row.pk in new or row.message.code in opened}
    if shown and before is None:
        whole.add(shown[0].pk)
    _load_texts([row.message for row in shown if row.pk in whole])
    logged_for = _timelines_of([row.message_id for row in shown], user)
    return ThreadMails(
        [_mail(row, logged_for[row.message_id], is_open=row.pk in whole, is_new=row.pk in new) for row in shown[::-1]],
        Cursor(shown[-1].received_at, shown[-1].pk) if len(rows) > len(shown) else None,
    )


def one_mail(thread: TeamThread, user: User, code: UUID) -> Mail | None:
    """One e-mail of the thread, whole."""
    rows = _rows(TeamMail.objects.filter(team_thread=thread, message__code=code), user)
    if not rows:
        return None
    _load_texts([rows[0].message])
    return _mail(rows[0], _timelines_of([rows[0].message_id], user)[rows[0].message_id], is_open=True, is_new=False)


def _lying_before(thread: TeamThread, before: Cursor | None) -> "QuerySet[TeamMail]":
    mails = TeamMail.objects.filter(team_thread=thread)
    if before:
        mails = mails.filter(before.older("received_at"))
    return mails


def _rows(mails: "QuerySet[TeamMail]", user: User) -> list[TeamMail]:
    headers = Message.objects.with_access(user).defer(*TEXTS, "defects", "participants")
    headers = headers.prefetch_related(Prefetch("attachments", Attachment.objects.order_by("position")))
    newest_first = mails.select_related("restored_by").order_by("-received_at", "-pk")
    return list(newest_first.prefetch_related(Prefetch("message", headers))[: MAILS_PER_PAGE + 1])


def _load_texts(messages: list[Message]) -> None:
    texts = Message.objects.only(*TEXTS).in_bulk([message.pk for message in messages])
    for message in messages:
        for name in TEXTS:
            setattr(message, name, getattr(texts[message.pk], name))


def _read_until(thread: TeamThread, user: User) -> datetime:
    member = InboxMember.objects.filter(inbox=thread.inbox_id, person=user).first()
    if member is None:  # since the thread was found
        raise PermissionDenied
    mark = ReadMark.objects.filter(team_thread=thread, member=member).first()
    return mark.read_until if mark else member.added_at


def _timelines_of(message_ids: list[int], user: User) -> dict[int, list[Contact]]:
    entries = TimelineEntry.objects.visible_to(user).filter(message__in=message_ids).select_related("contact")
    logged_for: dict[int, list[Contact]] = defaultdict(list)
    for entry in entries.defer("contact__search").order_by("pk"):
        if entry.message_id:
            logged_for[entry.message_id].append(entry.contact)
    return logged_for


def _mail(row: TeamMail, logged_for: list[Contact], *, is_open: bool, is_new: bool) -> Mail:
    return Mail(
        message=row.message,
        outgoing=row.outgoing,
        received_at=row.received_at,
        is_open=is_open,
        is_new=is_new,
        logged_for=logged_for,
        filtered=filter_cause(row.filtered) if row.filtered else None,
        restored_by=row.restored_by,
        why_not="" if logged_for else why_not_logged(row.code),
        is_from_stranger=not logged_for and not row.outgoing and row.code == Code.NO_KNOWN_CONTACT,
    )
