"""The whole sync over a Gmail mailbox: what is logged, what is asked for, and what happens when the history is lost."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from crm_project.demo.google.mailbox import FakeMailbox
from inboxes.models import Folder, Inbox, Message, ProviderKind
from inboxes.providers.gmail.provider import GmailProvider, GmailSettings
from inboxes.sync.engine import Outcome, run_slice
from logging_rules.intake import InboxIntake
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, SARAH, STRANGER, Clock, connected_inbox, mail_bytes
from tests.fakes.access_tokens import GivenTokens
from tests.fakes.google import FakeGoogle

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Synced:
    """Alice's Gmail inbox, and Sarah as its one known contact."""

    google: FakeGoogle
    mailbox: FakeMailbox
    inbox: Inbox
    clock: Clock
    paid: int = 0

    def spend(self, units: int) -> None:
        self.paid += units

    def slice(self):
        tokens = GivenTokens(lambda: self.google.grant(self.mailbox.address)["access_token"])
        settings = GmailSettings(self.google.url, self.mailbox.address)
        return run_slice(
            inbox_id=self.inbox.pk,
            intake_for=InboxIntake,
            open_provider=lambda _: GmailProvider(settings, tokens, self, now=self.clock),
            clock=self.clock,
            worker="test",
        )

    def until_quiet(self):
        for _ in range(50):
            report = self.slice()
            assert report.outcome in (Outcome.DONE, Outcome.MORE), report
            if report.outcome == Outcome.DONE:
                return
        raise AssertionError("the sync does not come to an end")

    def asked(self, *, form: str) -> list[str]:
        """The messages that were asked for in that form."""
        found = [one for one in self.google.requests.of("messages.get") if one.query["format"] == [form]]
        return [request.path.rpartition("/")[2] for request in found]


@pytest.fixture
def synced(alice, google, clock):
    make_contact("Sarah Okafor", SARAH)
    google.clock.stop(clock())
    return Synced(google, google.mailbox(ALICE), connected_inbox(alice, provider=ProviderKind.GMAIL), clock)


def logged() -> set[str]:
    subjects = list(Message.objects.values_list("subject", flat=True))
    assert len(subjects) == len(set(subjects))
    return set(subjects)


def deliver(synced, number: int, *, known: bool = True, labels=("INBOX",), days: float = 0.0, **more) -> str:
    raw = mail_bytes(SARAH if known else STRANGER, subject=f"Mail {number}", message_id=f"<m{number}@x>", **more)
    return synced.mailbox.deliver(raw, labels=labels, received_at=synced.clock() - timedelta(days=days))


def test_exactly_the_mail_with_known_contacts_is_logged_and_of_the_rest_no_body_is_read(synced):
    keys = [deliver(synced, number, known=number % 7 == 0, days=number / 10) for number in range(700)]
    synced.until_quiet()
    assert logged() == {f"Mail {number}" for number in range(0, 700, 7)}
    assert sorted(synced.asked(form="raw")) == sorted(keys[::7])
    assert synced.paid == synced.google.requests.units()
    folder = Folder.objects.get()
    assert sum(folder.counts.values()) == 700
    assert (folder.name, folder.server_total) == ("Gmail", 700)


def test_a_poll_without_news_costs_two_units(synced):
    deliver(synced, 1)
    synced.until_quiet()
    synced.clock.pass_by(minutes=5)
    synced.until_quiet()
    synced.google.requests.clear()
    for _ in range(3):
        synced.clock.pass_by(minutes=1)
        synced.until_quiet()
    assert [request.operation for request in synced.google.requests] == ["history.list"] * 3
    assert synced.google.requests.units() == 6


def test_new_mail_and_mail_that_comes_out_of_spam_are_logged(synced):
    deliver(synced, 1)
    hidden = deliver(synced, 2, labels=["SPAM"])
    synced.until_quiet()
    assert logged() == {"Mail 1"}
    deliver(synced, 3)
    synced.mailbox.label(hidden, add=["INBOX"], remove=["SPAM"])
    synced.clock.pass_by(minutes=1)
    synced.until_quiet()
    assert logged() == {"Mail 1", "Mail 2", "Mail 3"}


def test_labels_log_and_take_off_the_log(synced):
    stranger, sarah = deliver(synced, 1, known=False), deliver(synced, 2)
    synced.until_quiet()
    assert logged() == {"Mail 2"}
    synced.mailbox.label(stranger, add=["CRM/Log"])
    synced.mailbox.label(sarah, add=["CRM/Private"])
    synced.clock.pass_by(minutes=1)
    synced.until_quiet()
    assert logged() == {"Mail 1"}


def test_after_a_lost_history_everything_is_there_once(synced):
    for number in range(120):
        deliver(synced, number, known=number % 2 == 0, days=number)
    synced.until_quiet()
    synced.mailbox.expire_history()
    for number in range(120, 160):
        deliver(synced, number, known=number % 2 == 0)
    synced.google.requests.clear()
    synced.clock.pass_by(minutes=1)
    synced.until_quiet()
    assert logged() == {f"Mail {number}" for number in range(0, 160, 2)}
    assert len(synced.asked(form="raw")) == 20
