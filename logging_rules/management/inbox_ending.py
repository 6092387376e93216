"""`inbox disable`, `enable` and `remove`: by the same rules as on the pages, to the end in this process."""

from argparse import ArgumentParser, Namespace

from django.core.management.base import CommandError
from django.utils import timezone

from inboxes import actions
from inboxes.allowed import may_reconnect
from inboxes.causes import cause_of
from inboxes.models import Inbox, InboxKind, InboxStatus
from inboxes.oauth.keeping import give_back_grants
from inboxes.trial import why_shut
from logging_rules.actions import finish_removal
from logging_rules.removal import holdings_of
from users.commands import Answer
from users.models import User


def add_ending_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--by", metavar="EMAIL", help="who does it; without it, the inbox's owner")


def add_removal_arguments(parser: ArgumentParser) -> None:
    add_ending_arguments(parser)
    parser.add_argument("--erase", action="store_true", help="with all that it logged")
    parser.add_argument("--dry-run", action="store_true", help="only say what it holds")


def disable(inbox: Inbox, *, by: User) -> Answer:
    actions.disable(inbox=inbox, by=by)
    return _told(inbox, "disabled; nothing was deleted.")


def enable(inbox: Inbox, *, by: User) -> Answer:
    if inbox.status == InboxStatus.DISABLED and may_reconnect(inbox) and (cause := why_shut(inbox)):
        raise CommandError(f"{cause_of(cause).title}. Reconnect the inbox to enable it.")
    actions.enable(inbox=inbox, by=by)
    return _told(inbox, "enabled; the next worker syncs it.")


def remove(inbox: Inbox, options: Namespace, *, by: User) -> Answer:
    """A team inbox is disabled and removed in one."""
    holdings = holdings_of(inbox)
    if options.dry_run:
        data = {
            name: getattr(holdings, name) for name in ("mails", "contacts", "shared", "erasable", "made", "unplaced")
        }
        return Answer(data, "\n".join(f"{count:>7}  {name}" for name, count in data.items()))
    act = actions.delete_team_inbox if inbox.kind == InboxKind.TEAM else actions.remove
    removal = act(inbox=inbox, erase=options.erase, by=by)
    finish_removal(inbox_id=inbox.pk, now=timezone.now())
    give_back_grants(now=timezone.now())
    removal.refresh_from_db()
    revocations = [
        {"place": each.place, "account": each.account, "state": each.state} for each in inbox.revocations.order_by("pk")
    ]
    data = {
        "address": inbox.address,
        "removed_at": removal.inbox.removed_at,
        "erased": removal.erased,
        "erased_contacts": removal.erased_contacts,
        "kept": inbox.sightings.count(),
        "revocations": revocations,
    }
    said = [f"{inbox.address} is removed; {data['kept']} e-mails stay, {removal.erased} were erased."]
    return Answer(data, "\n".join([*said, *(f"  access at {each['place']}: {each['state']}" for each in revocations)]))


def _told(inbox: Inbox, done: str) -> Answer:
    inbox.refresh_from_db()
    return Answer({"address": inbox.address, "status": InboxStatus(inbox.status).value}, f"{inbox.address} is {done}")
