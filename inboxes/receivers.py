"""What becomes of inboxes when something happens to people, or at their providers."""

from typing import Any

from django.dispatch import receiver

from inboxes.actions import disconnect_who_left
from inboxes.signals import inbox_removed, inbox_status_changed, push_lapsed
from inboxes.tasks import give_back_grants, keep_push_of
from users.models import User
from users.signals import person_deactivated


@receiver(person_deactivated)
def disconnect_their_inboxes(user_id: int, by_id: int | None, **kwargs: Any) -> None:
    by = User.objects.filter(pk=by_id).first()
    disconnect_who_left(person=User.objects.get(pk=user_id), by=by)


@receiver(inbox_status_changed)
@receiver(push_lapsed)
def have_news_pushed(inbox_id: int, **kwargs: Any) -> None:
    keep_push_of.delay(inbox_id=inbox_id)


@receiver(inbox_removed)
def have_access_given_back(inbox_id: int, **kwargs: Any) -> None:
    """The clock would do it within the minute; the person is looking at the page that says whether it worked."""
    give_back_grants.delay()
