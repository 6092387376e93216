"""Everybody says how to be told of what; nobody can be kept from hearing what is done to them."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from notifications import actions, kinds, queries
from notifications.mail import message, send
from notifications.models import Notification, Preference
from notifications.topics import ALWAYS_TOLD, SUBJECTS, Topic, Wish
from tests.factories.users import UserFactory
from users.models import User

PAGE = "notifications:preferences"
OFF, ONLY_HERE, ONLY_BY_E_MAIL = Wish(False, False), Wish(True, False), Wish(False, True)


def tell(*people: User, kind: str = "invitation_accepted", episode: str = "one") -> int:
    context = {"person": "Guest", "role": "member", "account_access": False, "by": "Ada"}
    return actions.notify(recipients=people, kind=kind, context=context, url="/people/", episode=episode)


def prefer(person: User, wish: Wish, topic: Topic = Topic.PEOPLE) -> None:
    actions.prefer(person=person, wishes={topic: wish}, by=person)


def channels(person: User) -> list[tuple[bool, bool]]:
    return list(Notification.objects.filter(recipient=person).values_list("in_app", "by_e_mail"))


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (Wish(), [(True, True)]),
        (ONLY_HERE, [(True, False)]),
        (ONLY_BY_E_MAIL, [(False, True)]),
        (OFF, []),
    ],
)
def test_people_are_told_as_they_wish(alice: User, bob: User, wish: Wish, told: list[tuple[bool, bool]]):
    prefer(alice, wish)
    assert tell(alice, bob) == len(told) + 1
    assert (channels(alice), channels(bob)) == (told, [(True, True)])


def test_what_is_wanted_by_e_mail_alone_stands_in_no_list_and_its_link_still_works(alice: User, alice_client: Client):
    prefer(alice, ONLY_BY_E_MAIL)
    tell(alice)
    assert (queries.unread_count(alice), queries.newest(alice), queries.page(alice).notifications) == (0, [], [])
    link = reverse("notifications:open", args=[Notification.objects.get().code])
    assert alice_client.get(link).url == "/people/"


def test_no_e_mail_goes_to_whoever_wants_none_however_often_it_is_sent(alice: User, bob: User):
    prefer(alice, ONLY_HERE)
    tell(alice, bob)
    for _ in range(2):
        send(list(Notification.objects.values_list("pk", flat=True)))
    assert [each.to for each in mail.outbox] == [[bob.email]]


def test_a_wish_about_one_topic_says_nothing_about_another(alice: User):
    prefer(alice, OFF, Topic.OWN_INBOXES)
    assert tell(alice) == 1


def test_wishes_cost_no_query_more_for_fifty_people(db: None):
    people = UserFactory.create_batch(50)
    Preference.objects.bulk_create(
        Preference(person=person, topic=Topic.PEOPLE, by_e_mail=False) for person in people[:25]
    )
    with CaptureQueriesContext(connection) as queried:
        assert tell(*people) == 50
    assert len(queried) == 3  # savepoint around the INSERT
    assert Notification.objects.filter(by_e_mail=True).count() == 25


@pytest.fixture
def team_kind(monkeypatch: pytest.MonkeyPatch):
    known = kinds.kind("invitation_accepted")
    monkeypatch.setitem(
        kinds._kinds,
        "about_a_team",
        kinds.Kind("about_a_team", Topic.TEAM_INBOXES, known.title, known.text, known.action, known.fields),
    )


def test_super_admins_are_told_here_when_everybody_has_switched_team_inboxes_off(
    alice: User, bob: User, admin: User, team_kind: None
):
    for person in (alice, bob, admin):
        prefer(person, OFF, Topic.TEAM_INBOXES)
    assert tell(alice, bob, admin, kind="about_a_team") == 1
    assert (channels(alice), channels(bob), channels(admin)) == ([], [], [(True, False)])


def test_a_super_admin_who_switched_it_off_is_left_alone_as_long_as_somebody_is_told(
    alice: User, admin: User, team_kind: None
):
    prefer(admin, OFF, Topic.TEAM_INBOXES)
    prefer(alice, ONLY_BY_E_MAIL, Topic.TEAM_INBOXES)
    assert tell(alice, admin, kind="about_a_team") == 1
    assert (channels(alice), channels(admin)) == ([(False, True)], [])


@pytest.mark.parametrize("topic", sorted(ALWAYS_TOLD))
def test_security_notices_cannot_be_switched_off(alice: User, topic: Topic):
    with pytest.raises(ValidationError):
        prefer(alice, OFF, topic)
    with pytest.raises(IntegrityError, match="security_cannot_be_switched_off"), transaction.atomic():
        Preference.objects.create(person=alice, topic=topic, in_app=False, by_e_mail=False)
    assert tell(alice, kind="role_changed") == 1
    assert channels(alice) == [(True, True)]


def test_nobody_chooses_for_somebody_else(alice: User, admin: User):
    with pytest.raises(PermissionDenied):
        actions.prefer(person=alice, wishes={Topic.PEOPLE: OFF}, by=admin)
    assert not Preference.objects.exists()


def test_a_choice_is_audited_and_no_choice_is_not(alice: User):
    prefer(alice, ONLY_HERE)
    prefer(alice, ONLY_HERE)
    prefer(alice, Wish(), Topic.LOGGING)
    [event] = AuditEvent.objects.filter(action="person.notifications_chosen")
    assert (event.actor, event.target_id) == (alice, str(alice.pk))
    assert event.details == {"topics": {"people": {"in_app": True, "by_e_mail": False}}}


def test_every_registered_kind_has_a_topic_with_words(db: None):
    assert set(kinds.topics()) <= set(SUBJECTS)
    assert {topic for topic in kinds.topics() if topic in ALWAYS_TOLD} == {Topic.SECURITY}


def posted(client: Client, **ticked: str) -> Any:
    return client.post(reverse(PAGE), ticked)


def test_the_page_shows_and_keeps_ones_own_choice(alice: User, alice_client: Client, bob: User):
    response = posted(alice_client, own_inboxes_in_app="on", logging_by_e_mail="on")
    assert (response.status_code, response.url) == (302, reverse(PAGE))
    wishes = queries.wishes_of(alice)
    assert (wishes[Topic.OWN_INBOXES], wishes[Topic.LOGGING]) == (ONLY_HERE, ONLY_BY_E_MAIL)
    assert wishes[Topic.SECURITY] == Wish()
    assert set(queries.wishes_of(bob).values()) == {Wish()}
    page = alice_client.get(reverse(PAGE)).context["form"]
    assert next((row.in_app.value(), row.by_e_mail.value()) for row in page.rows()) == (True, False)


def test_what_is_not_on_ones_page_stays_as_it_is(alice: User, alice_client: Client):
    prefer(alice, ONLY_HERE, Topic.INSTALLATION)
    posted(alice_client, own_inboxes_in_app="on")
    assert queries.wishes_of(alice)[Topic.INSTALLATION] == ONLY_HERE


def test_ticking_security_off_by_hand_changes_nothing(alice: User, alice_client: Client):
    assert posted(alice_client, security_in_app="").status_code == 302
    assert queries.wishes_of(alice)[Topic.SECURITY] == Wish()


def test_only_super_admins_are_asked_about_what_only_they_are_told(alice: User, admin: User):
    more = set(queries.topics_for(admin)) - set(queries.topics_for(alice))
    assert more == {Topic.PEOPLE, Topic.INSTALLATION}


def test_every_e_mail_says_what_it_is_about_and_where_to_change_that(alice: User):
    tell(alice)
    tell(alice, kind="role_changed", episode="two")
    people, security = (message(each) for each in Notification.objects.order_by("pk").select_related("recipient"))
    for each in (people, security):
        html = str(each.alternatives[0].content)
        assert f"http://testserver{reverse(PAGE)}" in each.body
        assert f'href="http://testserver{reverse(PAGE)}"' in html
        assert each.extra_headers == {"Auto-Submitted": "auto-generated"}
    assert "You get this because you are told about: People" in people.body
    assert "it is always sent" in security.body


def command(*words: str) -> Any:
    out = StringIO()
    call_command("notifications", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_the_command_names_who_is_nobody(db: None):
    with pytest.raises(CommandError, match=r"Nobody signs in as hana@kita\.example\."):
        call_command("notifications", "show", "hana@kita.example")


def test_the_command_says_and_changes_how_somebody_is_told(alice: User):
    assert command("show", alice.email)["security"] == {
        "in_app": True,
        "by_e_mail": True,
        "can_be_switched_off": False,
    }
    changed = command("choose", "Alice@genkan.example", "own_inboxes", "--by-e-mail", "off")
    assert changed == command("show", alice.email)
    assert queries.wishes_of(alice)[Topic.OWN_INBOXES] == ONLY_HERE
    assert AuditEvent.objects.get(action="person.notifications_chosen").actor is None
    with pytest.raises(CommandError):
        command("choose", alice.email, "security", "--by-e-mail", "off")
