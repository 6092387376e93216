"""The settings of the three levels on their pages: what is in force and why, what a change of the workspace means for whom."""

from itertools import pairwise

import pytest
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from inboxes.models import Inbox, InboxKind, InboxStatus
from logging_rules.actions import set_inbox_policy, set_person_policy, set_workspace_policy
from logging_rules.consequences import consequences_of
from logging_rules.facts import SETTING_NAMES, ContactCreation, Level, Preset, Setting, opens
from logging_rules.in_force import policy_of
from logging_rules.models import InboxPolicy, PersonPolicy, WorkspacePolicy
from logging_rules.rules import rules_of
from logging_rules.standing import standings_of
from notifications.models import Notification
from tests.factories.inboxes import connected_inbox
from tests.factories.users import UserFactory
from tests.logging_rules.test_engine_properties import FROM_OPEN_TO_STRICT
from users.models import User

pytestmark = pytest.mark.django_db
DEFAULTS, POLICY = "/logging/settings/", "/logging/policy/"


@pytest.fixture
def inbox(alice: User) -> Inbox:
    """It says nothing itself."""
    inbox = connected_inbox(alice)
    InboxPolicy.objects.all().delete()
    return inbox


def in_force(inbox: Inbox, name: str) -> Setting:
    return getattr(policy_of(inbox, WorkspacePolicy.objects.current()), name)


def everything(**values: str) -> dict[str, str]:
    """What a browser sends of the workspace's form."""
    policy = WorkspacePolicy.objects.current()
    words = {name: getattr(policy, name) for name in (*SETTING_NAMES, "most_open_preset")}
    return {name: {True: "yes", False: "no"}.get(value, value) for name, value in words.items()} | values


def changes() -> "QuerySet[AuditEvent]":
    return AuditEvent.objects.filter(action__startswith="logging.")


# Nobody is made more open than they chose


def test_every_setting_knows_which_value_is_more_open():
    for name, values in FROM_OPEN_TO_STRICT.items():
        for more, less in pairwise(values):
            assert (opens(name, less, more), opens(name, more, less), opens(name, more, more)) == (True, False, False)


@pytest.mark.parametrize("name", SETTING_NAMES)
def test_opening_the_workspace_up_changes_nothing_for_those_who_are_there(inbox, alice, bob, admin, name):
    most_open, *stricter = FROM_OPEN_TO_STRICT[name]
    WorkspacePolicy.objects.create(**{name: stricter[0]})
    set_person_policy(person=bob, by=bob, **{name: stricter[-1]})

    set_workspace_policy(by=admin, **{name: most_open})

    newcomer = connected_inbox(UserFactory(), "new@ours.example")
    InboxPolicy.objects.all().delete()
    assert in_force(inbox, name) == Setting(stricter[0], Level.PERSON)
    assert in_force(newcomer, name) == Setting(most_open, Level.WORKSPACE)
    assert PersonPolicy.objects.get(person=alice).kept == [name]
    assert PersonPolicy.objects.get(person=bob).kept == []


def test_who_keeps_a_setting_may_follow_the_workspace_again(inbox, alice, admin):
    set_workspace_policy(preset=Preset.KNOWN, by=admin)
    assert standings_of(rules_of(inbox))["preset"].note.startswith("Kept for you as it was")

    set_person_policy(person=alice, preset=None, by=alice)

    assert in_force(inbox, "preset") == Setting(Preset.KNOWN, Level.WORKSPACE)
    assert PersonPolicy.objects.get(person=alice).kept == []


def test_opening_up_twice_keeps_what_was_there_first(inbox, alice, admin):
    set_workspace_policy(preset=Preset.MANUAL, by=admin)
    for preset in (Preset.REPLIES, Preset.KNOWN):
        set_workspace_policy(preset=preset, by=admin)

    assert in_force(inbox, "preset") == Setting(Preset.MANUAL, Level.PERSON)
    assert PersonPolicy.objects.get(person=alice).kept == ["preset"]


