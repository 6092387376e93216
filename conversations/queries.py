"""Reads of team inboxes as their members see them: how much is unread where, and which threads a view holds."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.http import urlencode

from contacts.queries import team_mail_matching
from conversations.models import ReadMark
from inboxes.models import Inbox, InboxKind, InboxMember, TeamThread, TeamThreadQuerySet
from users.keyset import Cursor
from users.models import User

THREADS_PER_PAGE = 50
UNREAD_SOUGHT_AMONG = 1000
"""The newest threads of an inbox: what stands on every page must not cost more the longer a team works."""
UNSEEN = ("newest__body_text", "newest__quoted_text", "newest__body_html", "newest__defects")


class View(StrEnum):
    """Parts of a team inbox. What is filtered is in no other."""

    ALL = "all"
    UNREAD = "unread"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class Search:
    """Which threads of one inbox are asked for."""

    inbox: Inbox
    view: View = View.ALL
    text: str = ""

    @property
    def query(self) -> str:
        """For the address of a page; empty for all threads."""
        asked = {"view": "" if self.view is View.ALL else self.view.value, "q": self.text}
        told = urlencode({name: value for name, value in asked.items() if value})
        return f"?{told}" if told else ""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Threads newest first, and where the older ones begin; None when these are the last."""

    threads: list[TeamThread]
    older: Cursor | None


@dataclass(frozen=True, slots=True)
class TeamNews:
    """How many team inboxes a person reads, and how many threads in them are unread."""

    inboxes: int
    unread: int


@dataclass(frozen=True, slots=True)
class TeamInbox:
    """An inbox that a person reads, with how many of its newest 1,000 threads they have not read and when the newest of its list came;
    or that they only manage, with how many people read it."""

    inbox: Inbox
    unread: int = 0
    newest_at: datetime | None = None
    readers: int = 0

    @property
    def seen(self) -> str:
        """What a form says of the list as it is drawn now, so that what comes in later is not marked as read."""
        return str(Cursor(self.newest_at, 0)) if self.newest_at else ""


def team_inboxes(user: User) -> list[TeamInbox]:
    """Those the person is a member of, by name. One query."""
    newest = _listed().filter(inbox=OuterRef("pk")).values("newest_at")[:1]
    read = Inbox.objects.read_by(user).filter(kind=InboxKind.TEAM)
    found = _by_name(read).annotate(unread=_unread_of_inbox(user), newest_at=Subquery(newest))
    return [TeamInbox(inbox, unread=inbox.unread, newest_at=inbox.newest_at) for inbox in found]


def news_of(teams: Collection[TeamInbox]) -> TeamNews:
    return TeamNews(inboxes=len(teams), unread=sum(team.unread for team in teams))


def news_for(user: User) -> TeamNews:
    """As `news_of(team_inboxes(user))`. Written out, because every page shows it."""
    with connection.cursor() as cursor:
        cursor.execute(NEWS_FOR, {"person": user.pk, "sought_among": UNREAD_SOUGHT_AMONG})
        inboxes, unread = cursor.fetchone()
    return TeamNews(inboxes, unread)


NEWS_FOR = """
    SELECT count(*), coalesce(sum(threads.unread), 0)::int
    FROM inboxes_inboxmember member
    JOIN inboxes_inbox inbox ON inbox.id = member.inbox_id AND inbox.kind = 'team' AND inbox.removed_at IS NULL
    CROSS JOIN LATERAL (
        SELECT count(*) AS unread
        FROM (
            SELECT id, newest_incoming_at FROM inboxes_teamthread
            WHERE inbox_id = member.inbox_id AND filtered = ''
            ORDER BY newest_at DESC, id DESC LIMIT %(sought_among)s
        ) newest
        LEFT JOIN conversations_readmark mark ON mark.team_thread_id = newest.id AND mark.member_id = member.id
        WHERE newest.newest_incoming_at > coalesce(mark.read_until, member.added_at)
    ) threads
    WHERE member.person_id = %(person)s
"""


def _unread_of_inbox(user: User) -> Coalesce:
    newest = TeamThread.objects.filter(pk__in=_newest_of(OuterRef(OuterRef("pk"))))
    return _counted(unread(newest, user))


def _listed() -> TeamThreadQuerySet:
    return TeamThread.objects.filter(filtered="").order_by("-newest_at", "-pk")


