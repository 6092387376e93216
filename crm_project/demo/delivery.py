"""Lets a mail arrive in a mailbox of the demo, wherever it is."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from smtplib import SMTP

import requests

from crm_project.demo.home import HOST, Home
from crm_project.demo.mail import DemoMail
from crm_project.demo.people import JAMES, PASSWORD, YUKI, YUKI_GMAIL

ANSWER_SECONDS = 10


class NobodyThere(Exception):
    """No mailbox has the address."""


def deliver(mail: DemoMail, *, sender: str, to: str, demo: Home) -> None:
    """In the inbox; the mail server knows no labels. Raises `NobodyThere`, and OSError when the server does not answer."""
    if to.lower() == YUKI.email:
        _by_smtp(mail.as_bytes(), sender, to, demo.ports.smtp)
    elif to.lower() in {JAMES.email, YUKI_GMAIL.email}:
        _at_stand_in(mail.as_bytes(), demo.google_url, {"to": to.lower(), "label": ["INBOX", "UNREAD", *mail.labels]})
    else:
        _at_stand_in(mail.as_bytes(), demo.microsoft_url, {"to": to.lower(), "category": mail.labels})


def _by_smtp(raw: bytes, sender: str, to: str, port: int) -> None:
    with SMTP(HOST, port, timeout=ANSWER_SECONDS) as smtp:
        smtp.login(YUKI.email, PASSWORD)
        smtp.sendmail(sender, [to], raw)


def _at_stand_in(raw: bytes, url: str, query: Mapping[str, str | Sequence[str]]) -> None:
    headers = {"Content-Type": "message/rfc822"}
    answer = requests.post(f"{url}/stand-in/deliver", params=query, data=raw, headers=headers, timeout=ANSWER_SECONDS)
    if answer.status_code == HTTPStatus.NOT_FOUND:
        raise NobodyThere
    answer.raise_for_status()
