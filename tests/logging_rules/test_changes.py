"""A change as a value: through the browser and back, made of the rules of an inbox without saving anything, and taken back."""

import pytest
from django.core import signing

from logging_rules.actions import add_never_log_entry, set_inbox_policy
from logging_rules.changes import Change, Entry
from logging_rules.facts import Level, NeverLogKind, NeverLogScope, Preset, Setting
from logging_rules.rules import rules_of
from tests.factories.contacts import make_inbox
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db

CLINIC = Entry(NeverLogKind.DOMAIN, "clinic.example")


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice, preset=Preset.REPLIES)


@pytest.mark.parametrize(
    "change",
    [
        Change.of_person(preset=Preset.KNOWN, log_automatic_mail=True),
        Change.of_person(listed=[CLINIC], unlisted=[Entry(NeverLogKind.ADDRESS, "sarah@meridian.example")]),
        Change.of_workspace(most_open_preset=Preset.REPLIES),
        Change.of_workspace(listed=[CLINIC._replace(covers_team=True, scope=NeverLogScope.ADDRESS_ONLY)]),
    ],
)
def test_it_comes_back_from_the_browser_as_it_was(change):
    assert Change.from_signed(change.signed()) == change
    assert change.url.startswith("/logging/dry-run/?change=")


def test_a_text_that_is_not_ours_is_refused():
    with pytest.raises(signing.BadSignature):
        Change.from_signed(Change.of_person(preset=Preset.KNOWN).signed() + "x")


def test_a_setting_of_the_inbox_holds_for_that_inbox_only(inbox, alice):
    change = Change.of_inbox(inbox, preset=Preset.KNOWN)
    other = make_inbox(alice, "other@ours.example")

    assert change.apply_to(rules_of(inbox)).policy.preset == Setting(Preset.KNOWN, Level.INBOX)
    assert change.apply_to(rules_of(other)).effect == rules_of(other).effect


def test_levels_resolve_as_they_would_once_it_is_made(inbox):
    rules = rules_of(inbox)

    follows_person = Change.of_inbox(inbox, preset=None).apply_to(rules)
    person_says = Change.of_person(preset=Preset.KNOWN).apply_to(follows_person)
    lowered = Change.of_workspace(most_open_preset=Preset.MANUAL).apply_to(person_says)

    assert Change.of_person(preset=Preset.KNOWN).apply_to(rules).policy.preset == Setting(Preset.REPLIES, Level.INBOX)
    assert follows_person.policy.preset.level is Level.WORKSPACE
    assert person_says.policy.preset == Setting(Preset.KNOWN, Level.PERSON)
    assert lowered.policy.preset == Setting(Preset.MANUAL, Level.WORKSPACE)
    assert rules_of(inbox).effect == rules.effect


def test_never_log_entries_come_and_go_on_the_list_of_their_level(inbox):
    rules = rules_of(inbox)
    personal = Change.of_person(listed=[CLINIC]).apply_to(rules)
    workspace = Change.of_workspace(listed=[CLINIC]).apply_to(rules)

    assert personal.personal_never_log.match("info@clinic.example") == (CLINIC.kind, CLINIC.scope)
    assert personal.workspace_never_log.match("info@clinic.example") is None
    assert workspace.workspace_never_log.match("info@clinic.example") == (CLINIC.kind, CLINIC.scope)
    assert Change.of_person(unlisted=[CLINIC]).apply_to(personal).effect == rules.effect


def test_an_entry_reaches_a_team_inbox_only_if_it_covers_it(inbox):
    inbox.kind = "team"
    rules = rules_of(inbox)

    spared = Change.of_workspace(listed=[CLINIC]).apply_to(rules)
    covered = Change.of_workspace(listed=[CLINIC._replace(covers_team=True)]).apply_to(rules)

    assert spared.effect == rules.effect
    assert covered.workspace_never_log.match("info@clinic.example") == (CLINIC.kind, CLINIC.scope)


def test_it_is_known_whether_it_is_made_already(inbox, alice):
    preset, entry = Change.of_inbox(inbox, preset=Preset.KNOWN), Change.of_person(listed=[CLINIC])
    assert not preset.is_made_in(rules_of(inbox))
    assert not entry.is_made_in(rules_of(inbox))

    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    add_never_log_entry(text="clinic.example", owner=alice, by=alice)

    assert preset.is_made_in(rules_of(inbox))
    assert entry.is_made_in(rules_of(inbox))


@pytest.mark.parametrize(
    "change",
    [
        Change.of_person(preset=Preset.KNOWN, log_incoming=False),
        Change.of_person(listed=[CLINIC]),
        Change.of_person(listed=[Entry(NeverLogKind.DOMAIN, "bank.example", NeverLogScope.ADDRESS_ONLY)]),
        Change.of_person(unlisted=[Entry(NeverLogKind.DOMAIN, "bank.example")]),
        Change.of_workspace(most_open_preset=Preset.MANUAL),
    ],
)
def test_taking_it_back_leads_to_where_it_began(inbox, alice, change):
    add_never_log_entry(text="bank.example", owner=alice, by=alice)
    rules = rules_of(inbox)

    back = change.taken_back_from(rules, to_wider=True)

    assert back.apply_to(change.apply_to(rules)).effect == rules.effect
    assert change.apply_to(rules).effect != rules.effect or change.level is Level.PERSON


def test_of_a_change_made_already_entries_are_taken_back_and_settings_to_either_end(inbox, alice):
    add_never_log_entry(text="clinic.example", owner=alice, by=alice)
    rules = rules_of(inbox)

    assert Change.of_person(listed=[CLINIC]).taken_back_from(rules, to_wider=True) == Change.of_person(
        unlisted=[CLINIC]
    )
    ends = [
        Change.of_inbox(inbox, preset=Preset.REPLIES, visibility=None).taken_back_from(rules, to_wider=end)
        for end in (True, False)
    ]
    assert ends == [Change.of_inbox(inbox, preset=Preset.KNOWN), Change.of_inbox(inbox, preset=Preset.MANUAL)]


def test_whoever_follows_the_workspace_keeps_what_they_have_where_it_opens_up(alice):
    rules = rules_of(make_inbox(alice))

    opened = Change.of_workspace(preset=Preset.KNOWN, log_automatic_mail=True).apply_to(rules)
    closed = Change.of_workspace(preset=Preset.MANUAL).apply_to(rules)

    assert (opened.policy.preset.value, opened.policy.log_automatic_mail.value) == (Preset.REPLIES, False)
    assert closed.policy.preset == Setting(Preset.MANUAL, Level.WORKSPACE)
