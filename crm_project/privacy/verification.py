"""Proving that nothing of unlogged mail is kept anywhere."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

from crm_project.privacy import broker, database, files
from crm_project.privacy.known import without_known
from crm_project.privacy.mailboxes import LiveMail, live_mails, unlogged
from crm_project.privacy.originals import without_logged
from crm_project.privacy.search import Search, Trace
from crm_project.privacy.tokens import Token
from inboxes.connections import look_into
from inboxes.models import Inbox, InboxStatus, Message
from inboxes.providers.base import MailProvider, ProviderError
from logging_rules.unlogging import kept_for_undo

MAILS_AT_ONCE = 200_000
"""So many unlogged mails are searched for in one pass: about 300 MB of memory."""
MAILS_OF_A_QUERY = 5_000

NOT_CONNECTED = (InboxStatus.NEEDS_RECONNECT, InboxStatus.DISABLED)


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where something of unlogged mail is kept: which kinds of thing, in how many values."""

    place: str
    kinds: tuple[str, ...]
    times: int


@dataclass(slots=True)
class Verdict:
    """`unread` are the inboxes that could not be read, with the cause; `not_connected` those that are not to be read now. `pending`
    counts un-logged mails that are kept because it can still be undone: what they say is accepted in their own rows and files."""

    inboxes: int = 0
    mails: int = 0
    unlogged: int = 0
    pending: int = 0
    findings: list[Finding] = field(default_factory=list)
    unread: dict[int, str] = field(default_factory=dict)
    not_connected: list[int] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.findings and not self.unread


def verify(
    *,
    also: Iterable[Path] = (),
    excepted: Iterable[str] = (),
    open_provider: Callable[[Inbox], AbstractContextManager[MailProvider]] = look_into,
) -> Verdict:
    """Reads every connected mailbox and searches database, broker, files and logs. Changes and stores nothing.

    `also` are further files or folders to search; `excepted` are places (as findings name them) in which people write what
    they like, and which are passed over. Mail that is logged meanwhile is no finding. Raises `Unsearchable`.
    """
    verdict = Verdict(pending=Message.objects.filter(kept_for_undo(), sightings=None, team_mail=None).count())
    traces: list[Trace] = []
    for mails in _batches(_unlogged_mails(verdict, open_provider), MAILS_AT_ONCE):
        traces += _confirmed_traces(mails, [*also])
    passed_over = set(excepted)
    verdict.findings = _findings(trace for trace in traces if trace.place not in passed_over)
    return verdict


def _unlogged_mails(
    verdict: Verdict, open_provider: Callable[[Inbox], AbstractContextManager[MailProvider]]
) -> Iterator[LiveMail]:
    for inbox in Inbox.objects.order_by("pk"):
        if inbox.status in NOT_CONNECTED:
            verdict.not_connected.append(inbox.pk)
            continue
        try:
            with open_provider(inbox) as provider:
                for page in live_mails(inbox, provider):
                    found = unlogged(page)
                    verdict.mails += len(page)
                    verdict.unlogged += len(found)
                    yield from found
        except ProviderError as error:
            verdict.unread[inbox.pk] = error.cause
        else:
            verdict.inboxes += 1


def _confirmed_traces(mails: list[LiveMail], also: list[Path]) -> list[Trace]:
    tokens = _tokens(mails)
    found = list(without_logged(_traces(Search(tokens), also)))
    if not found:
        return []
    # Workers go on while we search: what they have logged or learnt meanwhile was never a leak.
    left = _tokens(_still_unlogged(mails))
    return [Trace(trace.place, rest) for trace in found if (rest := trace.tokens & left)]


def _tokens(mails: Iterable[LiveMail]) -> set[Token]:
    return without_known({token for mail in mails for token in mail.tokens})


def _still_unlogged(mails: list[LiveMail]) -> Iterator[LiveMail]:
    for _, of_inbox in groupby(mails, key=lambda mail: mail.inbox_id):
        for part in _batches(of_inbox, MAILS_OF_A_QUERY):
            yield from unlogged(part)


def _traces(search: Search, also: list[Path]) -> Iterator[Trace]:
    yield from database.traces(search)
    yield from broker.traces(search)
    yield from files.traces(search, also)


def _findings(traces: Iterable[Trace]) -> list[Finding]:
    times: Counter[str] = Counter()
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for trace in traces:
        times[trace.place] += 1
        kinds[trace.place] |= {token.kind.value for token in trace.tokens}
    return [Finding(place, tuple(sorted(kinds[place])), times[place]) for place in sorted(times)]


def _batches(mails: Iterator[LiveMail], size: int) -> Iterator[list[LiveMail]]:
    while batch := list(islice(mails, size)):
        yield batch
