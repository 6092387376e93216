"""Alice, her colleague, forty contacts, and a mailbox of believable mail."""

import pytest

from tests.fakes import mailbox as generator


@pytest.fixture
def workspace(alice):
    from tests.factories.contacts import make_contact
    from tests.factories.users import UserFactory
    from users.models import WorkspaceDomain

    UserFactory(email="bob@ours.example")
    WorkspaceDomain.objects.create(domain="ours.example")
    for number, email in enumerate(generator.CONTACTS):
        make_contact(f"Person {number}", email)


def fill(mailbox, mails):
    for mail in mails:
        mailbox.deliver(mail.raw, mail.folder, received_at=mail.received_at)
