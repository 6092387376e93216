"""Fills the mailboxes of the demo on its first start: with the team's, and at Google and Microsoft with further accounts to try."""

import shutil
from collections.abc import Iterable
from datetime import datetime

from crm_project.demo import emma, further, james, yuki
from crm_project.demo.google.state import State
from crm_project.demo.home import Home
from crm_project.demo.mail import INBOX, SENT, DemoMail
from crm_project.demo.microsoft.directory import ConsentPolicy
from crm_project.demo.microsoft.world import World
from crm_project.demo.people import (
    APPROVED_FIRST,
    APPROVER,
    EMMA,
    JAMES,
    JAMES_OUTLOOK,
    ORDERS,
    PASSWORD,
    WORKSPACE,
    YUKI,
    YUKI_GMAIL,
)
from crm_project.demo.server import MailFolders

GMAIL_PLACES = {INBOX: "INBOX", SENT: "SENT"}
OUTLOOK_FOLDERS = {INBOX: "inbox", SENT: "sentitems"}


def fill_mail_server(home: Home) -> None:
    """Does nothing once it has; what an interrupted start left behind is thrown away."""
    if home.mail.exists():
        return
    begun = home.folder / "mail.new"
    shutil.rmtree(begun, ignore_errors=True)
    folders = MailFolders(begun)
    folders.create({YUKI.email: PASSWORD})
    folders.add(YUKI.email, yuki.mailbox(home.began))
    begun.rename(home.mail)


def fill_google(google: State, began: datetime) -> None:
    for person, mails in ((JAMES, james.mailbox(began)), (YUKI_GMAIL, further.yuki_at_home(began))):
        mailbox = google.mailbox(person.email, name=person.name)
        for mail in _oldest_first(mails):
            labels = [GMAIL_PLACES[mail.folder], *mail.labels]
            mailbox.deliver(mail.as_bytes(), labels=labels, received_at=mail.sent_at)


def fill_microsoft(world: World, began: datetime) -> None:
    """Beside the team's tenant there is one whose administrator has to approve first, and somebody's own account."""
    world.tenant(EMMA.email.partition("@")[2], name=WORKSPACE)
    domain = APPROVED_FIRST.email.partition("@")[2]
    world.tenant(domain, name="Harbour Group", policy=ConsentPolicy.REQUEST)
    for person, mails in (
        (EMMA, emma.mailbox(began)),
        (APPROVED_FIRST, further.yuki_as_adviser(began)),
        (APPROVER, ()),
        (JAMES_OUTLOOK, further.james_at_home(began)),
    ):
        mailbox = world.mailbox(person.email, name=person.name, personal=person is JAMES_OUTLOOK)
        for mail in _oldest_first(mails):
            folder = OUTLOOK_FOLDERS.get(mail.folder, mail.folder)
            mailbox.deliver(
                mail.as_bytes(), folder=folder, received_at=mail.sent_at, categories=mail.labels, is_read=True
            )
    world.account(APPROVER.email).is_administrator = True
    shared = world.shared_mailbox(ORDERS.email, readers=[EMMA.email])
    for mail in _oldest_first(further.orders(began)):
        shared.deliver(mail.as_bytes(), received_at=mail.sent_at)


def _oldest_first(mails: Iterable[DemoMail]) -> list[DemoMail]:
    return sorted(mails, key=lambda mail: mail.sent_at)
