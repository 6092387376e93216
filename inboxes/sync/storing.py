"""Writing e-mails that are kept: messages, attachments, sightings, ledger rows, the lists of teams and, through the intake, timelines.

Everything here happens inside one transaction that the caller opened and guarded. Each step tolerates that the row is there
already, so a page may be written again after a crash.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import chain, starmap
from typing import Any, Generic

from django.db import connection

from inboxes.arrays import array_literal
from inboxes.envelope import Address, Envelope
from inboxes.lookups import among_hashes
from inboxes.mime.content import Content
from inboxes.models import Attachment, Folder, Inbox, LedgerEntry, LedgerState, Message, Sighting
from inboxes.models.message import is_guarded_from
from inboxes.signals import messages_stored
from inboxes.sync.copying import copy_rows, merge_rows, reserve_keys
from inboxes.sync.intake import Intake, StoredMail, V
from inboxes.sync.joining import threads_for
from inboxes.sync.team import write_team_mail
from inboxes.threading import Addresses, message_ids
from users.signals import send_on_commit

LOCK_CLASS = 20_116
LOCK_BUCKETS = 1_024
"""Conversations are locked by buckets: enough to let workers pass one another, few enough for PostgreSQL's lock table."""

MESSAGE_FIELDS = (
    "id", "code", "fingerprint", "variant", "thread", "message_id", "from_email", "from_name", "recipients", "participants",
    "subject", "sent_at", "snippet", "body_text", "quoted_text", "body_html", "has_remote_images", "state", "defects", "size", "raw_key",
    "attachments_stored", "is_automatic",
)  # fmt: skip
ATTACHMENT_FIELDS = (
    "code", "message", "position", "filename", "content_type", "size", "content_id", "inline",
)  # fmt: skip
SIGHTING_FIELDS = (
    "message", "inbox", "outgoing", "reason", "rule", "level", "matched_address", "decided_by", "decided_at",
    "visibility", "store_attachments",
)  # fmt: skip
REASON_FIELDS = ("reason", "rule", "level", "matched_address", "decided_by_id", "decided_at")
LEDGER_FIELDS = (
    "inbox", "folder", "remote_id", "state", "code", "cause", "attempts", "retry_at", "message", "fingerprint",
)  # fmt: skip

LEDGER_CHANGES = ("state", "code", "cause", "attempts", "retry_at", "message_id", "fingerprint")


@dataclass(frozen=True, slots=True)
class MailToStore(Generic[V]):
    """An e-mail to be stored. Without `content` the same e-mail is stored already and only this inbox's view of it is added.

    `fingerprint` is the envelope's, made once. `code_before`: the code by which it is counted that was kept for a team so far, and
    is logged from now on.
    """

    envelope: Envelope
    verdict: V
    fingerprint: bytes
    content: Content | None = None
    code_before: str = ""


class StoredCopyGone(Exception):
    """The stored e-mail that a mail was to be joined with, or its attachments, were removed meanwhile, or it became guarded; its body
    has to be fetched."""


@dataclass(eq=False, slots=True)
class Place:
    """Where one e-mail is stored, or, while `pk` is 0, is about to be. `guarded_files`: the sizes of its files, if it is guarded."""

    variant: int
    text: str
    state: str
    attachments_stored: bool
    pk: int = 0
    thread_pk: int = 0
    guarded_files: list[int] | None = None

    def holds(self, content: Content) -> bool:
        """Whether the e-mail is this one. Of a guarded one nothing may be missing: what cannot be read whole proves nothing."""
        if self.guarded_files is None:
            return content.says_the_same(self.text, self.state)
        sizes = [file.size for file in content.attachments]
        return content.text.split() == self.text.split() and sizes == self.guarded_files


@dataclass(frozen=True, slots=True)
class Draft:
    """An e-mail that is not stored yet, and its place."""

    place: Place
    envelope: Envelope
    fingerprint: bytes
    content: Content


def store_mails(
    inbox: Inbox,
    folder: Folder,
    mails: Sequence[MailToStore[V]],
    *,
    intake: Intake[V],
    now: datetime,
    anew: bool = False,
) -> None:
    """With `anew`, a reason that was given before gives way to this one.

    Raises `StoredCopyGone`, `DecisionOutdated`, and database errors for values PostgreSQL refuses; then nothing may be committed."""
    if not mails:
        return
    _lock_relatives(mails)
    shelves = _shelves(inbox, [mail.fingerprint for mail in mails])
    drafts: list[Draft] = []
    places = [_place(mail, shelves.setdefault(mail.fingerprint, []), drafts) for mail in mails]
    _complete_messages(mails, places)
    _write_messages(drafts, intake.colleagues)
    new = {draft.place for draft in drafts}
    stored = [
        StoredMail(mail.envelope, mail.verdict, place.pk, place.thread_pk, is_new=place in new)
        for mail, place in zip(mails, places, strict=True)
    ]
    logged = [mail for mail in stored if mail.verdict.log]
    sighted = write_sightings(inbox, logged, now, anew=anew)
    _write_ledger(inbox, folder, mails, places)
    write_team_mail(inbox, stored)
    if logged:
        intake.record(logged)
    if len(logged) < len(stored):
        intake.record_kept(folder, [mail for mail in stored if not mail.verdict.log])
    if sighted:
        send_on_commit(messages_stored, inbox_id=inbox.pk, message_ids=sighted)


