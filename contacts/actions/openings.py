"""The record of who opened restricted e-mails."""

from datetime import datetime, timedelta

from inboxes.models import Message, OpenedPart, Opening
from users.models import User

SAME_OPENING = timedelta(minutes=10)
"""A page with its body and its reloads are one opening."""


def record_opening(*, message: Message, part: OpenedPart, by: User, now: datetime) -> None:
    """Records that `by` opens a restricted e-mail of somebody else. Does nothing for mail that is theirs or open to everyone."""
    seen = Message.objects.with_access(by).only("pk").filter(pk=message.pk).first()
    if seen is None or seen.is_shown:
        return
    lately = Opening.objects.filter(message=message, person=by, part=part, opened_at__gt=now - SAME_OPENING)
    if not lately.exists():
        Opening.objects.create(message=message, person=by, part=part, opened_at=now)
