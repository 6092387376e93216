"""The accounts of the demo at Microsoft: Emma's, and those that a visitor can connect."""

from collections.abc import Iterable
from datetime import datetime

from crm_project.demo import emma, further
from crm_project.demo.mail import INBOX, SENT, DemoMail, oldest_first
from crm_project.demo.microsoft.directory import ConsentPolicy
from crm_project.demo.microsoft.mailbox import Mailbox
from crm_project.demo.microsoft.world import World
from crm_project.demo.people import APPROVED_FIRST, APPROVER, DOMAIN, EMMA, JAMES_OUTLOOK, ORDERS, WORKSPACE

FOLDERS = {INBOX: "inbox", SENT: "sentitems"}


def fill(world: World, began: datetime) -> None:
    """Beside the team's tenant there is one whose administrator has to approve first, and somebody's own account."""
    world.tenant(DOMAIN, name=WORKSPACE)
    _put(emma.mailbox(began), world.mailbox(EMMA.email, name=EMMA.name))
    _put(further.orders(began), world.shared_mailbox(ORDERS.email, readers=[EMMA.email]))
    world.tenant(APPROVED_FIRST.email.partition("@")[2], name="Harbour Group", policy=ConsentPolicy.REQUEST)
    _put(further.yuki_as_adviser(began), world.mailbox(APPROVED_FIRST.email, name=APPROVED_FIRST.name))
    world.mailbox(APPROVER.email, name=APPROVER.name)
    world.account(APPROVER.email).is_administrator = True
    _put(further.james_at_home(began), world.mailbox(JAMES_OUTLOOK.email, name=JAMES_OUTLOOK.name, personal=True))


def _put(mails: Iterable[DemoMail], mailbox: Mailbox) -> None:
    for mail in oldest_first(mails):
        folder = FOLDERS.get(mail.folder, mail.folder)
        mailbox.deliver(mail.as_bytes(), folder=folder, received_at=mail.sent_at, categories=mail.labels, is_read=True)
