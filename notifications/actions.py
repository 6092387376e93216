"""Telling people, and remembering what they read."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications import kinds
from notifications.models import Notification, NotificationQuerySet, Preference
from notifications.queries import wishes_of
from notifications.tasks import send_e_mails
from notifications.topics import ALWAYS_TOLD, MUST_REACH_SOMEBODY, Topic, Wish
from users.models import Role, User
from users.signals import security_event

# ON CONFLICT makes the once-per-episode promise hold when two workers see the same trouble; RETURNING says who is told now.
INSERT = """
WITH person AS (
    SELECT users_user.id, users_user.role,
           coalesce(wish.in_app, TRUE) AS in_app,
           coalesce(wish.by_e_mail, TRUE) AND %(by_e_mail)s AS by_e_mail
      FROM users_user
      LEFT JOIN notifications_preference AS wish ON wish.person_id = users_user.id AND wish.topic = %(topic)s
     WHERE users_user.id = ANY(%(people)s) AND users_user.is_active
), told AS (
    SELECT id, by_e_mail,
           in_app OR %(must_reach)s AND role = %(super_admin)s AND NOT bool_or(in_app OR by_e_mail) OVER () AS in_app
      FROM person
)
INSERT INTO notifications_notification (code, recipient_id, kind, context, url, episode, in_app, by_e_mail)
SELECT gen_random_uuid(), id, %(kind)s, %(context)s, %(url)s, %(episode)s, in_app, by_e_mail
  FROM told
 WHERE in_app OR by_e_mail
    ON CONFLICT (recipient_id, episode) DO NOTHING
RETURNING id, by_e_mail
"""


@transaction.atomic
def notify(*, recipients: Iterable[User], kind: str, context: Mapping[str, Any], url: str, episode: str) -> int:
    """Tells each active recipient once per `episode`, as they want to be told of its topic; returns how many were told now.

    `episode` names one stretch of one trouble, say `inbox:17:needs_reconnect:2026-03-12T10:24Z`: the same call again tells nobody.
    `context` holds the kind's fields as JSON: ids, codes, times, names; never mail content. `url` is a path in the product.
    One query; e-mails go out after commit. Raises UnknownKind, ValueError.
    """
    known = kinds.kind(kind)
    if missing := known.fields - context.keys():
        raise kinds.UnknownKind(f"{kind} needs {', '.join(sorted(missing))}")
    if not url.startswith("/") or url.startswith("//"):
        raise ValueError("url must be a path in the product")
    values: dict[str, str | bool | list[int]] = {
        "kind": kind,
        "topic": known.topic,
        "by_e_mail": known.by_e_mail,
        "must_reach": known.topic in MUST_REACH_SOMEBODY,
        "super_admin": Role.SUPER_ADMIN,
        "context": json.dumps(dict(context)),
        "url": url,
        "episode": episode,
        "people": [person.pk for person in recipients],
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        told = cursor.fetchall()
    if to_e_mail := [key for key, by_e_mail in told if by_e_mail]:
        transaction.on_commit(lambda: send_e_mails.delay(notification_ids=to_e_mail), robust=True)
    return len(told)


@transaction.atomic
def prefer(*, person: User, wishes: Mapping[Topic, Wish], by: User | None) -> None:
    """Topics that are not among `wishes` stay as they are. `by` None is the system (a command).

    Raises PermissionDenied for anybody but the person, and ValidationError for a topic that cannot be switched off.
    """
    if by is not None and by != person:
        raise PermissionDenied
    if ALWAYS_TOLD & wishes.keys():
        raise ValidationError(_("Security notices cannot be switched off."), code="always_told")
    User.objects.select_for_update().get(pk=person.pk)
    before = wishes_of(person)
    changed = {topic: wish for topic, wish in wishes.items() if wish != before[topic]}
    if not changed:
        return
    Preference.objects.bulk_create(
        [Preference(person=person, topic=topic, **asdict(wish)) for topic, wish in changed.items()],
        update_conflicts=True,
        unique_fields=["person", "topic"],
        update_fields=["in_app", "by_e_mail"],
    )
    details = {str(topic): asdict(wish) for topic, wish in changed.items()}
    security_event.send(
        sender=User, by=by, action="person.notifications_chosen", target=person, details={"topics": details}
    )


def mark_read(*, notification: Notification, by: User) -> None:
    _unread_of(by).filter(pk=notification.pk).update(read_at=timezone.now())


def mark_all_read(*, by: User, until: int | None = None) -> None:
    """`until` is the newest notification the person has seen: what came in meanwhile stays unread."""
    unread = _unread_of(by)
    (unread if until is None else unread.filter(pk__lte=until)).update(read_at=timezone.now())


def _unread_of(person: User) -> NotificationQuerySet:
    return Notification.objects.visible_to(person).unread()
