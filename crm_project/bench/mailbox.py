"""A believable mailbox of any size, the same for the same seed, that knows which of its mails each preset must log.

One mail in ten is with a known contact. There are threads, Japanese in three encodings, attachments, newsletters, colleagues,
and a folder CRM/Log with mails the owner chose, to which others reply. The mails that no preset logs hold the word `PRIVATE`.
"""

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.header import Header

OWNER = "alice@ours.example"
COLLEAGUE = "bob@ours.example"
CONTACTS = tuple(f"person{number}@client{number % 7}.example" for number in range(40))
STRANGERS = tuple(f"someone{number}@elsewhere{number % 50}.example" for number in range(400))
CHOSEN_FOLDER = "CRM/Log"
PRIVATE = "canary"
END = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

NOTHING: frozenset[str] = frozenset()
KNOWN_ONLY = frozenset({"known"})
REPLIES = frozenset({"known", "replies"})
ALL_PRESETS = frozenset({"known", "replies", "manual"})

SUBJECTS = (
    "Revised quote",
    "Delivery dates",
    "お見積りの件",
    "契約書の送付について",
    "Meeting notes",
    "請求書（3月分）①",
)
WORDS = "price delivery contract meeting tomorrow invoice thanks regards update question answer terms".split()
JAPANESE = "いつもお世話になっております。見積書をお送りいたします。ご確認のほどよろしくお願いいたします。"


@dataclass(frozen=True, slots=True)
class GeneratedMail:
    """`logged_by` names the presets that log it; `contact` the known address it stands with."""

    message_id: str
    folder: str
    raw: bytes
    received_at: datetime
    contact: str = ""
    logged_by: frozenset[str] = NOTHING


@dataclass(frozen=True, slots=True)
class Parent:
    message_id: str
    references: str
    subject: str
    chosen: bool


def generate(count: int, *, seed: int = 1) -> Iterator[GeneratedMail]:
    """The oldest first."""
    chance = random.Random(seed)
    conversations: dict[str, Parent] = {}
    for number in range(count):
        at = END - timedelta(minutes=30) * (count - number)
        if number % 10 == 0:
            yield _with_contact(chance, number, at, conversations)
        elif number % 10 == 1:
            yield _automatic(chance, number, at)
        elif number % 10 == 2:
            yield _internal(chance, number, at)
        else:
            yield _with_stranger(chance, number, at, conversations)


def _with_contact(chance: random.Random, number: int, at: datetime, conversations: dict[str, Parent]) -> GeneratedMail:
    contact = chance.choice(CONTACTS)
    parent = conversations.get(contact) if chance.random() < 0.6 else None
    chosen = parent is None and chance.random() < 0.1
    outgoing = not chosen and chance.random() < 0.3
    mail = _compose(chance, number, at, OWNER if outgoing else contact, contact if outgoing else OWNER, parent)
    conversations[contact] = Parent(
        mail.message_id, mail.references, mail.subject, chosen=chosen or bool(parent and parent.chosen)
    )
    return GeneratedMail(
        message_id=mail.message_id,
        folder=CHOSEN_FOLDER if chosen else "Sent" if outgoing else "INBOX",
        raw=mail.raw,
        received_at=at,
        contact=contact,
        logged_by=ALL_PRESETS if chosen else REPLIES if parent and parent.chosen else KNOWN_ONLY,
    )


def _with_stranger(chance: random.Random, number: int, at: datetime, conversations: dict[str, Parent]) -> GeneratedMail:
    stranger = chance.choice(STRANGERS)
    parent = conversations.get(stranger) if chance.random() < 0.4 else None
    outgoing = chance.random() < 0.15
    author, to = (OWNER, stranger) if outgoing else (stranger, OWNER)
    mail = _compose(chance, number, at, author, to, parent, word=PRIVATE)
    conversations[stranger] = Parent(mail.message_id, mail.references, mail.subject, chosen=False)
    return GeneratedMail(mail.message_id, "Sent" if outgoing else "INBOX", mail.raw, at)


def _automatic(chance: random.Random, number: int, at: datetime) -> GeneratedMail:
    """A newsletter, half of the time from somebody who is a contact."""
    sender = chance.choice(CONTACTS if number % 20 == 1 else STRANGERS)
    fields = "List-Id: <news.example>\r\nPrecedence: bulk\r\n"
    mail = _compose(chance, number, at, sender, OWNER, None, extra=fields, word=PRIVATE)
    return GeneratedMail(mail.message_id, "INBOX", mail.raw, at)


def _internal(chance: random.Random, number: int, at: datetime) -> GeneratedMail:
    mail = _compose(chance, number, at, COLLEAGUE, OWNER, None, word=PRIVATE)
    return GeneratedMail(mail.message_id, "INBOX", mail.raw, at)


@dataclass(frozen=True, slots=True)
class Composed:
    message_id: str
    references: str
    subject: str
    raw: bytes


def _compose(
    chance: random.Random,
    number: int,
    at: datetime,
    sender: str,
    to: str,
    parent: Parent | None,
    *,
    extra: str = "",
    word: str = "",
) -> Composed:
    message_id = f"<{number}.{chance.getrandbits(40):x}@{sender.partition('@')[2]}>"
    subject = f"Re: {parent.subject.removeprefix('Re: ')}" if parent else f"{chance.choice(SUBJECTS)} {word}".strip()
    charset = chance.choice(("utf-8", "iso-2022-jp-ext", "shift_jis")) if not subject.isascii() else "utf-8"
    text = " ".join([word, *chance.choices(WORDS, k=chance.randint(20, 300))]).strip()
    body = f"{JAPANESE}\r\n{text}\r\n" if not subject.isascii() else f"{text}\r\n"
    if parent:
        body += f"\r\nOn Monday, {to} wrote:\r\n> {text[:60]}\r\n"
        extra += f"In-Reply-To: {parent.message_id}\r\nReferences: {parent.references} {parent.message_id}\r\n"
    head = (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {_encoded(subject)}\r\n"
        f"Date: {at:%a, %d %b %Y %H:%M:%S} +0000\r\nMessage-ID: {message_id}\r\nMIME-Version: 1.0\r\n{extra}"
    )
    content = _content(chance, body, charset)
    references = f"{parent.references} {parent.message_id}".strip() if parent else ""
    return Composed(message_id, references, subject, head.encode() + content)


def _encoded(subject: str) -> str:
    return subject if subject.isascii() else Header(subject, "utf-8", maxlinelen=200).encode()


def _content(chance: random.Random, body: str, charset: str) -> bytes:
    label = "iso-2022-jp" if charset.startswith("iso-2022") else charset
    plain = f"Content-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    plain += body.encode(charset, "replace")
    if chance.random() < 0.1:
        file = base64.encodebytes(chance.randbytes(chance.randint(500, 40_000))).replace(b"\n", b"\r\n")
        return (
            b"Content-Type: multipart/mixed; boundary=frontier\r\n\r\n--frontier\r\n" + plain + b"\r\n--frontier\r\n"
            b'Content-Type: application/pdf; name="offer.pdf"\r\nContent-Disposition: attachment; filename="offer.pdf"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\n" + file + b"--frontier--\r\n"
        )
    return plain
