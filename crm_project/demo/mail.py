"""Builds demo e-mails: threads with quoted replies, Japanese charsets, attachments, bulk mail."""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

Mailbox = tuple[str, str]  # name, address
INBOX = "INBOX"
SENT = "Sent"


@dataclass(slots=True)
class DemoMail:
    """One e-mail of a demo mailbox, the folder it lies in, and its labels: Gmail's, or categories of Outlook's."""

    sent_at: datetime
    from_: Mailbox
    to: Sequence[Mailbox]
    subject: str
    body: str
    folder: str = INBOX
    labels: Sequence[str] = ()
    cc: Sequence[Mailbox] = ()
    html: str = ""
    files: Sequence[tuple[str, str, bytes]] = ()  # name, type, content
    headers: dict[str, str] = field(default_factory=dict)
    reply_to: "DemoMail | None" = None
    charset: str = "utf-8"

    @property
    def message_id(self) -> str:
        serial = zlib.crc32(f"{self.subject}{self.from_[1]}{self.sent_at:%Y%m%d%H%M}".encode())
        return f"<{self.sent_at:%Y%m%d%H%M}.{serial:08x}@{self.from_[1].rpartition('@')[2]}>"

    def ancestors(self) -> Iterator["DemoMail"]:
        """The mails this one answers, oldest first."""
        if self.reply_to:
            yield from self.reply_to.ancestors()
            yield self.reply_to

    def as_bytes(self) -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["Date"] = format_datetime(self.sent_at)
        mail["From"] = formataddr(self.from_)
        mail["To"] = ", ".join(formataddr(person) for person in self.to)
        if self.cc:
            mail["Cc"] = ", ".join(formataddr(person) for person in self.cc)
        mail["Message-ID"] = self.message_id
        if self.reply_to:
            mail["In-Reply-To"] = self.reply_to.message_id
            mail["References"] = " ".join(mail.message_id for mail in self.ancestors())
        for name, value in self.headers.items():
            mail[name] = value
        self._set_content(mail)
        if self.charset == "utf-8":
            mail["Subject"] = self.subject
            return mail.as_bytes()
        # The header API writes UTF-8 only; an old Japanese client writes its own charset.
        subject = Header(self.subject, self.charset, header_name="Subject").encode(linesep="\r\n")
        return f"Subject: {subject}\r\n".encode("ascii") + mail.as_bytes()

    def _set_content(self, mail: EmailMessage) -> None:
        text = self.body + self._quotation()
        if self.charset == "utf-8":
            mail.set_content(text)
        else:
            mail.set_payload(text.encode(self.charset, "replace"))
            mail["Content-Type"] = f'text/plain; charset="{self.charset}"'
            mail["Content-Transfer-Encoding"] = "7bit" if self.charset == "iso-2022-jp" else "8bit"
        if self.html:
            mail.add_alternative(self.html, subtype="html")
        for name, content_type, content in self.files:
            maintype, _, subtype = content_type.partition("/")
            mail.add_attachment(content, maintype=maintype, subtype=subtype, filename=name)

    def _quotation(self) -> str:
        if not self.reply_to:
            return "\n"
        parent = self.reply_to
        quoted = "\n".join(f"> {line}" for line in parent.body.splitlines())
        if self.charset != "utf-8" or not self.body.isascii():
            return f"\n\n{parent.sent_at:%Y年%m月%d日} {parent.from_[0]} <{parent.from_[1]}>:\n{quoted}\n"
        return (
            f"\n\nOn {parent.sent_at:%a, %d %b %Y at %H:%M}, {parent.from_[0]} <{parent.from_[1]}> wrote:\n{quoted}\n"
        )


def days_before(now: datetime) -> Callable[[float], datetime]:
    """`ago(2.5)` is two and a half days before `now`, to the minute."""
    return lambda days: (now - timedelta(days=days)).replace(second=0, microsecond=0)


def oldest_first(mails: Iterable[DemoMail]) -> list[DemoMail]:
    """As a server would have received them."""
    return sorted(mails, key=lambda mail: mail.sent_at)


def pdf(title: str) -> bytes:
    """A one-page PDF that shows its title (ASCII)."""
    stream = f"BT /F1 20 Tf 72 760 Td ({title}) Tj ET".encode("ascii", "replace")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def png(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """A plain rectangle."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes(colour) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
