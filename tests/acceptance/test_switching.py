"""Two thousand mails through a change of provider, and from a person to the team: nothing twice, nothing lost, nothing private seen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.actions import ContactDetails, create_contact
from contacts.models import TimelineEntry
from inboxes.actions import disable, switch_to_api, switch_to_imap
from inboxes.actions.servers import ConnectionDetails, ServerLogin
from inboxes.envelope import FolderRole
from inboxes.models import (
    Credential,
    CredentialKind,
    Inbox,
    InboxStatus,
    LedgerEntry,
    LedgerState,
    Message,
    ProviderKind,
    Security,
    Sighting,
    TeamMail,
)
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.scopes import GMAIL_READ
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from logging_rules.actions import add_never_log_entry, convert_to_personal, convert_to_team, unlog
from logging_rules.unlogging import Selection
from tests.acceptance.kept import everything_kept
from tests.factories.inboxes import ALICE, SARAH, Clock, connected_inbox, mail_bytes, sync_until_quiet

pytestmark = pytest.mark.django_db
MAILS, EVERY = 2000, 10
"""One mail in ten is with a contact."""
CLINIC = "desk@clinic.example"
SECRET = "wombat-canary"


def mails(now):
    """The mailbox, by number: mail with Sarah, and private mail whose every part carries a token."""
    for number in range(MAILS):
        at = now - timedelta(hours=number)
        identity = f"<{number}@elsewhere.example>"
        if number % EVERY == 0:
            yield mail_bytes(SARAH, subject=f"Offer {number}", message_id=identity, date=at)
        elif number % EVERY == 1:
            yield mail_bytes(CLINIC, subject=f"{SECRET} visit", body=SECRET, message_id=identity, date=at)
        else:
            stranger = f"{SECRET}-{number}@private.example"
            yield mail_bytes(stranger, subject=f"{SECRET} {number}", body=SECRET, message_id=identity, date=at)


def filled(now, folder: str = "INBOX") -> MemoryMailbox:
    mailbox = MemoryMailbox(page_messages=500, now=now)
    if folder != "INBOX":
        mailbox.create_folder(folder, FolderRole.ALL)
        mailbox.delete_folder("INBOX")
    for number, raw in enumerate(mails(now)):
        mailbox.deliver(raw, folder=folder, received_at=now - timedelta(hours=number))
    return mailbox


@pytest.fixture
def clock() -> Clock:
    return Clock(timezone.now())


@pytest.fixture
def inbox(alice, clock) -> Inbox:
    create_contact(details=ContactDetails(name="Sarah Okafor", emails=[SARAH]), by=alice)
    create_contact(details=ContactDetails(name="The clinic", emails=[CLINIC]), by=alice)
    add_never_log_entry(text="clinic.example", by=alice, owner=alice)
    inbox = connected_inbox(alice, provider=ProviderKind.IMAP, status_since=clock())
    Credential.objects.create(inbox=inbox, secret="password")
    return inbox


def timeline() -> list[tuple[int, int]]:
    return sorted(TimelineEntry.objects.values_list("contact", "message"))


def test_a_mailbox_of_two_thousand_mails_moves_to_another_provider_and_back(alice, inbox, clock):
    sync_until_quiet(inbox, filled(clock()), clock)
    unlog(selection=Selection(inbox=inbox, message_ids=first_logged(inbox, 20)), by=alice, now=clock())
    before, stored, sighted = timeline(), Message.objects.count(), sighting_rows()
    assert len(before) == MAILS // EVERY - 20

    disable(inbox=inbox, by=alice, now=clock())
    grant = Grant(access_token="a", refresh_token="r", expires_at=clock() + timedelta(hours=1), scopes=GMAIL_READ)
    account = Account(id="account", address=ALICE)
    switch_to_api(inbox=inbox, provider=ProviderKind.GMAIL, account=account, grant=grant, by=alice, now=clock())
    elsewhere = filled(clock(), "All Mail")
    inbox.refresh_from_db()
    sync_until_quiet(inbox, elsewhere, clock)
    assert (timeline(), Message.objects.count(), sighting_rows()) == (before, stored, sighted)
    told = completeness(Inbox.objects.get())
    assert (told.scanned, told.logged) == (MAILS, len(before))
    assert places_of_the_secret() == []

    elsewhere.deliver(
        mail_bytes(SARAH, subject="After the move", message_id="<new@x>", date=clock()), folder="All Mail"
    )
    sync_until_quiet(inbox, elsewhere, clock)
    assert len(timeline()) == len(before) + 1

    disable(inbox=Inbox.objects.get(), by=alice, now=clock())
    server = ServerLogin("mail.ours.example", 993, Security.TLS, ALICE)
    details = ConnectionDetails(address=ALICE, imap=server, password="password")
    switch_to_imap(inbox=inbox, details=details, by=alice, now=clock())
    inbox.refresh_from_db()
    sync_until_quiet(inbox, filled(clock()), clock)
    assert len(timeline()) == len(before) + 1
    assert inbox.credential.kind == CredentialKind.PASSWORD
    assert places_of_the_secret() == []


def places_of_the_secret() -> list[str]:
    return [place for place, content in everything_kept().items() if SECRET.encode() in content]


def first_logged(inbox: Inbox, count: int) -> list[int]:
    return list(Sighting.objects.filter(inbox=inbox).order_by("pk").values_list("message", flat=True)[:count])


def sighting_rows() -> list[tuple[int, str, str]]:
    return sorted(Sighting.objects.values_list("message", "reason", "rule"))


def test_what_was_private_before_a_personal_inbox_became_the_teams_stays_private(alice, bob, inbox, clock):
    type(alice).objects.filter(pk=alice.pk).update(account_access=True)
    alice.refresh_from_db()
    mailbox = filled(clock())
    sync_until_quiet(inbox, mailbox, clock)
    unlog(selection=Selection(inbox=inbox, message_ids=first_logged(inbox, 20)), by=alice, now=clock())
    before = timeline()
    clock.pass_by(minutes=1)

    team = convert_to_team(inbox=inbox, name="Support", members=[alice, bob], since=None, by=alice, now=clock())
    assert not Credential.objects.filter(inbox=inbox).exists()
    assert team.credential.secret == "password"
    clock.pass_by(minutes=1)
    for number in range(3):
        new = mail_bytes(f"new{number}@elsewhere.example", subject=f"New {number}", message_id=f"<n{number}@x>")
        mailbox.deliver(new, received_at=clock())
    sync_until_quiet(team, mailbox, clock)

    assert timeline() == before
    assert places_of_the_secret() == []
    assert sorted(TeamMail.objects.values_list("message__subject", flat=True)) == ["New 0", "New 1", "New 2"]
    assert Sighting.objects.exclude(inbox=inbox).count() == 0
    assert Message.objects.visible_to(bob).filter(subject__startswith="New").count() == 3
    assert Inbox.objects.get().status == InboxStatus.ACTIVE


def test_the_owner_may_let_the_team_see_everything_from_a_date_on_and_what_was_un_logged_stays_off_timelines(
    alice, bob, inbox, clock
):
    type(alice).objects.filter(pk=alice.pk).update(account_access=True)
    alice.refresh_from_db()
    mailbox = filled(clock())
    sync_until_quiet(inbox, mailbox, clock)
    newest = list(Sighting.objects.order_by("-message__sent_at").values_list("message", flat=True)[:2])
    unlog(selection=Selection(inbox=inbox, message_ids=newest), by=alice, now=clock())
    before = timeline()
    since = clock() - timedelta(hours=99, minutes=30)
    team = convert_to_team(inbox=inbox, name="Support", members=[bob], since=since, by=alice, now=clock())
    sync_until_quiet(team, mailbox, clock)
    assert TeamMail.objects.filter(inbox=team).count() == 100
    on_timelines = {message for _, message in timeline()}
    assert len(timeline()) == len(set(timeline()))
    assert {message for _, message in before} <= on_timelines
    assert not on_timelines & set(newest)
    settled = (LedgerState.LOGGED, LedgerState.KEPT)
    assert LedgerEntry.objects.filter(inbox=team).exclude(state__in=settled).count() == 0


def test_a_team_inbox_becomes_personal_and_its_new_mail_is_seen_by_nobody_else(alice, bob, inbox, clock):
    type(alice).objects.filter(pk=alice.pk).update(account_access=True)
    alice.refresh_from_db()
    mailbox = MemoryMailbox(now=clock())
    sync_until_quiet(inbox, mailbox, clock)
    team = convert_to_team(inbox=inbox, name="Support", members=[bob], since=None, by=alice, now=clock())
    clock.pass_by(minutes=1)
    mailbox.deliver(mail_bytes(SARAH, subject="With a contact", message_id="<1@x>"), received_at=clock())
    mailbox.deliver(mail_bytes("x@y.example", subject="With a stranger", message_id="<2@x>"), received_at=clock())
    sync_until_quiet(team, mailbox, clock)
    assert Message.objects.visible_to(bob).count() == 2

    own = convert_to_personal(inbox=team, password="password", by=alice, now=clock())
    clock.pass_by(minutes=1)
    private = mail_bytes(f"{SECRET}@y.example", subject=SECRET, body=SECRET, message_id="<3@x>")
    mailbox.deliver(private, received_at=clock())
    sync_until_quiet(own, mailbox, clock)
    assert places_of_the_secret() == []
    assert [message.subject for message in Message.objects.visible_to(bob)] == ["With a contact"]
    assert (own.owner, own.kind, Inbox.objects.get()) == (alice, "personal", own)
