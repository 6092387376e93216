"""Inboxes whose owners signed in at Google or Microsoft."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from inboxes.models import Credential, CredentialKind, Inbox, ProviderKind
from inboxes.oauth.grants import Grant
from tests.factories.inboxes import connected_inbox
from users.models import User

KINDS = {CredentialKind.GOOGLE: ProviderKind.GMAIL, CredentialKind.MICROSOFT: ProviderKind.GRAPH}


def grant_of(tokens: Mapping[str, Any], *, now: datetime, scopes: Collection[str] = ()) -> Grant:
    """From the answer of a token endpoint, as `FakeGoogle.grant` and `FakeMicrosoft.grant` give it."""
    return Grant(
        access_token=tokens["access_token"],
        refresh_token=tokens["refresh_token"],
        expires_at=now + timedelta(seconds=tokens["expires_in"]),
        scopes=tuple(scopes or tokens["scope"].split()),
    )


def granted_inbox(
    owner: User, kind: CredentialKind, grant: Grant, address: str = "yuki@minato.example", **fields: Any
) -> Inbox:
    inbox = connected_inbox(owner, address, provider=KINDS[kind], **fields)
    Credential.objects.create(
        inbox=inbox, kind=kind, secret=grant.to_secret(), account_id=address, scopes=list(grant.scopes)
    )
    return inbox