def _lock_relatives(mails: Sequence[MailToStore[V]]) -> None:
    """Keeps other workers from storing the same e-mails, or joining the same threads."""
    keys = [mail.fingerprint for mail in mails]
    keys += [message_id.encode() for mail in mails for message_id in message_ids(mail.envelope)]
    lock_conversations(keys)


def lock_conversations(keys: Iterable[bytes]) -> None:
    """By fingerprints and message ids, until the transaction ends. Taken in ascending order, so two workers cannot wait for one another."""
    buckets = set(map(_bucket, keys))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(%s, bucket)) FROM unnest(%s::int[]) AS bucket",
            [LOCK_CLASS, array_literal(sorted(buckets))],
        )


def _bucket(key: bytes) -> int:
    return int.from_bytes(blake2b(key, digest_size=4).digest()) % LOCK_BUCKETS


def stored_once(inbox: Inbox, fingerprints: Sequence[bytes]) -> dict[bytes, bool]:
    """Those stored in one variant only, and whether with attachments. Of several, it takes the body to tell which one a mail is, and
    of what is guarded, whether it is that."""
    if not fingerprints:
        return {}
    rows = Message.objects.filter(fingerprint__in=among_hashes(fingerprints)).values_list(
        "fingerprint", "attachments_stored", is_guarded_from(inbox)
    )
    found = [(bytes(key), whole, is_guarded) for key, whole, is_guarded in rows]
    variants = Counter(key for key, *_ in found)
    return {key: whole for key, whole, is_guarded in found if variants[key] == 1 and not is_guarded}


def _shelves(inbox: Inbox, fingerprints: Sequence[bytes]) -> dict[bytes, list[Place]]:
    """What is stored under each fingerprint, by variant."""
    shelves: dict[bytes, list[Place]] = {}
    fields = ("variant", "state", "attachments_stored", "pk", "thread_id")
    rows = Message.objects.filter(fingerprint__in=among_hashes(fingerprints)).order_by("variant")
    for fingerprint, text, quoted, is_guarded, variant, state, whole, pk, thread_pk in rows.values_list(
        "fingerprint", "body_text", "quoted_text", is_guarded_from(inbox), *fields
    ):
        place = Place(variant, f"{text}\n{quoted}", state, whole, pk, thread_pk, [] if is_guarded else None)
        shelves.setdefault(bytes(fingerprint), []).append(place)
    _note_guarded_files([place for shelf in shelves.values() for place in shelf if place.guarded_files is not None])
    return shelves


def _note_guarded_files(places: Sequence[Place]) -> None:
    if not places:
        return
    files = Attachment.objects.filter(message__in=[place.pk for place in places]).order_by("message", "position")
    sizes: defaultdict[int, list[int]] = defaultdict(list)
    for message_pk, size in files.values_list("message_id", "size"):
        sizes[message_pk].append(size)
    for place in places:
        place.guarded_files = sizes[place.pk]


def _place(mail: MailToStore[V], shelf: list[Place], drafts: list[Draft]) -> Place:
    """The place on the shelf that says the same, or a new one, for which a draft is added."""
    if mail.content is None:
        known = next(iter(shelf), None)
        if known is None or known.guarded_files is not None:
            raise StoredCopyGone
        if mail.verdict.store_attachments and not known.attachments_stored:
            raise StoredCopyGone
        return known
    for place in shelf:
        if place.holds(mail.content):
            return place
    place = Place(
        shelf[-1].variant + 1 if shelf else 0, mail.content.text, mail.content.state, mail.content.attachments_stored
    )
    shelf.append(place)
    drafts.append(Draft(place, mail.envelope, mail.fingerprint, mail.content))
    return place


def _write_messages(drafts: Sequence[Draft], colleagues: Addresses) -> None:
    """Gives the place of each draft its message and thread."""
    if not drafts:
        return
    threads = threads_for([draft.envelope for draft in drafts], colleagues)
    for draft, key, thread_pk in zip(drafts, reserve_keys(Message, len(drafts)), threads, strict=True):
        draft.place.pk, draft.place.thread_pk = key, thread_pk
    copy_rows(Message, MESSAGE_FIELDS, map(_message_row, drafts))
    _write_attachments((draft.place, draft.content) for draft in drafts)


