"""The accounts of the demo at Google: James's, and one that a visitor can connect."""

from datetime import datetime

from crm_project.demo import further, james
from crm_project.demo.google.state import State
from crm_project.demo.mail import INBOX, SENT, oldest_first
from crm_project.demo.people import JAMES, YUKI_GMAIL

PLACES = {INBOX: "INBOX", SENT: "SENT"}


def fill(google: State, began: datetime) -> None:
    for person, mails in ((JAMES, james.mailbox(began)), (YUKI_GMAIL, further.yuki_at_home(began))):
        mailbox = google.mailbox(person.email, name=person.name)
        for mail in oldest_first(mails):
            labels = [PLACES[mail.folder], *mail.labels]
            mailbox.deliver(mail.as_bytes(), labels=labels, received_at=mail.sent_at)
