"""Connected inboxes, and a mailbox in memory behind them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from inboxes.marks import DEFAULT_NAMES, MarkNames
from inboxes.models import Credential, Inbox, InboxKind, InboxMember, InboxStatus, MailServer
from inboxes.providers.base import Interest
from inboxes.providers.imap.connection import ImapSettings
from inboxes.providers.memory import MemoryMailbox
from inboxes.sync.engine import Outcome, SliceReport, run_slice
from logging_rules.facts import Preset
from logging_rules.intake import InboxIntake
from logging_rules.models import InboxPolicy
from users.models import User

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ALICE = "alice@ours.example"
SARAH = "sarah@meridian.example"
STRANGER = "stranger@elsewhere.example"
TEAM = "support@ours.example"


def connected_inbox(owner: User, address: str = ALICE, *, preset: str = Preset.KNOWN, **fields: Any) -> Inbox:
    """A personal inbox that is ready to be synced."""
    past_read_at = fields.get("backfill_done_at")
    values = {"connected_by": owner, "status": InboxStatus.ACTIVE, "status_since": NOW, "past_read_at": past_read_at}
    inbox = Inbox.objects.create(owner=owner, address=address, **values | fields)
    InboxPolicy.objects.create(inbox=inbox, preset=preset)
    return inbox


def at_mail_server(inbox: Inbox, settings: ImapSettings) -> Inbox:
    """It is really there, and opens with its password."""
    Credential.objects.create(inbox=inbox, secret=settings.password)
    MailServer.objects.create(
        inbox=inbox,
        protocol="imap",
        host=settings.host,
        port=settings.port,
        security=settings.security,
        username=settings.username,
    )
    return inbox


def team_inbox(owner: User, *members: User, address: str = TEAM, **fields: Any) -> Inbox:
    """A team inbox that is ready to be synced. Its owner is no member unless named among them."""
    values = {"kind": InboxKind.TEAM, "name": "Support", "preset": Preset.KNOWN}
    inbox = connected_inbox(owner, address, **values | fields)
    InboxMember.objects.bulk_create(InboxMember(inbox=inbox, person=person) for person in members)
    return inbox


class Clock:
    """Time that stands still until it is told to pass."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def mail_bytes(
    sender: str = SARAH,
    to: str = ALICE,
    subject: str = "Revised quote",
    *,
    message_id: str = "",
    body: str = "The price works for us.",
    date: datetime = NOW,
    **headers: str,
) -> bytes:
    """An e-mail as a server holds it; further headers as `In_Reply_To="<…>"`."""
    fields = {
        "From": sender,
        "To": to,
        "Subject": subject,
        "Date": date.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        **({"Message-ID": message_id} if message_id else {}),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\n{body}\r\n".encode()


def interest(*addresses: str, mark_names: MarkNames = DEFAULT_NAMES) -> Interest:
    return Interest(frozenset(addresses), mark_names)


def sync(inbox: Inbox, mailbox: MemoryMailbox, clock: Clock, **options: Any) -> SliceReport:
    """One slice, as a worker would do it."""
    return run_slice(
        inbox_id=inbox.pk,
        intake_for=InboxIntake,
        open_provider=lambda opened: mailbox.open(with_junk=opened.kind == InboxKind.TEAM),
        open_writer=lambda _: mailbox.open_writer(),
        clock=clock,
        worker="test",
        **options,
    )


def sync_until_quiet(inbox: Inbox, mailbox: MemoryMailbox, clock: Clock) -> None:
    """Slices until there is nothing left to do now."""
    for _ in range(50):
        if sync(inbox, mailbox, clock).outcome == Outcome.DONE:
            return
    raise AssertionError("the sync does not come to an end")
