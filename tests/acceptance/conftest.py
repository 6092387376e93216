"""Alice, her colleague and forty contacts; no file that another test has left."""

import shutil

import pytest
from django.conf import settings

from crm_project.bench import mailbox as generator


@pytest.fixture(autouse=True)
def no_files():
    """Rows go with their test, files stay."""
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture
def workspace(alice):
    from tests.factories.contacts import make_contact
    from tests.factories.users import UserFactory
    from users.models import WorkspaceDomain

    UserFactory(email="bob@ours.example")
    WorkspaceDomain.objects.create(domain="ours.example")
    for number, email in enumerate(generator.CONTACTS):
        make_contact(f"Person {number}", email)
