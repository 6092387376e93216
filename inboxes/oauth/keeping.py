"""Keeping the grant of an inbox alive, and giving it back when no inbox uses it any more."""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import models, transaction
from django.utils import timezone

from inboxes.encryption import InvalidToken, UnknownKey
from inboxes.models import Credential, CredentialKind, Inbox, InboxStatus, RevocationState, WithdrawnGrant
from inboxes.oauth import revocations
from inboxes.oauth.accesses import alias_account
from inboxes.oauth.clients import oauth_client
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.tokens import InboxToken
from inboxes.providers.base import ProviderError

logger = structlog.get_logger(__name__)

KEEP_TRYING = timedelta(days=7)
TRY_AGAIN = timedelta(hours=1)
SECOND_THOUGHTS = timedelta(minutes=30)
BATCH = 50
LONGEST_IDLE = timedelta(days=30)
"""Microsoft ends an access that nobody used for 90 days, Google after six months."""


def keep_grant(*, inbox: Inbox, kind: CredentialKind, account: Account, grant: Grant, shared: bool) -> None:
    """Call inside a transaction. `shared`: the inbox is not the account's own mailbox.

    A grant without a refresh token keeps the one that was stored for the same account.
    """
    if not grant.refresh_token and (kept := _kept_grant(inbox, kind, account)):
        grant = replace(grant, refresh_token=kept.refresh_token, ends_at=kept.ends_at)
    grant = replace(grant, account_id=account.id, address=account.address)
    withdrawn = WithdrawnGrant.objects.filter(kind=kind, account_id=account.id)
    revocations.leave_in_use(withdrawn)
    withdrawn.delete()
    _write(
        inbox,
        kind=kind,
        secret=grant.to_secret(),
        account_id=account.id,
        scopes=list(grant.scopes),
        expires_at=grant.ends_at,
        signed_in_as=account.address if shared else "",
    )


def keep_password(*, inbox: Inbox, password: str) -> None:
    """Call inside a transaction."""
    _write(inbox, kind=CredentialKind.PASSWORD, secret=password, expires_at=None)


def _write(inbox: Inbox, **fields: Any) -> None:
    """Never reads what is there: its key may be lost, which is one of the reasons to reconnect."""
    if not Credential.objects.filter(inbox=inbox).update(**fields, updated_at=timezone.now()):
        Credential.objects.create(inbox=inbox, **fields)


def _kept_grant(inbox: Inbox, kind: CredentialKind, account: Account) -> Grant | None:
    """That of the same account, if there is one and it can be read."""
    with contextlib.suppress(UnknownKey, InvalidToken):
        before = Credential.objects.select_for_update(of=("self",)).filter(
            inbox=inbox, kind=kind, account_id=account.id
        )
        for credential in before:
            return Grant.from_secret(credential.secret)
    return None


def is_same_account(*, inbox: Inbox, account: Account) -> bool:
    """By the provider's own key for the account; by its address where none is stored any more. That of an alias or group address at
    Google is the one in which its mail arrives: in any other mailbox the same mail has other keys.

    Not by an alias: Google lists addresses of other people's mailboxes among them, if they may be written as.
    """
    known = Credential.objects.filter(inbox=inbox).values_list("account_id", flat=True).first()
    return known == account.id if known else (alias_account(inbox) or inbox.address) == account.address


def give_back_soon(*, kind: CredentialKind, account: Account, grant: Grant) -> None:
    """A grant that is not wanted, of the wrong account say. Not at once: its owner may be about to connect that account after all."""
    WithdrawnGrant.objects.create(
        kind=kind, account_id=account.id, secret=grant.to_secret(), next_try_at=timezone.now() + SECOND_THOUGHTS
    )