def test_a_higher_limit_gives_back_what_people_chose_and_no_more(inbox, alice, bob, admin):
    bobs = connected_inbox(bob, "bob@ours.example", preset=Preset.KNOWN)
    set_workspace_policy(most_open_preset=Preset.MANUAL, preset=Preset.MANUAL, by=admin)
    assert {in_force(each, "preset").value for each in (inbox, bobs)} == {Preset.MANUAL}

    set_workspace_policy(most_open_preset=Preset.KNOWN, by=admin)

    assert in_force(bobs, "preset") == Setting(Preset.KNOWN, Level.INBOX)
    assert in_force(inbox, "preset") == Setting(Preset.MANUAL, Level.WORKSPACE)


# Whom a stricter policy concerns


def test_everybody_whose_inbox_logs_less_is_named_and_nobody_else(inbox, alice, bob, admin):
    bobs = connected_inbox(bob, "bob@ours.example", preset=Preset.KNOWN)
    connected_inbox(bob, "off@ours.example", status=InboxStatus.DISABLED)
    team = connected_inbox(admin, "sales@ours.example", kind=InboxKind.TEAM)

    found = consequences_of({"most_open_preset": Preset.REPLIES}, WorkspacePolicy.objects.current())

    assert [(each.inbox, [(n.name, n.before, n.after) for n in each.narrowings]) for each in found.narrowed] == [
        (bobs, [("preset", Preset.KNOWN, Preset.REPLIES)]),
        (team, [("preset", Preset.KNOWN, Preset.REPLIES)]),
    ]
    assert (found.widened, found.keeping) == ([], 0)


def test_they_are_told_once_what_changed_and_by_whom(inbox, bob, admin):
    for number in range(2):
        connected_inbox(bob, f"bob{number}@ours.example", preset=Preset.KNOWN)

    set_workspace_policy(most_open_preset=Preset.REPLIES, log_automatic_mail=False, by=admin)

    told = Notification.objects.get()
    assert (told.recipient, told.url) == (bob, DEFAULTS)
    assert told.context == {
        "by": str(admin),
        "inboxes": ["bob0@ours.example", "bob1@ours.example"],
        "settings": ["preset"],
    }


def test_looking_for_whom_it_concerns_costs_the_same_for_many(alice, django_assert_num_queries):
    for number in range(5):
        connected_inbox(UserFactory(), f"person{number}@ours.example")
    policy = WorkspacePolicy.objects.current()
    with django_assert_num_queries(6):
        found = consequences_of({"most_open_preset": Preset.MANUAL, "track_opens": True}, policy)
    assert (len(found.narrowed), found.keeping) == (5, 6)


# Pages


def test_the_page_of_defaults_says_what_is_in_force_and_who_said_so(inbox, alice, alice_client):
    set_person_policy(person=alice, visibility="subject", by=alice)
    set_inbox_policy(inbox=inbox, track_opens=True, by=alice)

    page = alice_client.get(DEFAULTS)

    rows = {row.standing.name: row for _, rows in page.context["groups"] for row in rows}
    assert {name: (row.standing.value, row.standing.set_by) for name, row in rows.items()} == {
        "preset": ("Replies and conversations already logged", "the workspace"),
        "log_incoming": ("Yes", "the workspace"),
        "log_outgoing": ("Yes", "the workspace"),
        "log_automatic_mail": ("No", "the workspace"),
        "store_attachments": ("Yes", "the workspace"),
        "hold_ambiguous": ("No", "the workspace"),
        "visibility": ("Subject and participants only", "you, for all your inboxes"),
        "create_contacts": ("Never", "the workspace"),
        "log_by_default": ("Yes", "the workspace"),
        "track_opens": ("No", "the workspace"),
        "track_clicks": ("No", "the workspace"),
    }
    assert rows["track_opens"].exceptions == [inbox.address]
    assert "As the workspace says: No" in page.content.decode()


def test_saving_changes_only_what_was_changed_and_offers_the_past(inbox, alice, alice_client, time_machine):
    time_machine.move_to(timezone.now(), tick=False)  # what is signed names its second
    form = {"preset": "manual", "log_incoming": "no", "create_contacts": "sent"}

    response = alice_client.post(DEFAULTS, form, follow=True)

    policy = PersonPolicy.objects.get(person=alice)
    assert (policy.preset, policy.log_incoming, policy.create_contacts) == (Preset.MANUAL, False, ContactCreation.SENT)
    assert (policy.log_outgoing, policy.visibility) == (None, "")
    assert changes().get().details == {"preset": "manual", "log_incoming": False, "create_contacts": "sent"}
    assert response.context["saved"].url in response.content.decode()

    alice_client.post(DEFAULTS, form)
    assert changes().count() == 1


