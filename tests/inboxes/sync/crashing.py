"""A worker that dies: run as a program, it syncs an inbox in a process of its own and is killed at a chosen point.

Reads lines `scenario inbox number` and answers each with `killed` or `finished`. The points are numbered: every call to the
mailbox is one, and every boundary of the database's (`tests.fakes.boundaries`); the worker dies there by SIGKILL.
"""

import os
import signal
import sys
from datetime import timedelta

from tests.fakes.boundaries import at, kill_this_process, watched


def build_mailbox(scenario: str):
    """The same mailbox in every process. "first" was never synced; "renumbered" is it after all keys changed and mail came; "team" is
    read by a team."""
    from inboxes.envelope import FolderRole
    from inboxes.providers.memory import MemoryMailbox
    from tests.factories.inboxes import ALICE, NOW, SARAH, STRANGER, mail_bytes

    mailbox = MemoryMailbox(page_messages=4, now=NOW)
    file = "--x\r\nContent-Type: text/plain\r\n\r\nSee\r\n--x\r\nContent-Type: text/csv; name=a.csv\r\n\r\n1,2\r\n--x--"
    for number in range(6):
        mailbox.deliver(mail_bytes(SARAH if number % 2 else STRANGER, message_id=f"<{number}@m>"))
    mailbox.deliver(mail_bytes(SARAH, message_id="<file@m>", body=file, Content_Type="multipart/mixed; boundary=x"))
    mailbox.deliver(mail_bytes(ALICE, SARAH, message_id="<answer@o>", In_Reply_To="<1@m>"), "Sent")
    mailbox.deliver(mail_bytes(SARAH, message_id="<3@m>"), "Sent")
    mailbox.spoil(mailbox.deliver(mail_bytes(SARAH, message_id="<spoiled@m>")))
    if scenario == "team":
        mailbox.create_folder("Junk", FolderRole.JUNK)
        mailbox.deliver(mail_bytes(SARAH, message_id="<junk@m>"), "Junk")
        mailbox.deliver(mail_bytes(SARAH, message_id="<list@m>", List_Id="<news>", In_Reply_To="<1@m>"))
    if scenario == "renumbered":
        for folder in ("INBOX", "Sent"):
            mailbox.change_uidvalidity(folder)
        mailbox.deliver(mail_bytes(SARAH, message_id="<new@m>"))
    return mailbox


def sync_and_die(scenario: str, inbox_id: int, point: int) -> None:
    from inboxes.sync.engine import run_slice
    from logging_rules.intake import InboxIntake
    from tests.factories.inboxes import NOW

    mailbox = build_mailbox(scenario)
    pass_by, record_call = at(point, kill_this_process), mailbox.record_call

    def count_call(call: str) -> None:
        pass_by()
        record_call(call)

    mailbox.record_call = count_call
    with watched(pass_by):
        run_slice(
            inbox_id=inbox_id,
            intake_for=InboxIntake,
            open_provider=lambda _: mailbox.open(with_junk=scenario == "team"),
            clock=lambda: NOW,
            budget=timedelta(hours=1),
        )


def main() -> None:
    import django

    django.setup()
    # Once, before there are children.
    import tests.factories.inboxes  # noqa: F401

    for line in sys.stdin:
        scenario, inbox_id, point = line.split()
        child = os.fork()
        if not child:
            sync_and_die(scenario, int(inbox_id), int(point))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else f"finished {status}", flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
