"""The people fixtures mean what they say."""

from django.test import Client

from tests.factories.users import PASSWORD
from users.models import User


def test_alice_and_bob_are_members_admin_is_super_admin_and_charlie_is_out(
    alice: User, bob: User, admin: User, charlie: User
):
    assert [person.is_super_admin for person in (alice, bob, admin, charlie)] == [False, False, True, False]
    assert [person.is_active for person in (alice, bob, admin, charlie)] == [True, True, True, False]
    assert alice.check_password(PASSWORD)


def test_signed_in_clients_carry_their_person(alice: User, alice_client: Client):
    assert alice_client.session["_auth_user_id"] == str(alice.pk)