def _complete_messages(mails: Sequence[MailToStore[V]], places: Sequence[Place]) -> None:
    """Gives messages that were stored with the names of their files alone the whole original, now that an inbox keeps it."""
    lacking = {
        place: mail.content
        for place, mail in zip(places, mails, strict=True)
        if place.pk and not place.attachments_stored and mail.content and mail.content.attachments_stored
    }
    if not lacking:
        return
    for place, content in lacking.items():
        Message.objects.filter(pk=place.pk).update(raw_key=content.raw_key, attachments_stored=True)
    Attachment.objects.filter(message__in=[place.pk for place in lacking]).delete()
    _write_attachments(lacking.items())


def _write_attachments(contents: Iterable[tuple[Place, Content]]) -> None:
    copy_rows(Attachment, ATTACHMENT_FIELDS, chain.from_iterable(starmap(_attachment_rows, contents)))


def _message_row(draft: Draft) -> tuple[Any, ...]:
    place, envelope, content = draft.place, draft.envelope, draft.content
    author = next(iter(envelope.from_), Address(""))
    return (
        place.pk,
        uuid.uuid4(),
        draft.fingerprint,
        place.variant,
        place.thread_pk,
        envelope.message_id[:998],
        author.email[:320],
        author.name[:500],
        _recipients(envelope),
        _participants(envelope),
        envelope.subject,
        envelope.sent_at,
        content.snippet,
        content.body_text,
        content.quoted_text,
        content.body_html,
        content.has_remote_images,
        content.state,
        content.defects,
        envelope.size,
        content.raw_key,
        content.attachments_stored,
        envelope.is_automatic,
    )


def _recipients(envelope: Envelope) -> list[tuple[str, str, str]]:
    kinds = (("to", envelope.to), ("cc", envelope.cc), ("bcc", envelope.bcc))
    return [(kind, address.email, address.name) for kind, addresses in kinds for address in addresses]


def _participants(envelope: Envelope) -> set[str]:
    """Those of the stored headers: who is only to be answered takes no part."""
    return {address.email[:320] for address in (*envelope.from_[:1], *envelope.to, *envelope.cc, *envelope.bcc)}


def _attachment_rows(place: Place, content: Content) -> Iterator[tuple[Any, ...]]:
    for position, file in enumerate(content.attachments):
        yield (
            uuid.uuid4(),
            place.pk,
            position,
            file.filename[:255],
            file.content_type[:120],
            file.size,
            file.content_id[:250],
            file.is_inline,
        )


def write_sightings(inbox: Inbox, stored: Sequence[StoredMail[V]], now: datetime, *, anew: bool = False) -> list[int]:
    """Returns the messages that the inbox was not known to hold before. With `anew`, other reasons are overwritten."""
    reasons = _reasons_before(inbox, [mail.message_pk for mail in stored]) if anew else {}
    rows = {
        mail.message_pk: (
            mail.message_pk,
            inbox.pk,
            mail.envelope.sent_by_owner,
            mail.verdict.code,
            mail.verdict.rule,
            mail.verdict.level,
            mail.verdict.matched_address,
            mail.verdict.decided_by_id,
            now,
            mail.verdict.visibility,
            mail.verdict.store_attachments,
        )
        for mail in stored
        if reasons.get(mail.message_pk) != (mail.verdict.code, mail.verdict.rule)
    }
    written = merge_rows(
        Sighting,
        SIGHTING_FIELDS,
        list(rows.values()),
        conflict="message_id, inbox_id",
        update=REASON_FIELDS if anew else (),
        returning="message_id",
    )
    return [message_pk for message_pk in written if message_pk not in reasons]


def _reasons_before(inbox: Inbox, message_pks: Sequence[int]) -> dict[int, tuple[str, str]]:
    rows = Sighting.objects.filter(inbox=inbox, message__in=message_pks).values_list("message_id", "reason", "rule")
    return {message_pk: (reason, rule) for message_pk, reason, rule in rows}


def _write_ledger(inbox: Inbox, folder: Folder, mails: Sequence[MailToStore[V]], places: Sequence[Place]) -> None:
    rows = [
        (
            inbox.pk,
            folder.pk,
            mail.envelope.remote_id,
            LedgerState.LOGGED if mail.verdict.log else LedgerState.KEPT,
            mail.verdict.code,
            "",
            0,
            None,
            place.pk,
            mail.fingerprint,
        )
        for mail, place in zip(mails, places, strict=True)
    ]
    merge_rows(LedgerEntry, LEDGER_FIELDS, rows, conflict="folder_id, remote_id", update=LEDGER_CHANGES)
