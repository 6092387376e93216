"""Health, errors and account pages, as load balancers and people without an account see them."""

import re

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from users.models import User

PASSWORD = "a long and honest password"


@pytest.mark.django_db
def test_health_is_told_without_signing_in(client):
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readiness_names_every_part(client):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (
        200,
        {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok"},
    )


@pytest.mark.django_db
@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_readiness_fails_without_a_broker(client):
    response = client.get("/readyz")

    assert (response.status_code, response.json()["broker"]) == (503, "unavailable")


@pytest.mark.django_db
def test_readiness_fails_while_migrations_wait(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'users'")

    response = client.get("/readyz")

    assert (response.status_code, response.json()["migrations"]) == (503, "pending")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("en", "There is no such page", "ページが見つかりません"),
        ("ja", "ページが見つかりません", "There is no such page"),
    ],
)
def test_an_error_speaks_both_languages_the_viewers_first(client, language, first, second):
    response = client.get("/nowhere/", headers={"accept-language": language})

    text = response.content.decode()
    body = text[text.index("<body") :]
    assert (response.status_code, 0 < body.index(first) < body.index(second)) == (404, True)


@pytest.mark.django_db
def test_an_error_names_its_request(client):
    response = client.get("/nowhere/")

    assert re.search(r"<code>[0-9a-f]{8}-[0-9a-f-]{27}</code>", response.content.decode())


@pytest.mark.django_db
@pytest.mark.urls("tests.crm_project.broken_urls")
def test_an_error_of_ours_is_a_kind_page_that_asks_no_database(client, django_assert_num_queries):
    client.raise_request_exception = False

    with django_assert_num_queries(0):
        response = client.get("/broken/")

    assert (response.status_code, "Something broke on our side" in response.content.decode()) == (500, True)


@pytest.mark.django_db
def test_a_form_without_its_token_says_what_to_do():
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"})

    assert (response.status_code, "This page was open for too long" in response.content.decode()) == (403, True)


@pytest.mark.django_db
def test_nobody_signs_up_by_themselves(client):
    form = {"email": "eve@evil.example", "password1": PASSWORD, "password2": PASSWORD}

    response = client.post(reverse("account_signup"), form)

    assert "People join by invitation" in response.content.decode()
    assert list(User.objects.all()) == []


@pytest.mark.django_db
def test_a_wrong_password_is_explained_beside_the_form(client):
    User.objects.create_user("alice@northwind.example", PASSWORD, name="Alice")

    response = client.post(reverse("account_login"), {"login": "alice@northwind.example", "password": "wrong"})

    assert 'role="alert"' in response.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_a_reset_link_leads_to_a_new_password(client, mailoutbox):
    alice = User.objects.create_user("alice@northwind.example", "the old password", name="Alice")

    client.post(reverse("account_reset_password"), {"email": alice.email})
    link = next(line for line in mailoutbox[0].body.splitlines() if line.startswith("http"))
    form = client.get(link.partition("testserver")[2], follow=True)
    client.post(form.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})

    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    assert mailoutbox[0].subject == "Reset your password"


@pytest.mark.django_db
def test_a_changed_password_is_told_by_mail_and_leads_back_to_the_profile(client, mailoutbox):
    alice = User.objects.create_user("alice@northwind.example", "the old password", name="Alice")
    client.force_login(alice)
    form = {"oldpassword": "the old password", "password1": PASSWORD, "password2": PASSWORD}

    response = client.post(reverse("account_change_password"), form)

    assert response.url == reverse("users:profile")
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([alice.email], "Your password was changed")]


@pytest.mark.django_db
def test_an_unknown_address_gets_no_mail_and_the_same_answer(client, mailoutbox):
    response = client.post(reverse("account_reset_password"), {"email": "nobody@northwind.example"})

    assert (response.url, mailoutbox) == (reverse("account_reset_password_done"), [])


@pytest.mark.django_db
def test_addresses_are_not_managed_in_a_library_page(client):
    alice = User.objects.create_user("alice@northwind.example", PASSWORD, name="Alice")
    client.force_login(alice)

    assert client.get("/accounts/email/").status_code == 404


@pytest.mark.django_db
def test_people_are_addressed_in_their_own_language_and_theme(client):
    sato = User.objects.create_user(
        "sato@northwind.example", PASSWORD, name="佐藤 恵美", language="ja", theme="dark", time_zone="Asia/Tokyo"
    )
    client.force_login(sato)

    response = client.get(reverse("account_change_password"), headers={"accept-language": "en"})

    text = response.content.decode()
    assert response.headers["Content-Language"] == "ja"
    assert '<html lang="ja" data-theme="dark">' in text
    assert "パスワードを変更" in text
