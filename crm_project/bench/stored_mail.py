"""What the measured process does first for `bench timeline`: a workspace that has stored so much mail, written in bulk."""

import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection

from contacts import search
from contacts.models import Contact, ContactAddress, EntryKind, MailIndex, TimelineEntry
from inboxes.models import Attachment, Inbox, InboxKind, InboxMember, InboxStatus, Message, Sighting, Thread, Visibility
from inboxes.sync.copying import copy_rows
from users.models import User

VIEWER = "colleague0@workspace.example"
PEOPLE = 5
MAILS_PER_CONTACT = 10
BATCH = 20_000
BEGINNING, SPAN = datetime(2023, 1, 1, tzinfo=UTC), timedelta(days=3 * 365)
COMMON, RARE = "見積", "謄本"
RARE_EVERY = 10_000
SUBJECTS = (
    "お見積りの件",
    "打ち合わせ日程のご相談",
    "請求書送付のご案内",
    "Revised quote",
    "Meeting next week",
    "Delivery update",
)
NAMES = ("佐藤 翔太", "鈴木 美咲", "高橋 健一", "田中 由美子", "Sarah Okafor", "Kenji Ito", "Dana Reyes")
PARAGRAPHS = (
    "いつもお世話になっております。先日お打ち合わせいただいた件につきまして、資料をお送りいたします。ご確認のほどよろしくお願いいたします。\n\n",
    "Thank you for the call this morning. As discussed, please find the revised quote attached; could you confirm the delivery date?\n\n",
)
EMPTY = {"snippet": "", "body_html": "", "variant": 0, "has_remote_images": False, "state": "full", "defects": []}
ALIKE = EMPTY | {"size": 5_000, "attachments_stored": True, "is_automatic": False}
TABLES = (Contact, Thread, Message, Attachment, Sighting, TimelineEntry, MailIndex)


@dataclass(slots=True)
class Mail:
    """The `number`th of the mails, between a person of the workspace and the contact of this rank."""

    number: int
    person: int
    rank: int
    thread: int
    subject: str
    begins: bool

    @property
    def visibility(self) -> Visibility:
        """A few are for few eyes, so that every page has to ask who may see what."""
        if self.number % 17 == 0:
            return Visibility.PRIVATE
        return Visibility.SUBJECT if self.number % 13 == 0 else Visibility.EVERYONE


