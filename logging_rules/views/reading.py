"""One step of reading a mailbox for the person who looks: fairly limited, and every trouble named."""

from collections.abc import Callable
from typing import TypeVar

from allauth.core.ratelimit import consume

from inboxes.causes import Cause, cause_of
from inboxes.connections import look_into
from inboxes.models import Inbox
from inboxes.providers.base import MailProvider, ProviderError
from users.http import SignedInRequest

T = TypeVar("T")


def read_step(
    request: SignedInRequest, inbox: Inbox, step: Callable[[MailProvider], T], *, limit: str = "read_mailbox"
) -> tuple[T | None, Cause | None]:
    """What the step found, or why it found nothing. `limit` names one of ACCOUNT_RATE_LIMITS."""
    if not consume(request, action=limit):
        return None, cause_of("rate_limited")
    try:
        with look_into(inbox) as provider:
            return step(provider), None
    except ProviderError as error:
        return None, cause_of(error.cause)
