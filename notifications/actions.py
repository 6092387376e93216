"""Telling people, and remembering what they read."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from notifications import kinds
from notifications.models import Notification, NotificationQuerySet
from notifications.tasks import send_e_mails
from users.models import User

# ON CONFLICT makes the once-per-episode promise hold when two workers see the same trouble; RETURNING says who is told now.
INSERT = """
INSERT INTO notifications_notification (code, recipient_id, kind, context, url, episode)
SELECT gen_random_uuid(), person.id, %(kind)s, %(context)s, %(url)s, %(episode)s
  FROM users_user AS person
 WHERE person.id = ANY(%(people)s) AND person.is_active
    ON CONFLICT (recipient_id, episode) DO NOTHING
RETURNING id
"""


@transaction.atomic
def notify(*, recipients: Iterable[User], kind: str, context: Mapping[str, Any], url: str, episode: str) -> int:
    """Tells each active recipient once per `episode`; returns how many were told now.

    `episode` names one stretch of one trouble, say `inbox:17:needs_reconnect:2026-03-12T10:24Z`: the same call again tells nobody.
    `context` holds the kind's fields as JSON: ids, codes, times, names; never mail content. `url` is a path in the product.
    One query; e-mails go out after commit. Raises UnknownKind, ValueError.
    """
    if missing := kinds.kind(kind).fields - context.keys():
        raise kinds.UnknownKind(f"{kind} needs {', '.join(sorted(missing))}")
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError("url must be a path in the product")
    values: dict[str, str | list[int]] = {
        "kind": kind,
        "context": json.dumps(dict(context)),
        "url": url,
        "episode": episode,
        "people": [person.pk for person in recipients],
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        told = [row[0] for row in cursor.fetchall()]
    if told and kinds.kind(kind).by_e_mail:
        transaction.on_commit(lambda: send_e_mails.delay(notification_ids=told), robust=True)
    return len(told)


def mark_read(*, notification: Notification, by: User) -> None:
    _unread_of(by).filter(pk=notification.pk).update(read_at=timezone.now())


def mark_all_read(*, by: User, until: int | None = None) -> None:
    """`until` is the newest notification the person has seen: what came in meanwhile stays unread."""
    unread = _unread_of(by)
    (unread if until is None else unread.filter(pk__lte=until)).update(read_at=timezone.now())


def _unread_of(person: User) -> NotificationQuerySet:
    return Notification.objects.visible_to(person).unread()
