"""In whose language and time a page speaks."""

import re
from datetime import UTC, datetime

from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from notifications.models import Notification
from users.models import User


def language_of(response) -> str:
    return re.search(r'<html lang="(\w+)"', response.content.decode())[1]


def prefer(user: User, **settings: str) -> None:
    User.objects.filter(pk=user.pk).update(**settings)


def test_a_signed_in_person_s_language_beats_the_browser_s(alice: User, alice_client: Client):
    prefer(alice, language="ja")
    response = alice_client.get(reverse("users:profile"), headers={"accept-language": "en"})
    assert (language_of(response), response["Content-Language"]) == ("ja", "ja")


def test_a_visitor_s_language_is_the_browser_s(client: Client, db: None):
    assert language_of(client.get(reverse("account_login"), headers={"accept-language": "ja"})) == "ja"


def test_times_are_shown_in_the_person_s_zone(alice: User, alice_client: Client):
    prefer(alice, time_zone="Asia/Tokyo")
    moment = datetime(2020, 3, 12, 20, 30, tzinfo=UTC)  # the 13th in Tokyo
    Notification.objects.create(
        recipient=alice, kind="invitation_accepted", context={"person": "Hana"}, url="/people/", episode="1"
    )
    Notification.objects.update(created_at=moment)
    page = alice_client.get(reverse("notifications:notification-list")).content.decode()
    assert re.search(r"13[^<]*2020|2020[^<]*13", page)


def test_a_zone_this_machine_does_not_know_is_utc(alice: User, alice_client: Client):
    prefer(alice, time_zone="Mars/Base")
    assert alice_client.get(reverse("users:people")).status_code == 200


def test_nothing_of_it_is_left_behind_for_the_next_request(alice: User, alice_client: Client, client: Client):
    prefer(alice, language="ja", time_zone="Asia/Tokyo")
    alice_client.get(reverse("users:profile"))
    assert timezone.get_current_timezone_name() == "UTC"
    assert language_of(client.get(reverse("account_login"), headers={"accept-language": "en"})) == "en"
    translation.activate("en")
