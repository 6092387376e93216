"""Workers that are killed in the middle of a sync of Gmail or Microsoft 365 whose access token has just run out: the next worker
leaves nothing lost and nothing twice, and nobody is asked to sign in again.

`EVERY` 1 kills them at every single boundary and takes minutes.
"""

from itertools import chain, count, islice
from typing import Any

import pytest

from crm_project.bench import mailbox as generator
from inboxes.models import Credential, CredentialKind, Inbox, InboxStatus
from inboxes.oauth.grants import Grant
from notifications.models import Notification
from tests.acceptance.api_mailboxes import GmailMailbox, GraphMailbox
from tests.acceptance.expectations import assert_nothing_lost_or_doubled
from tests.acceptance.test_crashes import forget_everything, let_its_lease_run_out, until_done
from tests.fakes.workers import DoomedWorker

pytestmark = pytest.mark.django_db(transaction=True)

EVERY = {"first sync": 5, "new mail": 2, "lost place": 3}
AT_FIRST = 4
NO_PACE = dict.fromkeys(
    ("GMAIL_UNITS_PER_MINUTE", "GMAIL_PROJECT_UNITS_PER_MINUTE", "GRAPH_REQUESTS_PER_MINUTE"), "100000000"
)


def mails():
    """In turns one with a contact and one with a stranger."""
    known = (
        mail for mail in generator.generate(3_000, seed=9) if mail.contact and mail.folder != generator.CHOSEN_FOLDER
    )
    unknown = (mail for mail in generator.generate(3_000, seed=9) if not mail.contact)
    return chain.from_iterable(zip(known, unknown, strict=False))


class Crashing:
    """An inbox in which something goes on, and whose workers die of it."""

    def __init__(self, mailbox, doomed, owner) -> None:
        self.mailbox = mailbox
        self._doomed = doomed
        self._owner = owner
        self._coming = mails()
        self._there: list[Any] = []

    def receive(self, mails: int) -> None:
        """Just now, whatever their headers say."""
        for mail in islice(self._coming, mails):
            self.mailbox.deliver(mail.raw, mail.folder)
            self._there.append(mail)

    def connect(self) -> None:
        self._inbox = self.mailbox.connect(self._owner)

    def sync(self) -> None:
        until_done(self._inbox)
        assert_nothing_lost_or_doubled(self._inbox, self._there)
        assert (Inbox.objects.get().status, Notification.objects.count()) == (InboxStatus.ACTIVE, 0)

    def crash(self, step: int) -> str:
        """Afterwards another worker comes along."""
        self.mailbox.let_token_run_out()
        before = stored()
        outcome = self._doomed.sync(self._inbox.pk, killed_at=step)
        let_its_lease_run_out()
        self.sync()
        assert stored().access_token in self.mailbox.server.grants.access_tokens.keys() - {before.access_token}
        if self.mailbox.issuer == CredentialKind.MICROSOFT:  # a new one each time; Google's stay
            assert stored().refresh_token != before.refresh_token
        return outcome


def stored() -> Grant:
    return Grant.from_secret(Credential.objects.get().secret)


@pytest.fixture(params=[GmailMailbox, GraphMailbox], ids=["gmail", "graph"])
def crashing(request, settings, workspace, alice):
    server = request.getfixturevalue("google" if request.param is GmailMailbox else "microsoft")
    for name, value in NO_PACE.items():
        setattr(settings, name, int(value))
    doomed = DoomedWorker(server.environment() | NO_PACE)
    yield Crashing(request.param(settings, server), doomed, alice)
    doomed.close()


def crash_until_done(crashing, every, prepare) -> int:
    """Each round dies a few boundaries later than the one before; returns how many there are."""
    for step in count(1, every):
        prepare()
        outcome = crashing.crash(step)
        if outcome != "killed":
            assert outcome == "done"
            return step
    raise AssertionError("unreachable")


def test_a_first_sync_that_is_killed_is_finished_by_the_next_worker(crashing):
    crashing.receive(AT_FIRST)

    def begin_anew() -> None:
        forget_everything()
        crashing.connect()

    assert crash_until_done(crashing, EVERY["first sync"], begin_anew) > 20


def test_new_mail_whose_worker_is_killed_is_logged_once_by_the_next(crashing):
    crashing.receive(AT_FIRST)
    crashing.connect()
    crashing.sync()
    assert crash_until_done(crashing, EVERY["new mail"], lambda: crashing.receive(2)) > 10


def test_a_lost_place_is_made_up_for_although_the_worker_is_killed_over_it(crashing):
    crashing.receive(AT_FIRST)
    crashing.connect()
    crashing.sync()

    def lose_place() -> None:
        crashing.receive(2)
        crashing.mailbox.lose_place()

    assert crash_until_done(crashing, EVERY["lost place"], lose_place) > 12
