"""A page of threads as its rows show them: who wrote, which contact that is, on whose timeline it stands, whether files are in it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Max, Min
from django.utils.translation import gettext

from contacts.models import Contact, ContactAddress, TimelineEntry
from conversations.queries import unread_among
from conversations.reasons import FilterCause, filter_cause
from inboxes.models import Attachment, TeamMail, TeamThread
from users.keyset import Cursor
from users.models import User

SENDERS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody who wrote in a thread. `is_team`: it was sent from the inbox itself."""

    name: str
    email: str
    is_team: bool


@dataclass(frozen=True, slots=True)
class Row:
    """`senders` in the order in which they first wrote; `contact` is the first participant who is one, `logged_for` the contacts on
    whose timelines an e-mail of the thread stands."""

    thread: TeamThread
    is_unread: bool
    senders: list[Sender]
    has_files: bool
    contact: Contact | None
    logged_for: list[Contact]

    @property
    def addressee(self) -> str:
        """To whom the newest e-mail went."""
        recipients = self.thread.newest.recipients if self.thread.newest else []
        return next((name or address for _, address, name in recipients), "")

    @property
    def is_from_team_only(self) -> bool:
        return all(sender.is_team for sender in self.senders)

    @property
    def seen(self) -> str:
        """The moment of its newest incoming e-mail, for the form that marks it as read; empty where none came in."""
        moment = self.thread.newest_incoming_at
        return str(Cursor(moment, 0)) if moment else ""

    @property
    def cause(self) -> FilterCause | None:
        return filter_cause(self.thread.filtered) if self.thread.filtered else None

    @property
    def logged_names(self) -> str:
        return gettext(", ").join(contact.name for contact in self.logged_for)

    @property
    def shown_senders(self) -> list[Sender]:
        return self.senders[:SENDERS_SHOWN]

    @property
    def more_senders(self) -> int:
        return len(self.senders) - len(self.shown_senders)


def rows_of(threads: Sequence[TeamThread], user: User) -> list[Row]:
    """Eight queries at most, however many threads."""
    unread = unread_among(threads, user)
    senders = _senders_of(threads)
    with_files = _threads_with_files(threads)
    logged_for = _timelines_of(threads, user)
    contacts = _contacts_with(
        {email for thread in threads for email in _participants(thread, senders[thread.pk])}, user=user
    )
    return [
        Row(
            thread=thread,
            is_unread=thread.pk in unread,
            senders=senders[thread.pk],
            has_files=thread.pk in with_files,
            contact=next(
                (contacts[email] for email in _participants(thread, senders[thread.pk]) if email in contacts), None
            ),
            logged_for=logged_for[thread.pk],
        )
        for thread in threads
    ]


def _senders_of(threads: Sequence[TeamThread]) -> dict[int, list[Sender]]:
    rows = (
        TeamMail.objects.filter(team_thread__in=[thread.pk for thread in threads])
        .values("team_thread", "message__from_email", "outgoing")
        .annotate(name=Max("message__from_name"), first_at=Min("received_at"))
        .order_by("first_at")
    )
    senders: dict[int, list[Sender]] = defaultdict(list)
    for row in rows:
        email = row["message__from_email"]
        senders[row["team_thread"]].append(Sender(row["name"] or email, email, row["outgoing"]))
    return senders


def _participants(thread: TeamThread, senders: Iterable[Sender]) -> list[str]:
    """Addresses outside first: those who wrote, then those of the newest e-mail."""
    written = [sender.email for sender in senders if not sender.is_team]
    return [*written, *(thread.newest.participants if thread.newest else [])]


def _threads_with_files(threads: Sequence[TeamThread]) -> set[int]:
    files = Attachment.objects.filter(inline=False, message__team_mail__team_thread__in=[t.pk for t in threads])
    return set(files.values_list("message__team_mail__team_thread", flat=True).distinct())


def _contacts_with(emails: set[str], *, user: User) -> dict[str, Contact]:
    addresses = ContactAddress.objects.filter(email__in=emails, contact__in=Contact.objects.visible_to(user))
    found = addresses.select_related("contact__company").defer("contact__search", "contact__company__search")
    return {address.email: address.contact for address in found}


def _timelines_of(threads: Sequence[TeamThread], user: User) -> dict[int, list[Contact]]:
    keys = [thread.pk for thread in threads]
    entries = TimelineEntry.objects.visible_to(user).filter(message__team_mail__team_thread__in=keys)
    pairs = set(entries.values_list("message__team_mail__team_thread", "contact"))
    contacts = Contact.objects.visible_to(user).only("code", "name").in_bulk({contact for _, contact in pairs})
    logged_for: dict[int, list[Contact]] = defaultdict(list)
    for thread, contact in sorted(pairs):
        if contact in contacts and thread in keys:
            logged_for[thread].append(contacts[contact])
    return logged_for
