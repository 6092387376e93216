"""People an inbox writes to who are no contacts yet: found live in its Sent folders for the owner's eyes, the newest mail first.

Nothing of it is stored here. What was found so far travels, signed, between the owner's browser and us; only whom the owner
chooses becomes a contact.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core import signing

from inboxes.addresses import is_no_reply, is_valid
from inboxes.envelope import Envelope, FolderRole
from inboxes.marks import NO_NAMES, Mark
from inboxes.models import Inbox
from inboxes.providers.base import Interest, MailProvider
from inboxes.queries import folder_sizes
from logging_rules.dry_run import timed
from logging_rules.facts import Facts
from logging_rules.marks import mark_settings_of, marks_among
from logging_rules.models import WorkspacePolicy
from logging_rules.queries import contacts_by_address, everybody_inside, never_log_lists
from logging_rules.scanning import Scan
from logging_rules.shown import shown, shown_since

SALT = "logging_rules.suggestions"
MAX_AGE = timedelta(hours=6)

MAILS_AT_ONCE = 2_000
"""So many sent mails are looked through before the owner is asked whether to go on."""

ONLY_SENT = Interest(frozenset(), NO_NAMES)
"""What is of nobody's interest but for being sent by the owner, where all mail lies in one folder."""

MOST_PEOPLE = 1_000
"""So many are remembered between two pages: those who were written to most."""


@dataclass(slots=True)
class Recipient:
    """Somebody who was written to: the name last used, how often, and when last (ISO time)."""

    name: str
    mails: int
    last: str

    @property
    def last_at(self) -> datetime:
        return datetime.fromisoformat(self.last)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A recipient who could become a contact."""

    email: str
    name: str
    mails: int
    last_at: datetime

    @property
    def contact_name(self) -> str:
        """What a contact would be called: nobody without a name is nameless."""
        return self.name or self.email.partition("@")[0]


@dataclass(slots=True)
class Search:
    """How far the Sent folders are read, and who was found, by address. `added` are codes of contacts made from it, `kept_out`
    addresses that came on the never-log list."""

    inbox_id: int
    scan: Scan
    limit: int = MAILS_AT_ONCE
    people: dict[str, Recipient] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    kept_out: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, inbox: Inbox) -> "Search":
        return cls(inbox.pk, Scan.start(shown_since(inbox)))

    @classmethod
    def from_signed(cls, text: str, inbox: Inbox) -> "Search":
        """Raises `signing.BadSignature` for a text that is not ours, too old, or of another inbox."""
        data: dict[str, Any] = signing.loads(text, salt=SALT, max_age=MAX_AGE)
        if data["inbox_id"] != inbox.pk:
            raise signing.BadSignature("a search of another inbox")
        people = {email: Recipient(**person) for email, person in data.pop("people").items()}
        return cls(scan=Scan(**data.pop("scan")), people=people, **data)

    def signed(self) -> str:
        return signing.dumps(asdict(self), salt=SALT, compress=True)

    @property
    def goes_on(self) -> bool:
        """Whether there is more to read before the owner is asked."""
        return not self.scan.done and self.scan.scanned < self.limit

    @property
    def suggestions(self) -> list[Suggestion]:
        """Whom the owner wrote to most comes first, then whom they wrote to last."""
        found = [Suggestion(email, each.name, each.mails, each.last_at) for email, each in self.people.items()]
        return sorted(found, key=lambda each: (each.mails, each.last_at), reverse=True)

    def note(self, envelope: Envelope) -> None:
        names = {address.email: address.name for address in (*envelope.to, *envelope.cc, *envelope.bcc)}
        for email, name in names.items():
            person = self.people.setdefault(email, Recipient("", 0, envelope.sent_at.isoformat()))
            person.mails += 1
            # The newest mail comes first, so the first name that is found is the one used last.
            person.name = person.name or (name if name.casefold() != email else "")
            person.last = max(person.last_at, envelope.sent_at).isoformat()

    def keep_unknown(self, inbox: Inbox) -> None:
        """Forgets contacts, colleagues, machines, and whom a never-log entry names. A constant number of queries."""
        contacts, colleagues = contacts_by_address(self.people.keys()), everybody_inside()
        never_log = [email for entries in never_log_lists(inbox) for email, _ in entries.matches(self.people)]
        known = {*contacts, *never_log}
        self.people = {
            email: person
            for email, person in self.people.items()
            if email not in known and email not in colleagues and is_valid(email) and not is_no_reply(email)
        }
        for each in self.suggestions[MOST_PEOPLE:]:
            del self.people[each.email]


def search_step(provider: MailProvider, inbox: Inbox, search: Search) -> Search:
    """The search, one page of headers further. Raises `ProviderError`."""
    search = deepcopy(search)
    with timed(search.scan):
        page = search.scan.next_page(provider, folder_sizes(inbox), only=FolderRole.SENT, interest=ONLY_SENT)
    if page is not None:
        sent = [envelope for envelope in shown(page.envelopes, inbox) if envelope.sent_by_owner]
        for envelope in _not_private(sent, inbox):
            search.note(envelope)
    return search


def _not_private(envelopes: Sequence[Envelope], inbox: Inbox) -> list[Envelope]:
    """Mail that the owner marked as private suggests nobody. A constant number of queries."""
    key = WorkspacePolicy.objects.current().tombstone_key
    facts = Facts(marks=marks_among(envelopes, inbox=inbox, key=key), mark_names=mark_settings_of(inbox).names)
    return [one for one in envelopes if not one.is_private and not facts.has_mark(one, Mark.PRIVATE)]