def test_trying_a_change_out_saves_nothing(inbox, alice, alice_client):
    for page in (DEFAULTS, reverse("inboxes:logging", args=[inbox.code])):
        response = alice_client.post(page, {"preset": "known", "try": "1"})
        assert response["Location"].startswith(reverse("logging_rules:dry-run"))
    assert not changes().exists()


def test_a_choice_that_the_workspace_lowered_stays_and_says_so(inbox, alice, admin, alice_client):
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    set_workspace_policy(most_open_preset=Preset.REPLIES, by=admin)
    page = reverse("inboxes:logging", args=[inbox.code])

    text = alice_client.get(page).content.decode()
    alice_client.post(page, {"preset": "known", "track_clicks": "yes"})

    assert (
        "You chose “All mail with known contacts”; your workspace allows at most “Replies and conversations already logged”."
    ) in text
    policy = InboxPolicy.objects.get(inbox=inbox)
    assert (policy.preset, policy.track_clicks) == (Preset.KNOWN, True)


def test_the_page_of_an_inbox_names_what_its_default_would_give(inbox, alice, alice_client):
    set_person_policy(person=alice, preset=Preset.MANUAL, by=alice)

    page = alice_client.get(reverse("inboxes:logging", args=[inbox.code])).content.decode()

    assert "As my default says: Only what I choose" in page


def test_the_overview_of_an_inbox_says_what_is_in_force(inbox, alice_client):
    page = alice_client.get(reverse("inboxes:inbox", args=[inbox.code]))

    assert page.context["standings"]["visibility"].value == "Everyone who can see the contact"
    assert "All settings in force" in page.content.decode()


def test_the_workspace_form_asks_before_it_narrows_anybody(bob, admin, admin_client):
    connected_inbox(bob, "bob@ours.example", preset=Preset.KNOWN)
    form = everything(most_open_preset="replies", track_opens="yes")

    asked = admin_client.post(POLICY, form)

    text = asked.content.decode()
    assert ("bob@ours.example" in text, WorkspacePolicy.objects.current().most_open_preset) == (True, Preset.KNOWN)
    assert asked.context["consequences"].keeping == User.objects.count()

    admin_client.post(POLICY, form | {"confirmed": "1"})

    policy = WorkspacePolicy.objects.current()
    assert (policy.most_open_preset, policy.track_opens) == (Preset.REPLIES, True)
    assert Notification.objects.get().recipient == bob


def test_a_change_tried_out_in_a_dry_run_asks_as_well(bob, admin, admin_client):
    connected_inbox(bob, "bob@ours.example", preset=Preset.KNOWN)
    connected_inbox(admin, "admin@ours.example")
    tried = admin_client.post(POLICY, everything(most_open_preset="replies") | {"try": "1"})
    path = tried["Location"].replace(reverse("logging_rules:dry-run"), reverse("logging_rules:apply-change"))

    asked = admin_client.post(path, {"reach": "future"})

    assert ("bob@ours.example" in asked.content.decode(), asked.context["sent"]) == (True, {"reach": "future"})
    assert WorkspacePolicy.objects.current().most_open_preset == Preset.KNOWN

    admin_client.post(path, asked.context["sent"] | {"confirmed": "1"})
    assert WorkspacePolicy.objects.current().most_open_preset == Preset.REPLIES


def test_a_change_that_concerns_nobody_is_saved_at_once(admin, admin_client):
    admin_client.post(POLICY, everything(hold_ambiguous="yes"))

    assert WorkspacePolicy.objects.current().hold_ambiguous is True


def test_a_default_above_the_limit_is_refused_beside_its_field(admin_client):
    response = admin_client.post(POLICY, everything(preset="known", most_open_preset="replies"))

    assert response.status_code == 422
    assert response.context["form"].errors == {
        "preset": ["The default cannot be more open than the most open setting people may choose."]
    }


def test_pages_speak_japanese(inbox, alice, alice_client):
    alice.language = "ja"
    alice.save()

    text = alice_client.get(DEFAULTS).content.decode()

    assert ("ログとトラックの既定の設定" in text, "ワークスペースの設定に従う" in text) == (True, True)
