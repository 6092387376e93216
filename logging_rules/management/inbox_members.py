"""`inbox members`: who reads a team inbox; and the arguments that connect one."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable

from django.core.management.base import CommandError

from inboxes import actions
from inboxes.models import Inbox, InboxKind, InboxMember
from logging_rules.facts import Preset
from users.commands import Answer
from users.models import User


def add_team_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--team", action="store_true", help="as a team inbox; the owner needs account access")
    parser.add_argument("--name", default="", help="of the team inbox; without it, what stands before the @")
    parser.add_argument("--from-name", default="", help="stands before the address of what is sent")
    parser.add_argument(
        "--member",
        action="append",
        default=[],
        metavar="EMAIL",
        help="who reads it; may be repeated; without it, the owner",
    )


def kind_of_options(options: Namespace) -> InboxKind:
    """Raises CommandError for arguments of a team inbox without --team."""
    if not options.team and (options.name or options.from_name or options.member):
        raise CommandError("--name, --from-name and --member are for a team inbox: add --team.")
    return InboxKind.TEAM if options.team else InboxKind.PERSONAL


def chosen_preset(options: Namespace) -> Preset | None:
    """None for a team inbox about which nothing was said: it does as all of them do."""
    if options.preset is None:
        return None if options.team else Preset.REPLIES
    return Preset(options.preset)


def choose_team(inbox: Inbox, options: Namespace, members: Iterable[User], by: User) -> None:
    """Of an inbox that has not started; does nothing for a personal one."""
    if inbox.kind != InboxKind.TEAM:
        return
    name = options.name or inbox.name
    actions.name_team_inbox(inbox=inbox, name=name, from_name=options.from_name, by=by)
    if options.member:
        actions.choose_members(inbox=inbox, people=members, by=by)


def add_members_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--add", action="append", default=[], metavar="EMAIL", help="may be repeated")
    parser.add_argument("--remove", action="append", default=[], metavar="EMAIL", help="may be repeated")
    parser.add_argument("--by", metavar="EMAIL", help="who does it, somebody with account access; needed for a change")


def show_members(inbox: Inbox, *, add: list[User], remove: list[User], by: User | None) -> Answer:
    if inbox.kind != InboxKind.TEAM:
        raise CommandError(f"{inbox.address} is a personal inbox: nobody but its owner reads it.")
    if add or remove:
        if by is None:
            raise CommandError("Say with --by who does it: somebody with account access.")
        actions.add_members(inbox=inbox, people=add, by=by)
        for person in remove:
            actions.remove_member(inbox=inbox, person=person, by=by)
    members = InboxMember.objects.filter(inbox=inbox).select_related("person").order_by("person__email")
    people = [
        {"email": member.person.email, "name": member.person.name, "since": member.added_at} for member in members
    ]
    data = {"address": inbox.address, "name": inbox.name, "from_name": inbox.from_name, "members": people}
    lines = [f"{person['email']}  {person['name']}" for person in people]
    return Answer(data, "\n".join(lines) or f"Nobody reads {inbox.address}: it has no members.")
