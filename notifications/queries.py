"""What a person has been told."""

from dataclasses import dataclass

from django.db import connection

from notifications import kinds
from notifications.models import Notification, Preference
from notifications.topics import SUBJECTS, Topic, Wish
from users.keyset import Cursor
from users.models import User

PAGE = 30
BELL = 10
UNREAD_SHOWN = 99


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """Newest first; `older` is where the next page begins, None on the last one."""

    notifications: list[Notification]
    older: Cursor | None

    @property
    def newest_key(self) -> int:
        return max((notification.pk for notification in self.notifications), default=0)


def unread_count(user: User) -> int:
    """Counts no further than the bell can show, so that a long absence costs nothing. Written out, because every page shows it."""
    with connection.cursor() as cursor:
        cursor.execute(UNREAD, {"person": user.pk, "kinds": kinds.codes(), "counted": UNREAD_SHOWN + 1})
        return int(cursor.fetchone()[0])


UNREAD = """
    SELECT count(*) FROM (
        SELECT FROM notifications_notification
        WHERE recipient_id = %(person)s AND read_at IS NULL AND in_app AND kind = ANY (%(kinds)s)
        LIMIT %(counted)s
    ) unread
"""


def newest(user: User) -> list[Notification]:
    return list(Notification.objects.visible_to(user).in_app().newest_first()[:BELL])


def page(user: User, *, before: Cursor | None = None, only_unread: bool = False) -> NotificationPage:
    """The newest, or those before that place."""
    rows = Notification.objects.visible_to(user).in_app().newest_first()
    if only_unread:
        rows = rows.unread()
    if before:
        rows = rows.filter(before.older("created_at"))
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    return NotificationPage(shown, Cursor(shown[-1].created_at, shown[-1].pk) if len(found) > PAGE else None)


def people_told(episodes: str) -> list[User]:
    """Everybody who is still here and was told of any episode whose name begins so."""
    told = Notification.objects.filter(episode__startswith=episodes)
    return list(User.objects.active().filter(pk__in=told.values("recipient")))


def wishes_of(person: User) -> dict[Topic, Wish]:
    """How the person is told, topic by topic."""
    chosen = {row.topic: Wish(row.in_app, row.by_e_mail) for row in Preference.objects.filter(person=person)}
    return {topic: chosen.get(topic, Wish()) for topic in Topic}


def topics_for(person: User) -> list[Topic]:
    """Those that the person may be told of."""
    known = kinds.topics()
    return [topic for topic, subject in SUBJECTS.items() if topic in known and subject.is_for(person)]
