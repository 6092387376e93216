"""`manage.py demo`: makes the demo workspace, says who can sign in, and sends a mail into it."""

import time
from argparse import Namespace
from smtplib import SMTP

from django.core.management.base import CommandError
from django.utils import timezone

from crm_project.demo.home import HOST, Ports, known_ports
from crm_project.demo.mail import DemoMail
from crm_project.demo.people import CONTACTS, EMMA, JAMES, PASSWORD, PRIVATE_MARKS, SARAH, YUKI
from crm_project.demo.workspace import ensure
from crm_project.runner.ports import is_free
from users.commands import Answer, JsonCommand

START_SECONDS = 20
GUIDE = f"""\
Sign in as                          password: {PASSWORD}
  {YUKI.email:<28} a member with a mixed mailbox, in Japanese
  {JAMES.email:<28} a member who logs replies only
  {EMMA.email:<28} the super admin

What to try
  - Open Contacts > {SARAH.name} as Yuki: her e-mails, each with "Why was this logged?"
  - Open Inboxes as Yuki: what was logged, what was skipped, and why.
  - Look for private mail: subjects start with {PRIVATE_MARKS[0]} or {PRIVATE_MARKS[1]}. It is in Yuki's mailbox and nowhere in Genkan.
  - Un-log a mail from its menu on a timeline, undo it, or un-log many at once under Inboxes > Un-logged.
  - Let a mail arrive:  bin/manage demo send --subject "Hello again"
  - Prove it:           bin/manage privacy verify"""


class Command(JsonCommand):
    help = "The demo workspace."
    # bin/dev has just migrated, which checked everything; checking again costs a tenth of the start.
    requires_system_checks: list[str] = []

    def add_actions(self) -> None:
        self.add_action("ensure", self.ensure, help="make what is missing; say who can sign in and what to try")
        send = self.add_action("send", self.send, help="send an e-mail to a demo mailbox")
        send.add_argument("--from", dest="sender", default=SARAH.email)
        send.add_argument("--to", default=YUKI.email)
        send.add_argument("--subject", default="Hello from the demo")
        send.add_argument("--body", default="This e-mail has just arrived.")

    def ensure(self, options: Namespace) -> Answer:
        made = ensure(_running_server())
        accounts = [{"email": person.email, "password": PASSWORD} for person in (EMMA, YUKI, JAMES)]
        return Answer({"made": made, "accounts": accounts}, GUIDE)

    def send(self, options: Namespace) -> Answer:
        names = {known.email: known.name for known in CONTACTS}
        mail = DemoMail(
            timezone.now(),
            (names.get(options.sender, ""), options.sender),
            [("", options.to)],
            options.subject,
            options.body,
        )
        with _submission() as smtp:
            smtp.sendmail(options.sender, [options.to], mail.as_bytes())
        return Answer({"message_id": mail.message_id}, f"Sent to {options.to}.")


def _ports() -> Ports:
    ports = known_ports()
    if ports is None:
        raise CommandError("The demo's mail server has not been started yet. Run bin/dev.")
    return ports


def _running_server() -> Ports:
    """Waits for the mail server that is starting beside this command."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        ports = known_ports()
        if ports is not None and not is_free(HOST, ports.imap):
            return ports
        time.sleep(0.1)
    raise CommandError("The demo's mail server does not answer. Run bin/dev.")


def _submission() -> SMTP:
    try:
        smtp = SMTP(HOST, _ports().smtp, timeout=10)
    except OSError as error:
        raise CommandError("The demo's mail server is not running. Run bin/dev.") from error
    smtp.login(YUKI.email, PASSWORD)
    return smtp
