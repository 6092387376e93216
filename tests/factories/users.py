"""People for tests. Everybody's password is `PASSWORD`."""

from functools import cache

import factory
from django.contrib.auth.hashers import make_password

from users.models import Invitation, Role, User

PASSWORD = "correct horse battery"


@cache
def hash_of_password() -> str:
    """Hashed once: hashing is slow on purpose."""
    return make_password(PASSWORD)


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A member who may sign in. `UserFactory(super_admin=True)` and `UserFactory(deactivated=True)` are the other people."""

    class Meta:
        model = User

    class Params:
        super_admin = factory.Trait(role=Role.SUPER_ADMIN)
        deactivated = factory.Trait(is_active=False)

    email = factory.Sequence(lambda n: f"person{n}@genkan.example")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.LazyFunction(hash_of_password)


class InvitationFactory(factory.django.DjangoModelFactory[Invitation]):
    """A pending invitation."""

    class Meta:
        model = Invitation

    email = factory.Sequence(lambda n: f"guest{n}@genkan.example")
    token_hash = factory.Sequence(lambda n: f"{n:064x}")
    invited_by = factory.SubFactory(UserFactory, super_admin=True)
