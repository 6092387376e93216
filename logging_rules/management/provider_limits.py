"""What keeps an inbox from asking its provider for more, in the answer of `manage.py inbox status`."""

from dataclasses import asdict
from typing import Any

from inboxes.models import Inbox, ProviderKind
from inboxes.pace import levels
from inboxes.pauses import shared_trouble


def provider_limits(inbox: Inbox) -> dict[str, Any]:
    """`provider_trouble` is what keeps every inbox at this provider from being read; `pace` how full each bucket of the quotas was."""
    health = shared_trouble(inbox)
    return {
        "no_calls_until": inbox.no_calls_until,
        "provider_trouble": {"cause": health.cause, "since": health.since, "until": health.until} if health else None,
        "pace": [asdict(level) for level in levels(ProviderKind(inbox.provider), inbox.pk)],
    }
