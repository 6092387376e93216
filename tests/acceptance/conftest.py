"""Alice, her colleague and forty contacts; no file and no key in the broker that another test has left."""

import shutil

import pytest
from django.conf import settings
from django.core.cache import cache

from crm_project.bench import mailbox as generator


@pytest.fixture(autouse=True)
def nothing_of_other_tests():
    """Rows go with their test, files stay, and keys go when their time is up: in the middle of this test, perhaps."""
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)
    cache.clear()  # the whole database of this process, with the queues


@pytest.fixture
def workspace(alice):
    from tests.factories.contacts import make_contact
    from tests.factories.users import UserFactory
    from users.models import WorkspaceDomain

    UserFactory(email="bob@ours.example")
    WorkspaceDomain.objects.create(domain="ours.example")
    for number, email in enumerate(generator.CONTACTS):
        make_contact(f"Person {number}", email)
