from collections.abc import Iterator

import pytest

from crm_project.demo.google.server import FakeGoogle
from inboxes.providers.gmail.provider import GmailProvider
from tests.fakes.access_tokens import GivenTokens
from tests.inboxes.providers.gmail.world import NOW, World


@pytest.fixture
def world(google: FakeGoogle) -> World:
    google.clock.stop(NOW)
    mailbox = google.mailbox("haruka@crm.example")
    return World(google, mailbox, GivenTokens(lambda: google.grant(mailbox.address)["access_token"]))


@pytest.fixture
def gmail(world: World) -> Iterator[GmailProvider]:
    with world.open() as provider:
        yield provider
