"""`manage.py demo`: makes the demo workspace, says who can sign in, and sends a mail into it."""

import time
from argparse import Namespace

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from crm_project.demo import home
from crm_project.demo.connections import ports_in_use
from crm_project.demo.delivery import NobodyThere, deliver
from crm_project.demo.home import Home
from crm_project.demo.mail import DemoMail
from crm_project.demo.people import (
    APPROVED_FIRST,
    CONTACTS,
    EMMA,
    JAMES,
    PASSWORD,
    PRIVATE_MARKS,
    SARAH,
    SUPPORT,
    YUKI,
    YUKI_GMAIL,
)
from crm_project.demo.workspace import ensure
from crm_project.runner.ports import is_free
from users.commands import Answer, JsonCommand

START_SECONDS = 180
GUIDE = f"""\
Sign in as                          password: {PASSWORD}
  {YUKI.email:<28} a member with a mixed mailbox (IMAP), in Japanese
  {JAMES.email:<28} a member who logs replies only (Gmail)
  {EMMA.email:<28} the super admin (Microsoft 365)

What to try
  - Open Contacts > {SARAH.name} as Yuki: her e-mails, each with "Why was this logged?"
  - Open Inboxes as Yuki: what was logged, what was skipped, and why. As Emma: what waits for her word.
  - Open Support as any of them: the mailbox {SUPPORT.email}, which they answer together (connected by Emma).
  - Look for private mail: subjects start with {PRIVATE_MARKS[0]} or {PRIVATE_MARKS[1]}. It is in every mailbox and nowhere in Genkan.
  - Connect another inbox by signing in at the stand-ins for Google ({YUKI_GMAIL.email})
    and Microsoft ({APPROVED_FIRST.email}: its administrator has to approve first).
  - Un-log a mail from its menu on a timeline, undo it, or un-log many at once under Inboxes > Un-logged.
  - Let a mail arrive:  bin/manage demo send --to {EMMA.email} --subject "Hello again"
  - Prove it:           bin/manage privacy verify"""


class Command(JsonCommand):
    help = "The demo workspace."
    # Migrating checks everything; checking again costs a tenth of a start.
    requires_system_checks: list[str] = []

    def add_actions(self) -> None:
        make = self.add_action("ensure", self.ensure, help="make what is missing; say who can sign in and what to try")
        make.add_argument("--migrate", action="store_true", help="bring the database up to date first")
        send = self.add_action("send", self.send, help="let an e-mail arrive in a demo mailbox, at whichever provider")
        send.add_argument("--from", dest="sender", default=SARAH.email)
        send.add_argument("--to", default=YUKI.email)
        send.add_argument("--subject", default="Hello from the demo")
        send.add_argument(
            "--label",
            action="append",
            default=[],
            help="a Gmail label or Outlook category, such as CRM/Log; may be repeated",
        )
        send.add_argument("--body", default="This e-mail has just arrived.")

    def ensure(self, options: Namespace) -> Answer:
        if options.migrate:
            call_command("migrate", interactive=False, verbosity=0, skip_checks=False)
        made = ensure(_running_demo())
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
            labels=options.label,
        )
        try:
            deliver(mail, sender=options.sender, to=options.to, demo=_demo())
        except OSError as error:
            raise CommandError("The demo is not running. Run bin/dev.") from error
        except NobodyThere as error:
            raise CommandError(f"Nobody in the demo has the address {options.to}.") from error
        return Answer({"message_id": mail.message_id}, f"Sent to {options.to}.")


def _demo() -> Home:
    demo = home.known(settings.DATA_DIR)
    if demo is None:
        raise CommandError("The demo has not been started yet. Run bin/dev.")
    return demo


def _running_demo() -> Home:
    """Waits for the servers that are starting beside this command."""
    demo, deadline = _demo(), time.monotonic() + START_SECONDS
    for port in ports_in_use(demo):
        while is_free(home.HOST, port):
            if time.monotonic() > deadline:
                raise CommandError("The demo's servers do not answer. Run bin/dev.")
            time.sleep(0.1)
    return demo
