"""Alice's inbox, Sarah as its one known contact, and a mailbox in memory. Models can be imported only once Django is set up."""

import pytest


@pytest.fixture
def clock():
    from tests.factories.inboxes import Clock

    return Clock()


@pytest.fixture
def server():
    from inboxes.providers.memory import MemoryMailbox
    from tests.factories.inboxes import NOW

    return MemoryMailbox(now=NOW)


@pytest.fixture
def inbox(alice):
    from tests.factories.contacts import make_contact
    from tests.factories.inboxes import SARAH, connected_inbox

    make_contact("Sarah Okafor", SARAH)
    return connected_inbox(alice)
