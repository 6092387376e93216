"""What Gmail and Graph do besides the ordinary, one oddity each: nothing is lost, nothing doubled."""

import pytest

from crm_project.bench import mailbox as generator
from inboxes.models import Inbox, InboxStatus, LedgerEntry, Message
from tests.acceptance.api_mailboxes import Days, GmailMailbox, GraphMailbox, sync_until_quiet
from tests.acceptance.expectations import assert_nothing_lost_or_doubled, expected
from tests.acceptance.test_api_providers import CONTACT, FEW, forget_paces, letter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock():
    return Days()


@pytest.fixture
def gmail(settings, google):
    settings.GMAIL_UNITS_PER_MINUTE = settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 10_000_000
    forget_paces()
    return GmailMailbox(settings, google)


@pytest.fixture
def graph(settings, microsoft):
    settings.GRAPH_REQUESTS_PER_MINUTE = 10_000_000
    microsoft.faults.requests_in_ten_minutes = 10_000_000
    forget_paces()
    return GraphMailbox(settings, microsoft)


def logged():
    return set(Message.objects.values_list("message_id", flat=True))


def test_a_history_id_that_grows_by_a_digit_is_a_later_one(workspace, alice, gmail, clock):
    gmail.box.history_id = 9_990
    inbox = gmail.connect(alice)
    sync_until_quiet(inbox, clock)
    for number in range(30):
        gmail.deliver(letter(number))
        clock.pass_by(minutes=1)
        sync_until_quiet(inbox, clock)
    assert gmail.box.history_id > 10_000
    assert logged() == {f"<extra{number}@m>" for number in range(30)}


def test_a_history_that_goes_round_in_circles_comes_to_an_end(workspace, alice, gmail, clock):
    inbox = gmail.connect(alice)
    sync_until_quiet(inbox, clock)
    gmail.deliver(letter(1))
    gmail.box.history_loops = True
    clock.pass_by(minutes=1)
    sync_until_quiet(inbox, clock, slices=20)
    gmail.box.history_loops = False
    gmail.deliver(letter(2))
    clock.pass_by(minutes=1)
    sync_until_quiet(inbox, clock)
    assert logged() == {"<extra1@m>", "<extra2@m>"}


def test_mail_that_comes_out_of_spam_is_logged(workspace, alice, gmail, clock):
    inbox = gmail.connect(alice)
    remote_id = gmail.box.deliver(letter(1), labels=["SPAM"])
    sync_until_quiet(inbox, clock)
    assert logged() == set()
    gmail.box.label(remote_id, add=["INBOX"], remove=["SPAM"])
    clock.pass_by(minutes=1)
    sync_until_quiet(inbox, clock)
    assert logged() == {"<extra1@m>"}


def test_repeated_thin_and_empty_pages_of_a_round_change_nothing(workspace, alice, graph, clock):
    delta = graph.server.faults.delta
    delta.repeats = delta.thin_updates = True
    delta.empty_pages = 2
    graph.fill(FEW)
    inbox = graph.connect(alice)
    sync_until_quiet(inbox, clock)
    for message in list(graph.box.messages.values())[::7]:
        graph.box.mark_read(graph.box.immutable_id(message))
    graph.deliver(letter(1))
    clock.pass_by(minutes=2)
    sync_until_quiet(inbox, clock)
    assert logged() == {message_id for message_id, _ in expected(FEW, "known")} | {"<extra1@m>"}
    assert graph.bodies_read() == len(logged())
    assert Inbox.objects.get().status == InboxStatus.ACTIVE


def test_parts_of_a_batch_that_are_refused_are_asked_for_alone(workspace, alice, graph, clock):
    graph.server.faults.batch_parts = 3
    graph.fill(FEW)
    inbox = graph.connect(alice)
    sync_until_quiet(inbox, clock)
    while LedgerEntry.objects.filter(state="retrying").exists():
        clock.pass_by(hours=1)
        sync_until_quiet(inbox, clock)
    assert_nothing_lost_or_doubled(inbox, FEW)


def test_a_return_that_no_round_ever_tells_is_found_by_the_daily_check(workspace, alice, graph, clock):
    graph.server.faults.delta.forgets_returns = True
    inbox = graph.connect(alice)
    remote_id = graph.deliver(letter(1))
    sync_until_quiet(inbox, clock)
    graph.box.move(remote_id, "archive")
    clock.pass_by(minutes=2)
    sync_until_quiet(inbox, clock)
    graph.box.move(remote_id, "inbox")
    for _ in range(2):
        clock.pass_by(days=1, minutes=2)
        sync_until_quiet(inbox, clock)
    assert sorted(LedgerEntry.objects.values_list("folder__role", "state")) == [
        ("archive", "gone"),
        ("inbox", "logged"),
    ]
    assert (Message.objects.count(), generator.CONTACTS[0]) == (1, CONTACT)
