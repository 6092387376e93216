"""What happened to people, for the apps above.

`security_event` is sent inside the transaction of the change, so that the audit log holds it or the change does not happen. The
others are sent on commit and carry ids only.
"""

from typing import Any

from django.db import transaction
from django.dispatch import Signal

security_event = Signal()  # by: User | None, action: str, target: Model, details: dict of ids, codes and settings
invitation_accepted = Signal()  # invitation_id
role_changed = Signal()  # user_id, by_id (None: the system)
person_deactivated = Signal()  # user_id, by_id (None: the system)


def send_on_commit(signal: Signal, **ids: Any) -> None:
    """Tells every receiver once the change is kept. One that fails is logged, and stops neither the others nor who made the change."""
    transaction.on_commit(lambda: signal.send_robust(sender=None, **ids))
