"""The bell and the list."""

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications import actions, queries
from notifications.models import Notification
from users.models import User

LIST = "notifications:notification-list"


def tell(person: User, times: int = 1) -> None:
    first = Notification.objects.count()
    for number in range(first, first + times):
        actions.notify(
            recipients=[person],
            kind="invitation_accepted",
            context={"person": f"Guest{number:03}"},
            url="/people/",
            episode=str(number),
        )


def guests(page: str) -> list[str]:
    return re.findall(r">(Guest\d+) joined", page)


def test_the_list_has_the_newest_first_and_only_ones_own(alice: User, bob: User, alice_client: Client):
    tell(alice, 2)
    tell(bob, 1)
    page = alice_client.get(reverse(LIST)).content.decode()
    assert guests(page) == ["Guest001", "Guest000"]


def test_pages_follow_each_other_without_gap_or_repetition_while_news_arrive(alice: User, alice_client: Client):
    tell(alice, queries.PAGE + 5)
    first = alice_client.get(reverse(LIST))
    tell(alice, 3)
    second = alice_client.get(reverse(LIST), {"before": str(first.context["page"].older)})
    seen = guests(first.content.decode()) + guests(second.content.decode())
    assert seen == [f"Guest{number:03}" for number in reversed(range(queries.PAGE + 5))]
    assert second.context["page"].older is None


def test_htmx_gets_the_rows_alone(alice: User, alice_client: Client):
    tell(alice)
    rows = alice_client.get(reverse(LIST), headers={"hx-request": "true"}).content.decode()
    assert (guests(rows), "<html" in rows) == (["Guest000"], False)


def test_opening_a_notice_marks_it_and_goes_where_it_points(alice: User, alice_client: Client):
    tell(alice, 2)
    notification = Notification.objects.first()
    response = alice_client.get(reverse("notifications:open", args=[notification.code]))
    assert (response.status_code, response.url) == (302, "/people/")
    assert list(Notification.objects.unread().values_list("pk", flat=True)) == [notification.pk + 1]


def test_nobody_opens_another_persons_notice(alice: User, bob_client: Client, admin_client: Client):
    tell(alice)
    url = reverse("notifications:open", args=[Notification.objects.get().code])
    assert [visitor.get(url).status_code for visitor in (bob_client, admin_client)] == [404, 404]
    assert Notification.objects.get().is_unread


def test_everything_is_read_at_once(alice: User, bob: User, alice_client: Client):
    tell(alice, 2)
    tell(bob, 1)
    page = alice_client.get(reverse(LIST))
    alice_client.post(reverse("notifications:read-all"), {"until": page.context["page"].newest_key})
    assert [row.recipient for row in Notification.objects.unread()] == [bob]


def test_a_newest_notice_that_is_no_number_leaves_nothing_out(alice: User, alice_client: Client):
    for until in ("", "x", "9" * 5000):
        tell(alice)
        alice_client.post(reverse("notifications:read-all"), {"until": until})
        assert not Notification.objects.unread().exists()


def test_only_the_unread_are_shown_on_request(alice: User, alice_client: Client):
    tell(alice, 2)
    actions.mark_read(notification=Notification.objects.get(episode="0"), by=alice)
    assert guests(alice_client.get(reverse(LIST), {"show": "unread"}).content.decode()) == ["Guest001"]
    unread = Notification.objects.visible_to(alice).in_app().unread()
    assert queries.unread_count(alice) == unread.count() == 1  # which every page shows beside the bell


def test_the_bell_shows_the_newest_ten(alice: User, alice_client: Client):
    tell(alice, 12)
    bell = alice_client.get(reverse("notifications:bell")).content.decode()
    assert guests(bell) == [f"Guest{number:03}" for number in range(11, 1, -1)]


def test_the_count_stops_where_the_bell_does(alice: User):
    tell(alice, queries.UNREAD_SHOWN + 5)
    assert queries.unread_count(alice) == queries.UNREAD_SHOWN + 1


def test_the_list_costs_the_same_for_one_and_for_fifty(alice: User, alice_client: Client):
    tell(alice)
    alice_client.get(reverse(LIST))
    with CaptureQueriesContext(connection) as for_one:
        alice_client.get(reverse(LIST))
    tell(alice, 49)
    with CaptureQueriesContext(connection) as for_fifty:
        alice_client.get(reverse(LIST))
    assert len(for_fifty) == len(for_one)


def test_outsiders_are_sent_to_the_sign_in(client: Client, charlie_client: Client):
    for visitor in (client, charlie_client):
        for name in (LIST, "notifications:bell"):
            assert visitor.get(reverse(name)).url.partition("?")[0] == reverse("account_login")