def _newest_of(inbox: Inbox | OuterRef) -> "QuerySet[TeamThread, int]":
    """The keys of those among which unread ones are sought."""
    return _listed().filter(inbox=inbox).values_list("pk", flat=True)[:UNREAD_SOUGHT_AMONG]


def leaves_out_older(search: Search) -> bool:
    """Whether the inbox has threads that are too old for the view to look through. At most one query."""
    listed = _listed().filter(inbox=search.inbox)
    return search.view is View.UNREAD and listed[UNREAD_SOUGHT_AMONG : UNREAD_SOUGHT_AMONG + 1].exists()


def closed_inboxes(user: User) -> list[TeamInbox]:
    """Those the person manages and is no member of. One query."""
    managed = Inbox.objects.decided_by(user).filter(kind=InboxKind.TEAM).exclude(pk__in=Inbox.objects.read_by(user))
    found = _by_name(managed).annotate(readers=_counted(InboxMember.objects.filter(person__is_active=True)))
    return [TeamInbox(inbox, readers=inbox.readers) for inbox in found]


def _by_name(inboxes: "QuerySet[Inbox]") -> "QuerySet[Inbox]":
    return inboxes.order_by("name", "address")


def unread(threads: TeamThreadQuerySet, user: User) -> TeamThreadQuerySet:
    """Those in which mail came in that the person has not read. What was received before they joined counts as read."""
    marks = ReadMark.objects.filter(team_thread=OuterRef("pk"), member__person=user)
    joined = InboxMember.objects.filter(inbox=OuterRef("inbox"), person=user)
    read_until = Coalesce(Subquery(marks.values("read_until")[:1]), Subquery(joined.values("added_at")[:1]))
    return threads.filter(filtered="", newest_incoming_at__gt=read_until)


def unread_among(threads: Iterable[TeamThread], user: User) -> set[int]:
    """Their keys. One query."""
    among = TeamThread.objects.visible_to(user).filter(pk__in=[thread.pk for thread in threads])
    return set(unread(among, user).values_list("pk", flat=True))


def thread_page(search: Search, user: User, *, before: Cursor | None = None) -> ThreadPage:
    """The newest threads older than `before`. One query."""
    found = threads_of(search, user).filter(before.older("newest_at")) if before else threads_of(search, user)
    newest_first = found.order_by("-newest_at", "-pk").select_related("newest").defer(*UNSEEN)
    threads = list(newest_first[: THREADS_PER_PAGE + 1])
    shown = threads[:THREADS_PER_PAGE]
    return ThreadPage(shown, place_of(shown[-1]) if len(threads) > len(shown) else None)


def threads_of(search: Search, user: User) -> TeamThreadQuerySet:
    threads = TeamThread.objects.visible_to(user).filter(inbox=search.inbox)
    threads = threads.exclude(filtered="") if search.view is View.FILTERED else threads.filter(filtered="")
    if search.view is View.UNREAD:
        threads = unread(threads.filter(pk__in=_newest_of(search.inbox)), user)
    return _holding(threads, search.text) if search.text else threads


def neighbours(thread: TeamThread, search: Search, user: User) -> tuple[TeamThread | None, TeamThread | None]:
    """The threads of the list before and after this one: the next newer, the next older. Two queries."""
    place, threads = place_of(thread), threads_of(search, user)
    return (
        threads.filter(place.newer("newest_at")).order_by("newest_at", "pk").first(),
        threads.filter(place.older("newest_at")).order_by("-newest_at", "-pk").first(),
    )


def place_of(thread: TeamThread) -> Cursor:
    return Cursor(thread.newest_at, thread.pk)


def _holding(threads: TeamThreadQuerySet, text: str) -> TeamThreadQuerySet:
    """Those with an e-mail that has every word of the text in its subject, sender or recipients."""
    return threads.filter(Exists(team_mail_matching(text).filter(team_thread=OuterRef("pk"))))


def _counted(rows: "QuerySet[Any]") -> Coalesce:
    """How many of the rows belong to the inbox at hand."""
    of_inbox = rows.filter(inbox=OuterRef("pk")).order_by().values("inbox").annotate(number=Count("pk"))
    return Coalesce(Subquery(of_inbox.values("number"), output_field=IntegerField()), 0)
