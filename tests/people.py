"""The people every test speaks as. A plugin, because it needs Django set up when it is imported (see conftest)."""

import pytest
from django.test import Client

from tests.factories.users import UserFactory
from users.models import User


@pytest.fixture
def alice(db: None) -> User:
    """A member, the owner of whatever a test is about."""
    return UserFactory(email="alice@genkan.example", name="Alice Mori")


@pytest.fixture
def bob(db: None) -> User:
    """A member, a colleague of Alice."""
    return UserFactory(email="bob@genkan.example", name="Bob Tanaka")


@pytest.fixture
def admin(db: None) -> User:
    """A super admin."""
    return UserFactory(email="admin@genkan.example", name="Ada Admin", super_admin=True)


@pytest.fixture
def charlie(db: None) -> User:
    """An outsider: a person who has been deactivated."""
    return UserFactory(email="charlie@genkan.example", name="Charlie Gone", deactivated=True)


@pytest.fixture
def alice_client(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def bob_client(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def admin_client(admin: User) -> Client:
    return signed_in(admin)


@pytest.fixture
def charlie_client(charlie: User) -> Client:
    """Holds a session from before Charlie was deactivated."""
    return signed_in(charlie)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
