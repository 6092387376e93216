"""`manage.py conversation`: the mail of team inboxes, as one of their members reads it."""

from argparse import Namespace
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from conversations import actions, queries
from conversations.models import Restoral
from conversations.queries import Search, View
from conversations.rows import Row, rows_of
from conversations.threads import Mail, mails_of
from inboxes.models import Inbox, TeamThread
from users.commands import Answer, JsonCommand, person_in
from users.keyset import Cursor, InvalidCursor
from users.models import User


class Command(JsonCommand):
    help = (
        "Reads team inboxes and takes filtered mail back, as one of their members: nobody else reads them here either."
    )

    def add_actions(self) -> None:
        self._add("inboxes", inboxes, help="The team inboxes of the person, with how much is unread.")
        listed = self._add("list", list_threads, help="Conversations of a team inbox, newest first, 50 at a time.")
        listed.add_argument("inbox", help="its address or code")
        listed.add_argument("--view", choices=[view.value for view in View], default=View.ALL.value)
        listed.add_argument("--search", default="", metavar="WORDS", help="in subjects, senders and recipients")
        listed.add_argument("--before", metavar="PLACE", help="go on where a list ended: its `older`")
        show = self._add("show", show_thread, help="The e-mails of a conversation, oldest first, 40 at a time.")
        show.add_argument("code", type=UUID)
        show.add_argument("--before", metavar="PLACE", help="go on where the e-mails ended: their `older`")
        for name, run, text in (
            ("read", mark_read, "Mark conversations as read."),
            ("unread", mark_unread, "Mark conversations as unread."),
            ("restore", restore, "Put filtered conversations of one inbox into its list."),
        ):
            self._add(name, run, help=text).add_argument("codes", nargs="+", type=UUID, metavar="CODE")
        self._add("undo", undo, help="Filter again what was put into the list.").add_argument("code", type=UUID)

    def _add(self, name: str, run: Callable[[Namespace], Answer], *, help: str) -> CommandParser:
        action = self.add_action(name, run, help=help)
        action.add_argument("--as", dest="person", required=True, metavar="EMAIL", help="the member who does it")
        return action


def inboxes(options: Namespace) -> Answer:
    found = queries.team_inboxes(person_in(options.person))
    rows = [
        {"code": team.inbox.code, "name": team.inbox.label, "address": team.inbox.address, "unread": team.unread}
        for team in found
    ]
    return Answer(rows, "\n".join(f"{row['unread']:>6}  {row['address']}\t{row['name']}" for row in rows))


def list_threads(options: Namespace) -> Answer:
    person = person_in(options.person)
    search = Search(_inbox(options.inbox, person), View(options.view), options.search.strip())
    page = queries.thread_page(search, person, before=_place(options))
    rows = [_row_as_json(row) for row in rows_of(page.threads, person)]
    lines = [
        f"{row['at']:%Y-%m-%d %H:%M}  {'*' if row['unread'] else ' '} {row['code']}\t{', '.join(row['from'])}\t{row['subject']}"
        for row in rows
    ]
    older = str(page.older) if page.older else None
    return Answer({"inbox": search.inbox.address, "conversations": rows, "older": older}, "\n".join(lines))


def show_thread(options: Namespace) -> Answer:
    person = person_in(options.person)
    thread = _thread(options.code, person)
    page = mails_of(thread, person, before=_place(options))
    mails = [_mail_as_json(mail) for mail in page.mails]
    lines = [
        f"{mail['at']:%Y-%m-%d %H:%M}  {mail['from']}\t{mail['subject']}\t{mail['why_not_logged']}" for mail in mails
    ]
    told = {"code": thread.code, "inbox": thread.inbox.address, "filtered": thread.filtered, "mails": mails}
    return Answer(told | {"older": str(page.older) if page.older else None}, "\n".join(lines))


def mark_read(options: Namespace) -> Answer:
    person = person_in(options.person)
    for thread in (threads := _threads(options.codes, person)):
        if thread.newest_incoming_at:
            actions.mark_read(thread=thread, until=thread.newest_incoming_at, by=person)
    return Answer({"read": len(threads)}, f"{len(threads)} marked as read.")


def mark_unread(options: Namespace) -> Answer:
    person = person_in(options.person)
    for thread in (threads := _threads(options.codes, person)):
        actions.mark_unread(thread=thread, by=person)
    return Answer({"unread": len(threads)}, f"{len(threads)} marked as unread.")


def restore(options: Namespace) -> Answer:
    person = person_in(options.person)
    threads = _threads(options.codes, person)
    if len({thread.inbox_id for thread in threads}) > 1:
        raise CommandError("These conversations are of more than one inbox.")
    restoral = actions.restore(inbox=threads[0].inbox, threads=threads, by=person, now=timezone.now())
    told = {"code": restoral.code, "conversations": restoral.threads, "mails": len(restoral.causes)}
    return Answer(told, f"{restoral.threads} are in the list. To undo it: conversation undo {restoral.code}")


def undo(options: Namespace) -> Answer:
    person = person_in(options.person)
    restoral = Restoral.objects.visible_to(person).filter(code=options.code).select_related("inbox").first()
    if restoral is None:
        raise CommandError(f"{person.email} knows of no such thing to undo.")
    actions.undo_restoral(restoral=restoral, by=person, now=timezone.now())
    return Answer({"conversations": restoral.threads}, f"{restoral.threads} are filtered again.")


def _inbox(text: str, person: User) -> Inbox:
    """The same words whether it does not exist or is none of theirs."""
    wanted = text.strip().lower()
    for team in queries.team_inboxes(person):
        if wanted in {team.inbox.address, str(team.inbox.code)}:
            return team.inbox
    raise CommandError(f"{person.email} is a member of no team inbox {text}.")


def _thread(code: UUID, person: User) -> TeamThread:
    return _threads([code], person)[0]


def _threads(codes: list[UUID], person: User) -> list[TeamThread]:
    threads = list(TeamThread.objects.visible_to(person).filter(code__in=codes).select_related("inbox"))
    for code in set(codes) - {thread.code for thread in threads}:
        raise CommandError(f"{person.email} reads no conversation {code}.")
    return threads


def _place(options: Namespace) -> Cursor | None:
    try:
        return Cursor.parse(options.before) if options.before else None
    except InvalidCursor as error:
        raise CommandError(f"{options.before} is no place in a list.") from error


def _row_as_json(row: Row) -> dict[str, Any]:
    newest = row.thread.newest
    return {
        "code": row.thread.code,
        "subject": newest.subject if newest else "",
        "from": [sender.email for sender in row.senders],
        "snippet": newest.snippet if newest else "",
        "at": row.thread.newest_at,
        "mails": row.thread.mails,
        "unread": row.is_unread,
        "filtered": row.thread.filtered,
        "attachments": row.has_files,
        "contact": row.contact.name if row.contact else None,
        "on_timelines_of": [contact.name for contact in row.logged_for],
    }


def _mail_as_json(mail: Mail) -> dict[str, Any]:
    message = mail.message
    return {
        "code": message.code,
        "message_id": message.message_id,
        "subject": message.subject,
        "from": message.from_email,
        "direction": "outgoing" if mail.outgoing else "incoming",
        "at": mail.received_at,
        "text": message.body_text if mail.is_open else None,
        "attachments": [file.filename for file in message.attachments.all() if not file.inline],
        "on_timelines_of": [contact.name for contact in mail.logged_for],
        "why_not_logged": mail.why_not,
    }
