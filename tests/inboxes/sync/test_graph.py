"""The engine over a mailbox at Graph: what is logged, what it costs, and storms that end well."""

import random

import pytest

from crm_project.demo.microsoft import faults
from inboxes.models import Folder, FolderState, Inbox, InboxStatus, LedgerEntry, LedgerState, Message, ProviderKind
from inboxes.sync.engine import Outcome, SliceReport
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, STRANGER, Clock, connected_inbox, mail_bytes, sync
from tests.fakes.graph_mailbox import GraphMailbox

pytestmark = pytest.mark.django_db


class Server(GraphMailbox):
    """The mailbox as the factories open it. It goes by the clock of the test."""

    def __init__(self, microsoft, clock: Clock) -> None:
        super().__init__(microsoft, now=NOW, address=ALICE)
        self.clock = clock
        self.inbox: Inbox | None = None

    def open(self, **settings):
        self.now = self.clock()
        careful = self.inbox is not None and Inbox.objects.get(pk=self.inbox.pk).failures > 0
        return super().open(careful=careful, **settings)

    def open_writer(self):
        raise AssertionError("nothing is written at Graph")


@pytest.fixture
def server(microsoft, clock) -> Server:
    return Server(microsoft, clock)


@pytest.fixture
def inbox(alice, server) -> Inbox:
    make_contact("Sarah Okafor", SARAH)
    server.inbox = connected_inbox(alice, provider=ProviderKind.GRAPH)
    return server.inbox


def sync_to_the_end(inbox: Inbox, server: Server, clock: Clock, *, most: int = 50) -> list[SliceReport]:
    """Slices, each when it is due, until nothing is left to do."""
    reports = []
    for _ in range(most):
        reports.append(sync(inbox, server, clock))
        if reports[-1].outcome is Outcome.DONE:
            return reports
        inbox.refresh_from_db()
        clock.now = max(clock.now, inbox.next_due_at)
    raise AssertionError("the sync does not come to an end")


def logged() -> set[str]:
    return set(Message.objects.values_list("message_id", flat=True))


@pytest.mark.parametrize("former", ["mailbox", "INBOX"])
def test_folders_of_the_provider_before_are_not_asked_for(former, inbox, server, clock):
    place = {"anchor": "1:1", "live_cursor": "1:1", "backfill_done_at": NOW}
    Folder.objects.create(inbox=inbox, remote_id=former, name=former, role="inbox", state=FolderState.RETIRED, **place)
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync_to_the_end(inbox, server, clock)

    server.deliver(mail_bytes(SARAH, message_id="<2@m>"))
    clock.pass_by(minutes=2)
    sync_to_the_end(inbox, server, clock)

    assert Message.objects.count() == 2
    assert not [request for request in server.requests() if f"/mailFolders/{former}/" in request]
    assert Folder.objects.get(remote_id=former).missing_sightings == 0
    assert LedgerEntry.objects.count() == 2


def test_mail_of_known_contacts_is_logged_and_nothing_else_is_fetched(inbox, server, clock):
    wanted = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes(STRANGER, message_id="<2@m>"))
    server.deliver(mail_bytes(SARAH, message_id="<3@m>", Sensitivity="Private"))
    sync_to_the_end(inbox, server, clock)
    assert logged() == {"<1@m>"}
    bodies = [request for request in server.requests() if request.endswith("$value")]
    assert [request.split("/")[-2] for request in bodies] == [wanted]

    server.deliver(mail_bytes(SARAH, message_id="<4@m>"))
    server.deliver(mail_bytes(ALICE, SARAH, message_id="<5@m>"), "Sent")
    clock.pass_by(minutes=2)
    sync_to_the_end(inbox, server, clock)
    assert logged() == {"<1@m>", "<4@m>", "<5@m>"}


def test_a_poll_without_news_is_one_request_for_each_folder(inbox, server, clock):
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    for _ in range(3):
        sync_to_the_end(inbox, server, clock)
        clock.pass_by(minutes=1)
    server.requests()
    sync(inbox, server, clock)
    asked = server.requests()
    assert len(asked) == Folder.objects.filter(inbox=inbox).count() == 3
    assert all(request.endswith("/messages/delta") for request in asked)


