"""Signing in, and what it leaves behind."""

import re

from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from tests.factories.users import PASSWORD
from users.models import User


def sign_in(client: Client, email: str, password: str = PASSWORD):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def audited() -> list[tuple[str, str | None, str]]:
    return list(AuditEvent.objects.order_by("id").values_list("action", "actor__name", "target_id"))


def test_people_sign_in_with_their_address_whatever_its_case(alice: User, client: Client):
    response = sign_in(client, "ALICE@Genkan.EXAMPLE")
    assert (response.url, get_user(client)) == ("/", alice)
    assert audited() == [("person.signed_in", alice.name, str(alice.pk))]


def test_a_wrong_password_is_audited_without_what_was_typed(alice: User, client: Client):
    sign_in(client, alice.email, "wrong wrong wrong")
    assert get_user(client).is_anonymous
    assert audited() == [("person.sign_in_refused", None, str(alice.pk))]
    assert "wrong" not in str(list(AuditEvent.objects.values("details")))


def test_an_unknown_address_leaves_no_trace_in_the_audit_log(client: Client, db: None):
    sign_in(client, "private.person@elsewhere.example")
    assert audited() == []


def test_a_deactivated_person_cannot_sign_in(charlie: User, client: Client):
    response = sign_in(client, charlie.email)
    assert (response.url, get_user(client).is_anonymous) == (reverse("account_inactive"), True)


def test_too_many_wrong_passwords_close_the_door_for_a_while(alice: User, client: Client):
    for _ in range(6):
        sign_in(client, alice.email, "wrong wrong wrong")
    sign_in(client, alice.email)
    assert get_user(client).is_anonymous


def test_nobody_signs_up(client: Client, db: None):
    data = {"email": "mallory@evil.example", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), data)
    assert not User.objects.exists()


def test_signing_out_is_audited(alice: User, alice_client: Client):
    alice_client.post(reverse("account_logout"))
    assert [action for action, *_ in audited()] == ["person.signed_in", "person.signed_out"]


def test_a_password_is_reset_by_e_mail_in_the_persons_language(alice: User, client: Client):
    User.objects.filter(pk=alice.pk).update(language="ja")
    client.post(reverse("account_reset_password"), {"email": alice.email.upper()}, HTTP_ACCEPT_LANGUAGE="en")
    [message] = mail.outbox
    link = re.search(r"https?://[^/]+(/accounts/password/reset/key/\S+)", message.body)[1]
    assert re.search("[ぁ-ん]", message.body)
    page = client.get(link, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "a brand new secret", "password2": "a brand new secret"})
    alice.refresh_from_db()
    assert alice.check_password("a brand new secret")
    assert ("person.password_reset", alice.name, str(alice.pk)) in audited()


def test_a_password_change_is_audited(alice: User, alice_client: Client):
    data = {"oldpassword": PASSWORD, "password1": "a brand new secret", "password2": "a brand new secret"}
    alice_client.post(reverse("account_change_password"), data)
    alice.refresh_from_db()
    assert alice.check_password("a brand new secret")
    assert ("person.password_changed", alice.name, str(alice.pk)) in audited()
