"""`manage.py privacy verify`: is anything of unlogged mail kept anywhere?"""

import time
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import CommandError

from crm_project.privacy.search import Unsearchable
from crm_project.privacy.verification import Verdict, verify
from inboxes.causes import cause_of
from users.commands import Answer, JsonCommand


class Command(JsonCommand):
    help = "Prove that nothing of unlogged mail is kept in database, broker, files or logs."

    def add_actions(self) -> None:
        parser = self.add_action(
            "verify",
            verify_privacy,
            help="read the connected mailboxes and search everything that is kept for their mail",
        )
        parser.add_argument(
            "--also",
            action="append",
            default=[],
            type=Path,
            metavar="PATH",
            help="a further file or folder to search, such as a log; may be repeated",
        )
        parser.add_argument(
            "--except",
            action="append",
            default=[],
            dest="excepted",
            metavar="PLACE",
            help="a place to pass over because people write there what they like, such as contacts_note.body",
        )


def verify_privacy(options: Namespace) -> Answer:
    if missing := [str(path) for path in options.also if not path.exists()]:
        raise CommandError(f"There is no {', '.join(missing)}.")
    started = time.monotonic()
    try:
        verdict = verify(also=options.also, excepted=options.excepted)
    except Unsearchable as error:
        raise CommandError(f"This could not be searched: {error}") from None
    data = {
        "clean": verdict.is_clean,
        **asdict(verdict),
        "excepted": options.excepted,
        "seconds": round(time.monotonic() - started, 1),
    }
    return Answer(data, "\n".join(_lines(verdict)), failure=_failure(verdict))


def _lines(verdict: Verdict) -> list[str]:
    lines = [
        f"{verdict.mails} mails in {verdict.inboxes} inboxes read, {verdict.unlogged} of them not logged.",
        *(f"found in {found.place}: {', '.join(found.kinds)} ({found.times}×)" for found in verdict.findings),
        *(f"inbox {key} could not be read: {cause_of(cause).title}" for key, cause in verdict.unread.items()),
        *(f"inbox {key} is not connected and was not read." for key in verdict.not_connected),
    ]
    if verdict.pending:
        lines.append(
            f"{verdict.pending} un-logged mails are kept in their own rows and files until that can no longer be undone."
        )
    if verdict.is_clean:
        lines.append("Nothing of unlogged mail is kept anywhere.")
    return lines


def _failure(verdict: Verdict) -> str:
    if verdict.findings:
        return f"Something of unlogged mail is kept: {', '.join(found.place for found in verdict.findings)}"
    return "Not every connected inbox could be read." if verdict.unread else ""
