"""The access token of an inbox, renewed by one worker at a time."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import Credential, CredentialKind
from inboxes.oauth.clients import oauth_client
from inboxes.oauth.grants import Grant
from inboxes.providers.base import GrantRevoked, Misconfigured


class InboxToken:
    """An `AccessToken`. Whoever finds it run out renews it for all; the others wait for that and use what they find."""

    def __init__(self, inbox_id: int, *, now: Callable[[], datetime] = timezone.now) -> None:
        self._inbox_id = inbox_id
        self._now = now
        self._grant: Grant | None = None

    def get(self) -> str:
        """Raises what `OAuthClient.refresh` raises, and `Misconfigured` where the inbox has no usable grant."""
        if self._grant is None or not self._grant.is_fresh(self._now()):
            self._grant = self._renewed(refused="")
        return self._grant.access_token

    def renew(self, refused: str) -> str:
        self._grant = self._renewed(refused=refused)
        return self._grant.access_token

    def _renewed(self, *, refused: str) -> Grant:
        """A grant is dead only if it is still the one that is stored: somebody may have reconnected while it was asked for."""
        try:
            return self._renew(refused=refused)
        except GrantRevoked:
            if self._grant is not None and self._stored().refresh_token == self._grant.refresh_token:
                raise
            return self._renew(refused=refused)

    @transaction.atomic(durable=True)
    def _renew(self, *, refused: str) -> Grant:
        """The one network call inside a transaction, of 15 seconds at most: the row lock is what lets a single worker use a refresh
        token, and the new one is committed before anybody works with it.
        """
        credential = self._credential(locked=True)
        self._grant = _grant_of(credential)
        if self._grant.is_fresh(self._now()) and self._grant.access_token != refused:
            return self._grant
        renewed = oauth_client(CredentialKind(credential.kind), now=self._now).refresh(self._grant)
        credential.secret, credential.scopes = renewed.to_secret(), list(renewed.scopes)
        credential.expires_at = renewed.ends_at
        credential.save(update_fields=["secret", "scopes", "expires_at", "updated_at"])
        return renewed

    def _stored(self) -> Grant:
        return _grant_of(self._credential())

    def _credential(self, *, locked: bool = False) -> Credential:
        credentials = Credential.objects.filter(inbox=self._inbox_id).exclude(kind=CredentialKind.PASSWORD)
        try:
            return credentials.select_for_update(no_key=True).get() if locked else credentials.get()
        except (Credential.DoesNotExist, UnknownKey, InvalidToken) as error:
            raise Misconfigured("credential_missing") from error


def _grant_of(credential: Credential) -> Grant:
    try:
        return Grant.from_secret(credential.secret)
    except ValueError as error:
        raise Misconfigured("credential_missing") from error
