"""Whole syncs with conversations: what is logged depends neither on page borders nor on the order of reading."""

from datetime import timedelta
from itertools import permutations

import pytest

from contacts.models import TimelineEntry
from inboxes.models import HandledPage, Inbox, InboxStatus, LedgerEntry
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.engine import Outcome
from logging_rules.engine import Code
from logging_rules.facts import Preset
from logging_rules.models import InboxPolicy
from logging_rules.slices import sync_slice
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, STRANGER, Clock, connected_inbox, mail_bytes
from users.models import User

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def deliver(server: MemoryMailbox, number: int, sender: str, to: str, answers: int = 0, folder: str = "INBOX") -> None:
    """Mail `number`, written so many hours after noon."""
    references = {"References": " ".join(f"<{each}@x>" for each in range(1, answers + 1))} if answers else {}
    raw = mail_bytes(sender, to, message_id=f"<{number}@x>", date=NOW + number * HOUR, **references)
    server.deliver(raw, folder, received_at=NOW + number * HOUR)


def sync_to_the_end(inbox: Inbox, server: MemoryMailbox, clock: Clock) -> int:
    """How many slices it took."""
    for slices in range(1, 60):
        report = sync_slice(inbox_id=inbox.pk, worker="test", open_provider=lambda _: server.open(), clock=clock)
        if report.outcome is Outcome.DONE:
            return slices
        assert report.outcome is Outcome.MORE
    raise AssertionError("the sync does not come to an end")


def logged() -> dict[str, str]:
    rows = LedgerEntry.objects.filter(message__isnull=False).values_list("message__message_id", "code")
    return {message_id.strip("<>").partition("@")[0]: code for message_id, code in rows}


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW + 100 * HOUR)


def mailbox(clock: Clock, *, page_messages: int) -> MemoryMailbox:
    return MemoryMailbox(page_messages=page_messages, now=clock.now)


@pytest.fixture
def inbox(alice: User) -> Inbox:
    make_contact("Sarah Okafor", SARAH)
    return connected_inbox(alice, preset=Preset.REPLIES)


CONVERSATION = {
    1: (SARAH, f"{ALICE}, {STRANGER}", 0),  # chosen by Alice
    2: (ALICE, f"{SARAH}, {STRANGER}", 1),
    3: (STRANGER, ALICE, 2),
    4: (STRANGER, ALICE, 3),
    5: ("mallory@evil.example", ALICE, 3),  # forged
    6: (SARAH, ALICE, 0),  # another matter
}
EXPECTED = {"1": Code.CHOSEN_BY_OWNER, "2": Code.REPLY_TO_LOGGED, "3": Code.REPLY_TO_LOGGED, "4": Code.REPLY_TO_LOGGED}


@pytest.mark.parametrize("page_messages", [1, 2, 3, 50])
@pytest.mark.parametrize("chosen_in", ["CRM/Log", "Archive"])
def test_replies_are_logged_wherever_pages_end_and_whichever_folder_comes_first(inbox, clock, page_messages, chosen_in):
    server = mailbox(clock, page_messages=page_messages)
    server.create_folder("CRM/Log")
    for number, (sender, to, answers) in CONVERSATION.items():
        folder = "CRM/Log" if number == 1 else "Sent" if sender == ALICE else "INBOX"
        deliver(server, number, sender, to, answers, folder)

    sync_to_the_end(inbox, server, clock)

    assert logged() == EXPECTED


@pytest.mark.parametrize("order", list(permutations(range(1, 5)))[::5])
def test_replies_are_logged_in_whatever_order_the_mailbox_holds_them(inbox, clock, order):
    InboxPolicy.objects.update(preset=Preset.KNOWN)
    server = mailbox(clock, page_messages=1)
    for number in order:
        sender, to, answers = CONVERSATION[number]
        deliver(server, number, sender, to, answers)

    sync_to_the_end(inbox, server, clock)

    assert set(logged()) == {"1", "2", "3", "4"}


def test_settling_fetches_no_body_again_and_counts_every_message_once(inbox, clock):
    InboxPolicy.objects.update(preset=Preset.KNOWN)
    server = mailbox(clock, page_messages=1)
    for number, (sender, to, answers) in CONVERSATION.items():
        deliver(server, number, sender, to, answers)

    slices = sync_to_the_end(inbox, server, clock)

    assert slices > 1
    assert server.calls["body"] == len(logged()) == 5
    numbers = completeness(Inbox.objects.get())
    assert (numbers.logged, numbers.skipped, numbers.retrying, numbers.share) == (5, 1, 0, 1.0)
    assert sum(len(page.digests) for page in HandledPage.objects.all()) == 8
    assert TimelineEntry.objects.count() == 5


def test_a_mailbox_without_open_conversations_is_read_once(inbox, clock):
    InboxPolicy.objects.update(preset=Preset.KNOWN)
    server = mailbox(clock, page_messages=2)
    for number in range(1, 9):
        deliver(server, number, SARAH if number % 2 else STRANGER, ALICE, answers=0)

    assert sync_to_the_end(inbox, server, clock) == 1
    assert not InboxPolicy.objects.filter(conversations_open=True).exists()


def test_a_conversation_that_opens_later_waits_for_the_daily_reading(inbox, clock):
    InboxPolicy.objects.update(preset=Preset.KNOWN)
    server = mailbox(clock, page_messages=50)
    sync_to_the_end(inbox, server, clock)
    clock.pass_by(hours=1)
    # A reply and the mail it answers arrive together; the folder of the reply is read first.
    deliver(server, 2, STRANGER, ALICE, 1)
    server.create_folder("Projects")
    deliver(server, 1, SARAH, f"{ALICE}, {STRANGER}", 0, "Projects")

    assert sync_to_the_end(inbox, server, clock) <= 2
    early = set(logged())
    clock.pass_by(hours=25)
    sync_to_the_end(inbox, server, clock)

    assert "1" in early
    assert set(logged()) == {"1", "2"}


def test_a_paused_inbox_is_not_read_again(inbox, clock):
    InboxPolicy.objects.update(conversations_open=True)
    Inbox.objects.update(status=InboxStatus.PAUSED, backfill_done_at=clock.now)

    report = sync_slice(inbox_id=inbox.pk, worker="test", clock=clock)

    assert report.outcome is Outcome.BUSY
    assert InboxPolicy.objects.get().conversations_open is True


def test_a_slice_that_finds_nothing_new_asks_the_database_little(inbox, clock, django_assert_max_num_queries):
    """Every inbox has one each minute. Savepoints of the test count: two for each transaction."""
    server = mailbox(clock, page_messages=50)
    deliver(server, 1, SARAH, ALICE)
    sync_to_the_end(inbox, server, clock)
    clock.pass_by(minutes=1)

    with django_assert_max_num_queries(16):
        assert sync_to_the_end(inbox, server, clock) == 1
