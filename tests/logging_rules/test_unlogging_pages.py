"""The pages about un-logging, as their owner, a colleague and a super admin get them."""

import pytest
from django.urls import reverse

from contacts.actions import ContactDetails, create_contact
from inboxes.models import Message, Sighting, Thread
from logging_rules.models import Unlogging
from tests.factories.contacts import NOON, log_mail, make_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def sarah(alice):
    return create_contact(by=alice, details=ContactDetails(name="Sarah Okafor", emails=["sarah@meridian.example"]))


@pytest.fixture
def thread():
    return Thread.objects.create()


@pytest.fixture
def mail(alice, sarah, thread):
    return log_mail(sarah, "Revised quote", owner=alice, thread=thread)


@pytest.fixture
def answer(alice, sarah, thread):
    return log_mail(sarah, "Re: Revised quote", owner=alice, thread=thread, from_email="sarah@meridian.example")


@pytest.fixture
def inbox(alice):
    return make_inbox(alice)


def page(name, thing):
    return reverse(name, args=[thing.code])


def text(response):
    return response.content.decode()


def test_the_timeline_offers_it_to_who_decides_and_to_nobody_else(alice_client, bob_client, admin_client, sarah, mail):
    address = page("logging_rules:unlog-mail", mail)
    for shown in (sarah.get_absolute_url(), page("contacts:message", mail)):
        offered = [address in text(client.get(shown)) for client in (alice_client, bob_client, admin_client)]
        assert offered == [True, False, False]


def test_one_mail_is_un_logged_and_a_link_undoes_it(alice_client, sarah, mail, answer):
    response = alice_client.post(page("logging_rules:unlog-mail", mail), {"scope": "mail"}, follow=True)

    unlogging = Unlogging.objects.get()
    assert response.redirect_chain == [(sarah.get_absolute_url(), 302)]
    assert f'href="{page("logging_rules:undo-unlogging", unlogging)}"' in text(response)
    assert list(Message.objects.filter(sightings__isnull=False)) == [answer]

    response = alice_client.post(page("logging_rules:undo-unlogging", unlogging), follow=True)
    assert "1 e-mail is logged again." in text(response)
    assert Sighting.objects.count() == 2


def test_the_whole_conversation_is_un_logged_at_once(alice_client, mail, answer):
    assert "2 e-mails of yours" in text(alice_client.get(page("logging_rules:unlog-mail", mail)))

    alice_client.post(page("logging_rules:unlog-mail", mail), {"scope": "thread"})

    assert Sighting.objects.count() == 0


def test_a_choice_that_is_none_is_refused_and_nothing_happens(alice_client, mail):
    response = alice_client.post(page("logging_rules:unlog-mail", mail), {"scope": "everything"})

    assert (response.status_code, Sighting.objects.count()) == (422, 1)


def test_the_page_says_who_still_holds_the_mail(alice_client, bob, mail):
    Sighting.objects.create(message=mail, inbox=make_inbox(bob), reason="known_contact_incoming", decided_at=NOON)

    assert "It stays on the timeline for Bob Tanaka" in text(alice_client.get(page("logging_rules:unlog-mail", mail)))


def test_many_are_shown_before_they_are_un_logged_and_what_comes_later_is_left_alone(
    alice, alice_client, sarah, inbox, mail
):
    address = page("inboxes:unlog", inbox)
    response = alice_client.get(address, {"person": "sarah@meridian.example", "reason": "", "domain": ""})
    assert "Un-log 1 e-mail<" in text(response)
    confirmed = dict(response.context["confirmed"])
    later = log_mail(sarah, "Later", owner=alice)

    response = alice_client.post(address, confirmed, follow=True)

    assert [sighting.message for sighting in Sighting.objects.all()] == [later]
    assert "With Sarah Okafor" in text(response)
    assert "Can be undone until" in text(response)


def test_the_preview_alone_is_what_htmx_gets(alice_client, inbox, mail):
    response = alice_client.get(
        page("inboxes:unlog", inbox), {"domain": "meridian.example"}, headers={"HX-Request": "true"}
    )

    assert text(response).startswith('<section class="section" id="preview"')


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"person": "nobody"}, "This is not an e-mail address."),
        ({"domain": "not a domain"}, "This is not a domain."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "This is before the first day."),
        ({"until": "9999-12-31"}, "less than or equal to 2999-12-31"),
        ({"since": "0001-01-01"}, "greater than or equal to 1970-01-01"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_un_logged(alice_client, inbox, mail, values, message):
    for response in (
        alice_client.get(page("inboxes:unlog", inbox), values),
        alice_client.post(page("inboxes:unlog", inbox), values),
    ):
        assert response.status_code == 422
        assert message in text(response)
    assert Sighting.objects.count() == 1


def test_the_last_day_counts_whole(alice_client, inbox, mail):
    answers = [
        alice_client.get(page("inboxes:unlog", inbox), {"until": day}).context["preview"].mails
        for day in ("2026-03-01", "2026-03-02")
    ]
    assert answers == [0, 1]


def test_erasing_at_once_needs_a_second_yes_and_cannot_be_undone(
    alice_client, inbox, mail, django_capture_on_commit_callbacks
):
    alice_client.post(page("inboxes:unlog", inbox), {"newest": 1_000_000})
    unlogging = Unlogging.objects.get()
    erase = page("logging_rules:erase-unlogged", unlogging)
    assert "This cannot be undone." in text(alice_client.get(erase))
    assert Message.objects.count() == 1

    with django_capture_on_commit_callbacks(execute=True):
        alice_client.post(erase)

    response = alice_client.post(page("logging_rules:undo-unlogging", unlogging), follow=True)
    assert "This can no longer be undone." in text(response)


def test_nobody_else_learns_that_something_was_un_logged(alice, alice_client, bob_client, admin_client, inbox, mail):
    alice_client.post(page("inboxes:unlog", inbox), {"newest": 1_000_000})
    unlogging = Unlogging.objects.get()
    pages = [
        page("inboxes:unlog", inbox),
        page("inboxes:unlogged", inbox),
        page("logging_rules:undo-unlogging", unlogging),
        page("logging_rules:erase-unlogged", unlogging),
        page("logging_rules:unlog-mail", mail),
    ]
    for client in (bob_client, admin_client):
        assert [client.get(address).status_code for address in pages] == [404] * 5
        assert [client.post(address).status_code for address in (*pages[:1], *pages[2:])] == [404] * 4
    assert Sighting.objects.count() == 0


def test_undone_by_htmx_the_whole_page_is_shown_anew(alice_client, inbox, mail):
    alice_client.post(page("inboxes:unlog", inbox), {"newest": 1_000_000})
    unlogging = Unlogging.objects.get()

    response = alice_client.post(page("logging_rules:undo-unlogging", unlogging), headers={"HX-Request": "true"})

    assert response.headers["HX-Redirect"] == page("inboxes:unlogged", inbox)
    assert Sighting.objects.count() == 1
