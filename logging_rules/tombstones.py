"""Recognising mail that was un-logged, from hashes that say nothing to whoever does not hold the key."""

import hmac
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from django.db.models import QuerySet

from inboxes.envelope import Envelope
from inboxes.models import Inbox, InboxKind, Message
from inboxes.sync.copying import merge_rows
from logging_rules.models import Tombstone, WorkspacePolicy


def digest(identity: bytes, *, key: str) -> bytes:
    return hmac.digest(key.encode(), identity, "sha256")


def identity_of(envelope: Envelope) -> bytes:
    """What stays the same of a mail in every folder and inbox, and after its server has renumbered everything."""
    if envelope.message_id:
        return envelope.fingerprint
    return _nameless(envelope.from_[0].email if envelope.from_ else "", envelope.sent_at, envelope.subject)


def identity_of_stored(message: Message) -> bytes:
    """As `identity_of`, of a stored message."""
    if message.message_id:
        return bytes(message.fingerprint)
    return _nameless(message.from_email, message.sent_at, message.subject)


def _nameless(author: str, sent_at: datetime, subject: str) -> bytes:
    """Without a Message-ID the fingerprint holds a key that may change; what is left is who wrote when about what."""
    return "\0".join(("", author[:320], sent_at.astimezone(UTC).isoformat(), subject)).encode("utf-8", "replace")


def unlogged_among(envelopes: Iterable[Envelope], *, inbox: Inbox, key: str) -> frozenset[bytes]:
    """The fingerprints of those mails that were un-logged. Hashes nothing when nothing ever was."""
    tombstones = Tombstone.objects.of(inbox)
    if not tombstones.exists():
        return frozenset()
    by_digest: dict[bytes, list[bytes]] = {}
    for envelope in envelopes:
        by_digest.setdefault(digest(identity_of(envelope), key=key), []).append(envelope.fingerprint)
    found = tombstones.filter(digest__in=list(by_digest)).values_list("digest", flat=True)
    return frozenset(fingerprint for value in found for fingerprint in by_digest[bytes(value)])


def lay_tombstones(messages: Iterable[Message], *, inbox: Inbox) -> None:
    """Idempotent. For the owner of the inbox, or for the team inbox alone."""
    lay_tombstones_on(map(identity_of_stored, messages), inbox=inbox)


def lay_tombstones_on(identities: Iterable[bytes], *, inbox: Inbox) -> None:
    """As `lay_tombstones`, for mails that are not stored."""
    lay_tombstones_by_digest(digests_of(identities), inbox=inbox)


def lay_tombstones_by_digest(digests: Iterable[bytes], *, inbox: Inbox) -> None:
    """As `lay_tombstones`, for mails of which only the keyed hash is known."""
    holder = (None, inbox.pk) if inbox.kind == InboxKind.TEAM else (inbox.owner_id, None)
    rows = [(*holder, digest) for digest in digests]
    merge_rows(Tombstone, ("owner", "inbox", "digest"), rows, conflict="owner_id, inbox_id, digest")


def carry_tombstones(former: Inbox, successor: Inbox) -> None:
    """What was un-logged before an inbox was taken over stays off in the one that took over."""
    digests = Tombstone.objects.of(former).values_list("digest", flat=True)
    lay_tombstones_by_digest(map(bytes, digests), inbox=successor)


def lift_tombstones(identities: Collection[bytes], *, inbox: Inbox) -> int:
    """The mails may be logged again, if anything says so; returns how many had been un-logged."""
    found: QuerySet[Tombstone] = Tombstone.objects.of(inbox).filter(digest__in=digests_of(identities))
    return found.delete()[0]


def digests_of(identities: Iterable[bytes]) -> list[bytes]:
    key = WorkspacePolicy.objects.current().tombstone_key
    return [digest(identity, key=key) for identity in identities]
