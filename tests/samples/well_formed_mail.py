"""Mail without a fault, as the standard library writes it: `WELL_FORMED`, name → bytes. Every parser must read it alike."""

import random
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

JAPANESE = "お世話になっております。見積書を添付します。\n"
ENGLISH = "Thank you for your message.\nPlease find the contract attached.\n"


def _message(subject: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "山田太郎 <taro@example.jp>"
    message["To"] = "Hanako <hanako@example.com>, bob@example.com"
    message["Subject"] = subject
    message["Date"] = "Tue, 01 Jul 2025 10:00:00 +0900"
    message["Message-ID"] = f"<{len(subject)}@example.jp>"
    return message


def _texts() -> Iterator[tuple[str, EmailMessage]]:
    for charset in ("utf-8", "iso-2022-jp", "shift_jis", "euc-jp"):
        for encoding in ("base64", "quoted-printable"):
            message = _message(f"件名 {charset}")
            message.set_content(JAPANESE, charset=charset, cte=encoding)
            yield f"text_{charset}_{encoding}", message
    for encoding in ("7bit", "base64", "quoted-printable"):
        message = _message("Plain")
        message.set_content(ENGLISH, cte=encoding)
        yield f"english_{encoding}", message


def _structures() -> Iterator[tuple[str, EmailMessage]]:
    noise = random.Random(7)
    message = _message("Alternative")
    message.set_content(ENGLISH)
    message.add_alternative(f"<p>{ENGLISH}</p>", subtype="html")
    yield "alternative", message
    message = _message("Attachments")
    message.set_content(JAPANESE)
    message.add_alternative(f"<p>{JAPANESE}</p>", subtype="html")
    for name in ("a.pdf", "見積書.pdf", "long " + "name " * 30 + ".pdf"):
        message.add_attachment(noise.randbytes(2_000), maintype="application", subtype="pdf", filename=name)
    message.add_attachment("notes,1\n", subtype="csv", filename="notes.csv")
    yield "attachments", message
    message = _message("Inline image")
    message.set_content('<img src="cid:logo@example.jp">', subtype="html")
    message.add_related(noise.randbytes(500), maintype="image", subtype="png", cid="<logo@example.jp>")
    yield "inline_image", message
    inner = _message("Inner")
    inner.set_content(ENGLISH)
    message = _message("Forwarded")
    message.set_content(ENGLISH)
    message.add_attachment(inner)
    yield "forwarded", message
    message = _message("Deep")
    message.set_content(ENGLISH)
    for _ in range(8):
        outer = _message("Deep")
        outer.make_mixed()
        outer.attach(message)
        message = outer
    yield "nested_8", message


WELL_FORMED = {name: message.as_bytes() for name, message in (*_texts(), *_structures())}
