"""Reads about the marks that owners set in their mail programs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from inboxes.envelope import Envelope, FolderRole
from inboxes.marks import Mark, MarkSource
from inboxes.models import Folder, FolderState, Inbox, MarkedMail
from logging_rules.models import MarkSettings
from logging_rules.tombstones import digest, identity_of


def mark_settings_of(inbox: Inbox) -> MarkSettings:
    """Not saved, where the owner has changed nothing."""
    return MarkSettings.objects.filter(inbox=inbox).first() or MarkSettings(inbox=inbox)


def marks_among(envelopes: Sequence[Envelope], *, inbox: Inbox, key: str) -> dict[bytes, set[Mark]]:
    """By fingerprint, the marks of those mails of which any copy in the inbox carries one. Hashes nothing where there are none."""
    marked = MarkedMail.objects.in_force().filter(inbox=inbox).exclude(mark=Mark.LOGGED)
    if not marked.exists():
        return {}
    by_digest: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for envelope in envelopes:
        by_digest[digest(identity_of(envelope), key=key)].append(envelope.fingerprint)
    found: defaultdict[bytes, set[Mark]] = defaultdict(set)
    for value, mark in marked.filter(digest__in=list(by_digest)).values_list("digest", "mark"):
        for fingerprint in by_digest[bytes(value)]:
            found[fingerprint].add(Mark(mark))
    return dict(found)


@dataclass(frozen=True, slots=True)
class MarkState:
    """How one mark stands in a mailbox: the folder of that name, if there is one, and how many messages carry it by folder,
    or by keyword or label."""

    mark: Mark
    name: str
    folder: str
    in_folder: int
    by_keyword: int


@dataclass(frozen=True, slots=True)
class MarksOverview:
    """`labelled`: how many messages carry the label for what is logged."""

    settings: MarkSettings
    states: list[MarkState]
    labelled: int

    @property
    def has_all_folders(self) -> bool:
        return all(state.folder for state in self.states)


def marks_overview(inbox: Inbox) -> MarksOverview:
    """As of the last sync. Three queries."""
    settings = mark_settings_of(inbox)
    counted = MarkedMail.objects.in_force().filter(inbox=inbox).values_list("mark", "source")
    counts = {(mark, source): messages for mark, source, messages in counted.annotate(messages=Count("pk"))}
    there = Folder.objects.filter(inbox=inbox, role=FolderRole.OTHER).exclude(state=FolderState.RETIRED)
    folders = {settings.names.of_folder(name): name for name in there.order_by("-name").values_list("name", flat=True)}
    named = ((Mark.LOG, settings.log_name), (Mark.PRIVATE, settings.private_name))
    states = [
        MarkState(
            mark=mark,
            name=name,
            folder=folders.get(mark, ""),
            in_folder=counts.get((mark, MarkSource.FOLDER), 0),
            by_keyword=counts.get((mark, MarkSource.KEYWORD), 0) + counts.get((mark, MarkSource.LABEL), 0),
        )
        for mark, name in named
    ]
    return MarksOverview(settings, states, counts.get((Mark.LOGGED, MarkSource.KEYWORD), 0))