def test_flags_set_in_the_mailbox_change_nothing_and_fetch_nothing(inbox, server, clock):
    key, other = server.deliver(mail_bytes(SARAH, message_id="<1@m>")), server.deliver(mail_bytes(STRANGER))
    sync_to_the_end(inbox, server, clock)
    server.microsoft.faults.delta.thin_updates = True
    for one in (key, other):
        server.box.mark_read(one)
    server.requests()
    clock.pass_by(minutes=2)
    sync_to_the_end(inbox, server, clock)
    assert [request for request in server.requests() if "$batch" in request or "$value" in request] == []
    assert logged() == {"<1@m>"}


def test_lost_cursors_are_made_good_without_a_mail_lost_or_doubled(inbox, server, clock):
    for number in range(30):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
    sync_to_the_end(inbox, server, clock)
    server.box.forget_sync_state()
    for number in range(30, 60):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
    clock.pass_by(minutes=2)
    server.requests()
    sync_to_the_end(inbox, server, clock)
    assert logged() == {f"<{number}@m>" for number in range(60)}
    assert Message.objects.count() == 60
    bodies = [request for request in server.requests() if request.endswith("$value")]
    assert len(bodies) == 30


def test_a_message_that_went_away_and_came_back_is_logged_though_graph_does_not_tell(inbox, server, clock):
    sync_to_the_end(inbox, server, clock)
    server.microsoft.faults.delta.forgets_returns = True
    key = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.box.move(key, "deleteditems")
    server.box.move(key, "inbox")
    clock.pass_by(minutes=2)
    sync_to_the_end(inbox, server, clock)
    clock.pass_by(days=1)
    sync_to_the_end(inbox, server, clock)
    assert logged() == {"<1@m>"}


def test_a_mail_marked_private_by_category_is_taken_off_the_log(inbox, server, clock):
    key = server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    sync_to_the_end(inbox, server, clock)
    assert logged() == {"<1@m>"}
    server.box.categorise(key, add=["CRM/Private"])
    clock.pass_by(minutes=2)
    sync_to_the_end(inbox, server, clock)
    assert logged() == set()


def test_a_mail_marked_to_be_logged_is(inbox, server, clock):
    key = server.deliver(mail_bytes(STRANGER, message_id="<1@m>"))
    sync_to_the_end(inbox, server, clock)
    assert logged() == set()
    server.box.categorise(key, add=["CRM/Log"])
    clock.pass_by(minutes=2)
    sync_to_the_end(inbox, server, clock)
    assert logged() == {"<1@m>"}


@pytest.mark.parametrize("seed", range(2))
def test_a_storm_of_refusals_ends_with_everything_logged_and_nobody_asked(inbox, server, clock, seed):
    chance = random.Random(seed)
    storm = [faults.throttled(1), faults.mailbox_concurrency(1), faults.unavailable(503), faults.unavailable(503, retry_after=5),
             faults.unavailable(500), faults.html(), faults.cut(), faults.unavailable(504)]  # fmt: skip

    def maybe(request):
        return chance.choice(storm)(request) if chance.random() < 0.1 else None

    server.microsoft.faults.always(maybe, path="/v1.0/me")
    for number in range(60):
        sender = SARAH if number % 4 == 0 else STRANGER
        server.deliver(mail_bytes(sender, message_id=f"<{number}@m>"))
    sync_to_the_end(inbox, server, clock, most=400)
    for number in range(60, 80):
        server.deliver(mail_bytes(SARAH, message_id=f"<{number}@m>"))
    clock.pass_by(minutes=2)
    sync_to_the_end(inbox, server, clock, most=400)
    server.microsoft.faults.clear()
    for _ in range(6):
        clock.pass_by(hours=12)
        sync_to_the_end(inbox, server, clock)
    assert logged() == {f"<{number}@m>" for number in range(80) if number >= 60 or number % 4 == 0}
    assert not LedgerEntry.objects.exclude(state=LedgerState.LOGGED).exists()
    inbox.refresh_from_db()
    assert (inbox.status, inbox.cause) == (InboxStatus.ACTIVE, "")
    refused = [one for one in server.microsoft.requests if one.status >= 400 and one.path.startswith("/v1.0/me")]
    assert len(refused) > 10
    assert server.microsoft.meters[ALICE].most <= 4
