"""The e-mail beside the bell: claimed in the database, then sent, so that no notice goes out twice."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from smtplib import SMTPException
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from notifications import kinds
from notifications.models import Notification
from notifications.topics import ALWAYS_TOLD, SUBJECTS
from users.middleware import zone_named

LATE = timedelta(minutes=2)
TOO_OLD = timedelta(days=1)
BATCH = 100

log = structlog.get_logger(__name__)


def late_ids() -> list[int]:
    """Notices of the last day that should have left the house by now."""
    now = timezone.now()
    late = Q(created_at__lt=now - LATE, created_at__gt=now - TOO_OLD)
    unsent = Notification.objects.filter(late, by_e_mail=True, e_mailed_at=None, kind__in=kinds.codes())
    return list(unsent.order_by("id").values_list("id", flat=True)[:BATCH])


def send(notification_ids: Sequence[int]) -> None:
    """A claim is given back when the mail server refuses, and `late_ids` finds it again. A crash after a claim loses that one
    e-mail, never the notice in the product; so does a notice that cannot be written.
    """
    connection = get_connection()
    for notification in _unsent(notification_ids):
        if Notification.objects.filter(pk=notification.pk, e_mailed_at=None).update(e_mailed_at=timezone.now()):
            _send_or_give_back(notification, connection)


def _unsent(notification_ids: Sequence[int]) -> Iterable[Notification]:
    return Notification.objects.filter(
        pk__in=notification_ids, by_e_mail=True, e_mailed_at=None, recipient__is_active=True
    ).select_related("recipient")


def _send_or_give_back(notification: Notification, connection: BaseEmailBackend) -> None:
    try:
        message(notification, connection).send()
    except (SMTPException, OSError):
        Notification.objects.filter(pk=notification.pk).update(e_mailed_at=None)
        log.warning("notification_e_mail_failed", notification_id=notification.pk, exc_info=True)
    except Exception:  # one that cannot be written must not keep the others; it stands in the product
        log.error("notification_e_mail_broken", notification_id=notification.pk, exc_info=True)


def message(notification: Notification, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
    """In the recipient's language and time zone."""
    person = notification.recipient
    with translation.override(person.language), timezone.override(zone_named(person.time_zone)):
        notice, topic = notification.notice, kinds.kind(notification.kind).topic
        context = {
            "notice": notice,
            "topic": SUBJECTS[topic].label,
            "is_fixed": topic in ALWAYS_TOLD,
            "link": urljoin(settings.BASE_URL, reverse("notifications:open", args=[notification.code])),
            "preferences_link": urljoin(settings.BASE_URL, reverse("notifications:preferences")),
        }
        mail = EmailMultiAlternatives(
            subject=" ".join(notice.title.split()),
            body=render_to_string("notifications/email/notice.txt", context),
            to=[person.email],
            headers={"Auto-Submitted": "auto-generated"},
            connection=connection,
        )
        mail.attach_alternative(render_to_string("notifications/email/notice.html", context), "text/html")
    return mail