def withdraw_grants(credentials: models.QuerySet[Credential]) -> None:
    """Notes these grants to be given back soon (`give_back_grants`), with what their owners are told of it; the caller deletes the
    credentials in the same transaction.

    Never fails because of a secret that cannot be read any more: that one can only be removed by its owner, at the provider.
    """
    for credential in credentials.select_related("inbox").defer("secret"):
        revocation = revocations.begin(credential)
        if revocation.state != RevocationState.TRYING:
            continue
        try:
            kept = Credential.objects.get(pk=credential.pk)
        except (UnknownKey, InvalidToken):
            revocations.settle(revocation, RevocationState.UNREADABLE, now=timezone.now())
        else:
            WithdrawnGrant.objects.create(
                kind=kept.kind, account_id=kept.account_id, secret=kept.secret, revocation=revocation
            )


def give_back_grants(*, now: datetime) -> int:
    """Asks the providers to forget what was withdrawn; returns how many are done with. Trouble is tried again for a week."""
    for withdrawn in WithdrawnGrant.objects.filter(created_at__lt=now - KEEP_TRYING).defer("secret"):
        _settle(withdrawn, RevocationState.GIVEN_UP, now)
    due = WithdrawnGrant.objects.filter(next_try_at__lte=now).order_by("next_try_at").values_list("pk", flat=True)
    return sum(_give_back(key, now) for key in list(due[:BATCH]))


def use_idle_grants(*, now: datetime) -> int:
    """Renews the access of paused inboxes, so that it is still there when they go on; returns how many. Others renew it by syncing."""
    paused = Credential.objects.filter(inbox__status=InboxStatus.PAUSED).exclude(kind=CredentialKind.PASSWORD)
    idle = paused.filter(updated_at__lt=now - LONGEST_IDLE).order_by("updated_at").values_list("inbox_id", flat=True)
    return sum(_is_used(inbox_id, now) for inbox_id in list(idle[:BATCH]))


def _is_used(inbox_id: int, now: datetime) -> bool:
    """Trouble is nobody's business yet: whoever resumes the inbox hears of it."""
    try:
        InboxToken(inbox_id, now=lambda: now).get()
    except ProviderError as trouble:
        logger.info("idle_grant_not_used", inbox_id=inbox_id, cause=trouble.cause)
        return False
    return True


def _give_back(key: int, now: datetime) -> bool:
    """No transaction is open during the call: the row is put off first, so that nobody else takes it and it is not forgotten."""
    if not WithdrawnGrant.objects.filter(pk=key, next_try_at__lte=now).update(next_try_at=now + TRY_AGAIN):
        return False
    withdrawn = WithdrawnGrant.objects.filter(pk=key).select_related("revocation").defer("secret").first()
    if withdrawn is None:
        return False
    try:
        state = _ask_to_forget(withdrawn)
    except ProviderError as trouble:
        revocations.note_failure(withdrawn.revocation, cause=trouble.cause)
        logger.info("grant_not_given_back", withdrawn_id=key, cause=trouble.cause)
        return False
    _settle(withdrawn, state, now)
    logger.info("grant_given_back", withdrawn_id=key, outcome=state)
    return True


@transaction.atomic
def _settle(withdrawn: WithdrawnGrant, state: RevocationState, now: datetime) -> None:
    revocations.settle(withdrawn.revocation, state, now=now)
    WithdrawnGrant.objects.filter(pk=withdrawn.pk).delete()


def _ask_to_forget(withdrawn: WithdrawnGrant) -> RevocationState:
    """Raises `ProviderError` where trying again may help."""
    if _is_in_use(withdrawn):
        return RevocationState.IN_USE
    kind = CredentialKind(withdrawn.kind)
    try:
        grant = Grant.from_secret(WithdrawnGrant.objects.get(pk=withdrawn.pk).secret)
    except (UnknownKey, InvalidToken, ValueError):
        return RevocationState.UNREADABLE
    if oauth_client(kind).revoke(grant):
        return RevocationState.VERIFIED
    return RevocationState.GIVEN_UP if kind == CredentialKind.GOOGLE else RevocationState.NOT_OFFERED


def _is_in_use(withdrawn: WithdrawnGrant) -> bool:
    """For Google all grants of an account to this installation are one: giving back an old one would end the new one."""
    return Credential.objects.filter(kind=withdrawn.kind, account_id=withdrawn.account_id).exists()
