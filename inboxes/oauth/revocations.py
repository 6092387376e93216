"""What becomes of access that is given back, for the people whose it was. Call each function inside a transaction that does it."""

from datetime import datetime

from django.db.models import F, QuerySet
from django.utils import timezone

from inboxes.models import AccessPlace, Credential, Revocation, RevocationState, WithdrawnGrant
from inboxes.oauth.accesses import place_of
from inboxes.revocation_notices import tell_of_revocation


def begin(credential: Credential) -> Revocation:
    """Only Google can be asked; everywhere else the person does it, and is shown how."""
    place = place_of(credential)
    is_asked = place == AccessPlace.GOOGLE
    return Revocation.objects.create(
        inbox=credential.inbox,
        place=place,
        account=credential.signed_in_as or credential.inbox.address,
        state=RevocationState.TRYING if is_asked else RevocationState.NOT_OFFERED,
        settled_at=None if is_asked else timezone.now(),
    )


def note_failure(revocation: Revocation | None, *, cause: str) -> None:
    if revocation is not None:
        Revocation.objects.filter(pk=revocation.pk).update(tries=F("tries") + 1, cause=cause)


def settle(revocation: Revocation | None, state: RevocationState, *, now: datetime) -> None:
    """Tells people of it if they have seen it fail, or if it is left to them."""
    if revocation is None or revocation.settled_at is not None:
        return
    revocation.state, revocation.settled_at = state, now
    revocation.save(update_fields=["state", "settled_at"])
    if revocation.tries or state == RevocationState.GIVEN_UP:
        tell_of_revocation(revocation)


def leave_in_use(withdrawn: QuerySet[WithdrawnGrant]) -> None:
    """Their account was connected again: what was given then is the same access."""
    waiting = Revocation.objects.filter(withdrawn_grant__in=withdrawn, settled_at=None)
    waiting.update(state=RevocationState.IN_USE, settled_at=timezone.now())
