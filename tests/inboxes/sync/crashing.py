"""A worker that dies: run as a program, it syncs an inbox in a process of its own and is killed at a chosen point.

Reads lines `scenario inbox number` and answers each with `killed` or `finished`. The points are numbered: every call to the
mailbox and every statement that writes is one, and the worker dies by SIGKILL just before it.
"""

import os
import signal
import sys
from datetime import timedelta

from django.db import connection

CHANGES_NOTHING = ("SELECT", "SAVEPOINT", "RELEASE")


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


def die_at(point: int, mailbox) -> None:
    """Arms this process."""
    passed = 0

    def pass_by() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    record_call = mailbox.record_call

    def count_call(call: str) -> None:
        pass_by()
        record_call(call)

    def count_statement(execute, sql, params, many, context):
        if not sql.lstrip().startswith(CHANGES_NOTHING):
            pass_by()
        return execute(sql, params, many, context)

    mailbox.record_call = count_call
    connection.execute_wrappers.append(count_statement)


def sync_and_die(scenario: str, inbox_id: int, point: int) -> None:
    from inboxes.sync.engine import run_slice
    from logging_rules.intake import InboxIntake
    from tests.factories.inboxes import NOW

    mailbox = build_mailbox(scenario)
    die_at(point, mailbox)
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
