"""What becomes of inboxes when something happens to people."""

from typing import Any

from django.dispatch import receiver

from inboxes.actions import disconnect_who_left
from users.models import User
from users.signals import person_deactivated


@receiver(person_deactivated)
def disconnect_their_inboxes(user_id: int, by_id: int | None, **kwargs: Any) -> None:
    by = User.objects.filter(pk=by_id).first()
    disconnect_who_left(person=User.objects.get(pk=user_id), by=by)
