"""`manage.py inbox marks`: the folders and labels of one inbox."""

from argparse import ArgumentParser, BooleanOptionalAction, Namespace
from dataclasses import asdict

from django.core.management.base import CommandError
from django.forms.models import model_to_dict

from inboxes.causes import cause_of
from inboxes.models import Inbox
from inboxes.providers.base import ProviderError
from logging_rules.actions import MarkChoices, create_mark_folders, set_marks
from logging_rules.marks import mark_settings_of, marks_overview
from users.commands import Answer

CHOICES = ("log_name", "private_name", "logged_name", "writes_label", "removing_unlogs")


def add_marks_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("address")
    parser.add_argument("--set-log", dest="log_name", metavar="NAME", help="of the folder and keyword that log")
    parser.add_argument("--set-private", dest="private_name", metavar="NAME", help="of those that keep private")
    parser.add_argument("--set-label", dest="logged_name", metavar="NAME", help="of the label on logged messages")
    parser.add_argument(
        "--label", dest="writes_label", action=BooleanOptionalAction, help="write that label into the mailbox"
    )
    parser.add_argument(
        "--removing-unlogs", action=BooleanOptionalAction, help="taking the label off a message un-logs it"
    )
    parser.add_argument("--create-folders", action="store_true", help="create the folders that are not there yet")


def show_marks(inbox: Inbox, options: Namespace) -> Answer:
    """Changes what the options name, in the name of the inbox's owner, then shows how it stands."""
    changes = {name: getattr(options, name) for name in CHOICES if getattr(options, name) is not None}
    if changes:
        now = model_to_dict(mark_settings_of(inbox), fields=CHOICES)
        set_marks(inbox=inbox, choices=MarkChoices(**now | changes), by=inbox.owner)
    if options.create_folders:
        try:
            create_mark_folders(inbox=inbox, by=inbox.owner)
        except ProviderError as error:
            cause = cause_of(error.cause)
            raise CommandError(f"{cause.title}. {cause.fix_while_trying}") from None
    overview = marks_overview(inbox)
    lines = [
        f"{state.mark}: {state.name} ({state.folder or 'no such folder'}), {state.in_folder} in the folder,"
        f" {state.by_keyword} by keyword"
        for state in overview.states
    ]
    settings = overview.settings
    label = f"{settings.logged_name}, on {overview.labelled} messages" if settings.writes_label else "none is written"
    refused = " (the server allows no keywords)" if settings.label_refused else ""
    data = {
        **model_to_dict(settings, fields=CHOICES),
        "label_refused": settings.label_refused,
        "labelled": overview.labelled,
        "marks": [asdict(state) for state in overview.states],
    }
    return Answer(data, "\n".join([*lines, f"label: {label}{refused}"]))
