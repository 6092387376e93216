"""The two writes of signing in at a provider: it was begun, and its answer came back."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import CredentialKind, Inbox, InboxKind, ProviderKind, SignIn
from inboxes.oauth.grants import SignInRefused
from users.models import User

REMEMBERED_FOR = timedelta(days=1)
"""So long an answer that comes once more, or late, is told apart from one that was never asked for."""


@transaction.atomic
def remember_sign_in(
    *,
    kind: CredentialKind,
    provider: ProviderKind,
    state: str,
    session_key: str,
    kept: Mapping[str, Any],
    address: str,
    shared: bool,
    inbox_kind: InboxKind,
    inbox: Inbox | None,
    by: User,
    now: datetime,
) -> SignIn:
    """Forgets those that were begun long ago."""
    SignIn.objects.filter(begun_at__lt=now - REMEMBERED_FOR).delete()
    return SignIn.objects.create(
        person=by,
        session=_digest(session_key),
        state=_digest(state),
        kind=kind,
        provider=provider,
        address=address,
        shared=shared,
        inbox_kind=inbox_kind,
        inbox=inbox,
        kept=json.dumps(kept),
        begun_at=now,
    )


@transaction.atomic
def use_sign_in(
    *, kind: CredentialKind, state: str, session_key: str, by: User, now: datetime
) -> tuple[SignIn, dict[str, Any]]:
    """The sign-in that this answer belongs to, and what was kept for it; the second time there is nothing left.

    Raises `SignInRefused`: `sign_in_unknown` for everybody who has not begun it in this session, `sign_in_used`, `sign_in_expired`.
    """
    begun = SignIn.objects.visible_to(by).filter(state=_digest(state), session=_digest(session_key), kind=kind)
    try:
        sign_in = begun.select_for_update(of=("self",)).select_related("inbox").first()
    except (UnknownKey, InvalidToken):  # begun before the keys were changed
        raise SignInRefused("sign_in_expired") from None
    if sign_in is None:
        raise SignInRefused("sign_in_unknown")
    if sign_in.used_at is not None:
        raise SignInRefused("sign_in_used")
    if sign_in.is_over(now):
        raise SignInRefused("sign_in_expired")
    kept: dict[str, Any] = json.loads(sign_in.kept)
    sign_in.kept, sign_in.used_at = "", now
    sign_in.save(update_fields=["kept", "used_at"])
    return sign_in, kept


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
