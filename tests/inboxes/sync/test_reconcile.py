"""The daily check of a mailbox that takes longer to compare than a slice may last."""

from datetime import datetime, timedelta

import pytest

from inboxes.models import Folder, HandledPage, Inbox, LedgerEntry, Message
from inboxes.providers.memory import MemoryMailbox
from inboxes.sync.engine import BUDGET, Outcome
from tests.factories.inboxes import NOW, SARAH, Clock, mail_bytes, sync, sync_until_quiet

pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)


class SlowComparing(Clock):
    """To compare one folder of the mailbox takes so long."""

    def __init__(self, server: MemoryMailbox, each: timedelta) -> None:
        super().__init__(TOMORROW)
        self._server, self._each = server, each

    def __call__(self) -> datetime:
        return self.now + self._server.calls["remote_ids"] * self._each


@pytest.fixture
def overlooked(inbox, server) -> set[str]:
    """Five folders that were read and compared, with a message in each of which every trace is lost."""
    for name in ("Offers", "Orders", "Projects"):
        server.create_folder(name)
    for folder in server.folders:
        server.deliver(mail_bytes(SARAH, message_id=f"<{folder}@m>"), folder)
    sync_until_quiet(inbox, server, Clock())
    LedgerEntry.objects.all().delete()
    Message.objects.all().delete()
    HandledPage.objects.all().delete()
    server.calls.clear()
    return set(server.folders)


def found() -> set[str]:
    return set(Folder.objects.filter(missed=1).values_list("name", flat=True))


@pytest.mark.parametrize("each", [BUDGET * 0.4, BUDGET, BUDGET * 3])
def test_it_goes_on_in_the_next_slice_until_every_folder_was_compared_once(inbox, server, overlooked, each):
    clock = SlowComparing(server, each)

    assert sync(inbox, server, clock).outcome == Outcome.MORE
    assert found() < overlooked
    assert Inbox.objects.get().reconciled_at == NOW

    sync_until_quiet(inbox, server, clock)
    assert (found(), server.calls["remote_ids"]) == (overlooked, 5)
    assert Inbox.objects.get().reconciled_at > TOMORROW
    assert Message.objects.count() == 5


def test_a_check_that_is_wanted_meanwhile_begins_anew(inbox, server, overlooked):
    clock = SlowComparing(server, BUDGET)
    sync(inbox, server, clock)
    clock.pass_by(seconds=1)
    Inbox.objects.update(check_wanted_at=clock())

    sync_until_quiet(inbox, server, clock)

    assert server.calls["remote_ids"] == 6
    assert Inbox.objects.get().reconciled_at > Inbox.objects.get().check_wanted_at
