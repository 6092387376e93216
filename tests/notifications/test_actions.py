"""Telling people once, in their language, here and by e-mail."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
import time_machine
from celery import Task
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from kombu.exceptions import OperationalError

from notifications import actions, kinds
from notifications.mail import late_ids, send
from notifications.models import Notification
from tests.factories.users import UserFactory
from users.models import User


def tell(*recipients: User, **changes: Any) -> int:
    given = {
        "kind": "role_changed",
        "context": {"role": "member", "account_access": False, "by": "Ada"},
        "url": "/profile/",
        "episode": "one",
    }
    return actions.notify(recipients=recipients, **(given | changes))


def test_each_recipient_is_told_once_per_episode(alice: User, bob: User):
    assert [tell(alice), tell(alice, bob), tell(alice, bob)] == [1, 1, 0]
    assert Notification.objects.count() == 2


def test_the_next_episode_is_told_again(alice: User):
    assert [tell(alice, episode="one"), tell(alice, episode="two")] == [1, 1]


def test_people_who_left_are_not_told(charlie: User):
    assert tell(charlie) == 0


def test_telling_fifty_people_costs_one_query(db: None):
    people = UserFactory.create_batch(50)
    with CaptureQueriesContext(connection) as queries:
        told = tell(*people)
    assert (told, len([q for q in queries if "INSERT" in q["sql"]]), len(queries)) == (50, 1, 3)  # savepoint around it


def test_an_unknown_kind_or_an_incomplete_context_is_a_mistake_of_the_caller(alice: User):
    with pytest.raises(kinds.UnknownKind, match="sunset"):
        tell(alice, kind="sunset")
    with pytest.raises(kinds.UnknownKind, match="role_changed needs account_access, by"):
        tell(alice, context={"role": "member"})
    assert not Notification.objects.exists()


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "profile/"])
def test_a_notice_points_into_the_product_only(alice: User, url: str):
    with pytest.raises(ValueError, match="path in the product"):
        tell(alice, url=url)


def test_words_follow_the_reader_s_language(alice: User):
    tell(alice)
    notification = Notification.objects.get()
    with translation.override("ja"):
        assert "メンバー" in notification.notice.title
    assert notification.notice.title == "Your role is now: Member, without account access"


def test_the_e_mail_is_sent_after_commit_by_ids(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
):
    queued: list[list[int]] = []
    monkeypatch.setattr(Task, "apply_async", lambda _, args, kwargs: queued.append(kwargs["notification_ids"]))
    with django_capture_on_commit_callbacks(execute=True):
        tell(alice, bob)
        tell(alice, bob)
        assert queued == []
    ids = sorted(Notification.objects.values_list("pk", flat=True))
    assert list(map(sorted, queued)) == [ids]


def test_the_e_mail_is_in_the_recipients_language_with_a_link_back(alice: User):
    User.objects.filter(pk=alice.pk).update(language="ja")
    tell(alice)
    notification = Notification.objects.get()
    send([notification.pk])
    [message] = mail.outbox
    assert (message.to, message.subject) == (
        [alice.email],
        "あなたの役割が変わりました：一般メンバー（アカウントアクセスなし）",
    )
    assert f"{settings.BASE_URL}/notifications/{notification.code}/" in message.body
    assert message.alternatives[0].mimetype == "text/html"


def test_an_e_mail_is_sent_once_however_often_its_task_runs(alice: User):
    tell(alice)
    ids = list(Notification.objects.values_list("pk", flat=True))
    send(ids)
    send(ids)
    assert len(mail.outbox) == 1


class RefusingBackend:
    """Stands where a mail server would, which hangs up on everybody."""

    def __init__(self, **kwargs: Any) -> None:
        pass

    def send_messages(self, messages: list[Any]) -> int:
        raise SMTPServerDisconnected("451 not now, bob@private.example")


def test_an_e_mail_the_server_refused_is_found_again_later(alice: User, settings):
    with time_machine.travel(timezone.now() - timedelta(minutes=10)):
        tell(alice)
    Notification.objects.update(created_at=timezone.now() - timedelta(minutes=10))
    ids = list(Notification.objects.values_list("pk", flat=True))
    settings.EMAIL_BACKEND = f"{__name__}.RefusingBackend"
    send(ids)
    assert late_ids() == ids
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send(late_ids())
    assert (len(mail.outbox), late_ids()) == (1, [])


def test_a_notice_that_cannot_be_written_keeps_no_other_from_being_sent(alice: User, bob: User):
    tell(alice, bob)
    broken, whole = Notification.objects.order_by("pk")
    Notification.objects.filter(pk=broken.pk).update(kind="of another version")

    send([broken.pk, whole.pk])

    assert [message.to for message in mail.outbox] == [[whole.recipient.email]]
    assert Notification.objects.count() == 2


def test_notices_that_are_new_sent_or_old_are_not_late(alice: User):
    for name in ("new", "sent", "old"):
        tell(alice, episode=name)
    now = timezone.now()
    Notification.objects.filter(episode="sent").update(created_at=now - timedelta(minutes=10), e_mailed_at=now)
    Notification.objects.filter(episode="old").update(created_at=now - timedelta(days=2))
    assert late_ids() == []


def test_a_kind_of_a_newer_version_is_passed_over(alice: User):
    tell(alice)
    Notification.objects.update(kind="from_the_future")
    assert list(Notification.objects.visible_to(alice)) == []


def test_reading_all_leaves_what_came_in_meanwhile(alice: User, bob: User):
    tell(alice, bob, episode="seen")
    seen = Notification.objects.get(recipient=alice)
    tell(alice, episode="later")
    actions.mark_all_read(by=alice, until=seen.pk)
    unread = list(Notification.objects.unread().values_list("recipient__name", "episode"))
    assert sorted(unread) == [("Alice Mori", "later"), ("Bob Tanaka", "seen")]


def test_nobody_marks_another_persons_notice_as_read(alice: User, bob: User):
    tell(alice)
    actions.mark_read(notification=Notification.objects.get(), by=bob)
    assert Notification.objects.get().is_unread


def test_a_broker_that_is_away_undoes_nothing_and_the_e_mail_goes_out_late(
    alice: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
):
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("nobody answers")

    monkeypatch.setattr(Task, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        assert tell(alice) == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert late_ids() == [Notification.objects.get().pk]


def test_an_e_mail_is_sent_although_the_persons_time_zone_was_renamed(alice: User):
    User.objects.filter(pk=alice.pk).update(time_zone="Europe/Renamed")
    tell(alice)

    send([Notification.objects.get().pk])

    assert [message.to for message in mail.outbox] == [[alice.email]]