def fill_timelines(*, mails: int) -> dict[str, str]:
    """On empty tables. Returns the codes of the contact with the most mail and of one as there are many."""
    people = [
        User.objects.create_user(f"colleague{number}@workspace.example", name=NAMES[number]) for number in range(PEOPLE)
    ]
    inboxes = [_inbox(person, person.email, InboxKind.PERSONAL) for person in people]
    team = _inbox(people[0], "sales@workspace.example", InboxKind.TEAM)
    InboxMember.objects.create(inbox=team, person=people[0])
    contacts = _contacts(max(mails // MAILS_PER_CONTACT, PEOPLE), people)
    written = _mails(mails, len(contacts))
    while batch := list(islice(written, BATCH)):
        _write(batch, mails, contacts, inboxes)
    with connection.cursor() as cursor:
        for model in TABLES:
            cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")
    return {"heaviest": str(contacts[0].code), "random": str(contacts[len(contacts) // 3].code)}


def _inbox(person: User, address: str, kind: InboxKind) -> Inbox:
    return Inbox.objects.create(
        owner=person, connected_by=person, kind=kind, address=address, status=InboxStatus.ACTIVE
    )


def _contacts(count: int, people: Sequence[User]) -> list[Contact]:
    contacts = Contact.objects.bulk_create(
        (
            Contact(name=f"{NAMES[rank % len(NAMES)]} {rank}", owner=people[rank % PEOPLE], created_by=people[0])
            for rank in range(count)
        ),
        batch_size=BATCH,
    )
    addresses = (ContactAddress(contact=contact, email=_address(rank)) for rank, contact in enumerate(contacts))
    ContactAddress.objects.bulk_create(addresses, batch_size=BATCH)
    return contacts


def _address(rank: int) -> str:
    return f"person{rank}@client{rank % 1_000}.example"


def _mails(count: int, contacts: int) -> Iterator[Mail]:
    """The oldest first; every second begins a conversation. The lower the rank of a contact, the more mail it has."""
    draw = random.Random(1)
    conversations: dict[int, tuple[int, str]] = {}
    for number in range(1, count + 1):
        rank = int(contacts * draw.random() ** 3)
        begins = rank not in conversations or draw.random() < 0.5
        if begins:
            rare = f"{RARE}の件 " if number % RARE_EVERY == 1 else ""
            conversations[rank] = number, f"{rare}{draw.choice(SUBJECTS)} {number}"
        thread, subject = conversations[rank]
        yield Mail(number, draw.randrange(PEOPLE), rank, thread, subject, begins)


def _write(batch: Sequence[Mail], mails: int, contacts: Sequence[Contact], inboxes: Sequence[Inbox]) -> None:
    at = {mail.number: BEGINNING + SPAN * (mail.number / mails) for mail in batch}
    _copy(Thread, ({"id": mail.thread, "code": uuid.uuid4()} for mail in batch if mail.begins))
    _copy(Message, (_message(mail, at[mail.number], contacts[mail.rank]) for mail in batch))
    _copy(Attachment, (_attachment(mail) for mail in batch if mail.number % 5 == 0))
    _copy(Sighting, (_sighting(mail, at[mail.number], inboxes[mail.person]) for mail in batch))
    _copy(TimelineEntry, (_entry(mail, at[mail.number], contacts[mail.rank]) for mail in batch))
    _copy(MailIndex, (_index(mail, at[mail.number], contacts[mail.rank]) for mail in batch))


def _copy(model: Any, rows: Iterator[dict[str, Any]]) -> None:
    found = list(rows)
    if found:
        copy_rows(model, list(found[0]), (list(row.values()) for row in found))


def _message(mail: Mail, at: datetime, contact: Contact) -> dict[str, Any]:
    ours, theirs = f"colleague{mail.person}@workspace.example", _address(mail.rank)
    return ALIKE | {
        "id": mail.number,
        "code": uuid.uuid4(),
        "fingerprint": mail.number.to_bytes(32),
        "thread": mail.thread,
        "message_id": f"<{mail.number}@bench.example>",
        "from_email": theirs,
        "from_name": contact.name,
        "recipients": [["to", ours, NAMES[mail.person]]],
        "participants": {ours, theirs},
        "subject": mail.subject,
        "sent_at": at,
        "body_text": PARAGRAPHS[mail.number % 2] * (mail.number % 12 + 1),
        "quoted_text": f"> {PARAGRAPHS[0]}" if mail.number % 3 == 0 else "",
        "raw_key": f"bench-{mail.number}",
    }


def _attachment(mail: Mail) -> dict[str, Any]:
    file = {
        "filename": f"見積書-{mail.number}.pdf",
        "content_type": "application/pdf",
        "size": 12_345,
        "content_id": "",
    }
    return file | {"code": uuid.uuid4(), "message": mail.number, "position": 0, "inline": False}


def _sighting(mail: Mail, at: datetime, inbox: Inbox) -> dict[str, Any]:
    why = {"reason": "known_contact_incoming", "rule": "", "level": "workspace", "matched_address": _address(mail.rank)}
    seen = {"message": mail.number, "inbox": inbox.pk, "outgoing": False, "decided_at": at}
    return why | seen | {"visibility": mail.visibility.value, "store_attachments": True}


def _entry(mail: Mail, at: datetime, contact: Contact) -> dict[str, Any]:
    place = {"contact": contact.pk, "kind": EntryKind.MAIL.value, "occurred_at": at, "message": mail.number}
    return place | {"thread": mail.thread, "private": mail.visibility is Visibility.PRIVATE}


def _index(mail: Mail, at: datetime, contact: Contact) -> dict[str, Any]:
    words = search.vector([mail.subject, contact.name, _address(mail.rank)])
    return {"message": mail.number, "search": words, "sent_at": at}
