"""Settings of the three levels and never-log entries: who may change them, what they are, and what the audit log keeps."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from audit.models import AuditEvent
from inboxes.models import Inbox, InboxKind
from logging_rules.actions import (
    add_never_log_entry,
    edit_never_log_entry,
    remove_never_log_entry,
    set_inbox_policy,
    set_person_policy,
    set_workspace_policy,
)
from logging_rules.facts import Level, NeverLogKind, NeverLogScope, Preset, Setting
from logging_rules.in_force import policy_of
from logging_rules.models import NeverLogEntry, PersonPolicy, WorkspacePolicy
from tests.factories.contacts import make_inbox
from users.models import User, WorkspaceDomain

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(alice: User) -> Inbox:
    return make_inbox(alice, "alice.mori@mail.example")


def in_force(inbox: Inbox) -> Setting[Preset]:
    return policy_of(inbox, WorkspacePolicy.objects.current()).preset


def workspace(by: User, default: Preset = Preset.REPLIES, most_open: Preset = Preset.KNOWN, automatic: bool = False):
    return set_workspace_policy(preset=default, most_open_preset=most_open, log_automatic_mail=automatic, by=by)


# Levels


def test_a_new_personal_inbox_logs_replies_as_the_workspace_says(inbox):
    assert in_force(inbox) == Setting(Preset.REPLIES, Level.WORKSPACE)


def test_the_inbox_speaks_before_its_owner_and_the_owner_before_the_workspace(inbox, alice, admin):
    WorkspacePolicy.objects.create(preset=Preset.KNOWN)
    assert in_force(inbox) == Setting(Preset.KNOWN, Level.WORKSPACE)

    set_person_policy(person=alice, preset=Preset.MANUAL, by=alice)
    assert in_force(inbox) == Setting(Preset.MANUAL, Level.PERSON)

    set_inbox_policy(inbox=inbox, preset=Preset.REPLIES, by=alice)
    assert in_force(inbox) == Setting(Preset.REPLIES, Level.INBOX)

    set_inbox_policy(inbox=inbox, preset=None, by=alice)
    assert in_force(inbox) == Setting(Preset.MANUAL, Level.PERSON)


def test_a_team_inbox_logs_known_contacts_unless_switched_off(inbox, alice, admin):
    inbox.kind = InboxKind.TEAM
    inbox.save()
    set_person_policy(person=alice, preset=Preset.MANUAL, by=alice)
    assert in_force(inbox) == Setting(Preset.KNOWN, Level.INBOX)

    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=admin)
    assert in_force(inbox) == Setting(Preset.MANUAL, Level.INBOX)


def test_the_workspace_narrows_every_inbox_without_overwriting_a_choice(inbox, alice, admin):
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)

    workspace(admin, default=Preset.MANUAL, most_open=Preset.REPLIES)
    assert in_force(inbox) == Setting(Preset.REPLIES, Level.WORKSPACE)

    workspace(admin)
    assert in_force(inbox) == Setting(Preset.KNOWN, Level.INBOX)


def test_nobody_can_choose_more_than_the_workspace_allows(inbox, alice, admin):
    workspace(admin, default=Preset.MANUAL, most_open=Preset.REPLIES)

    with pytest.raises(ValidationError) as refusal:
        set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)

    assert refusal.value.messages == [
        "The most open setting your workspace allows is “Replies and conversations already logged”."
    ]
    with pytest.raises(ValidationError):
        set_person_policy(person=alice, preset=Preset.KNOWN, by=alice)
    assert set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice).preset == Preset.MANUAL


def test_the_default_cannot_be_more_open_than_the_ceiling(admin):
    with pytest.raises(ValidationError):
        workspace(admin, default=Preset.KNOWN, most_open=Preset.REPLIES)


@pytest.mark.parametrize(
    ("own", "person", "expected"),
    [
        (True, False, Setting(True, Level.INBOX)),
        (None, True, Setting(True, Level.PERSON)),
        (None, None, Setting(False, Level.WORKSPACE)),
    ],
)
def test_automatic_mail_is_allowed_by_the_nearest_level_that_says_anything(inbox, alice, own, person, expected):
    set_inbox_policy(inbox=inbox, preset=None, log_automatic_mail=own, by=alice)
    set_person_policy(person=alice, preset=None, log_automatic_mail=person, by=alice)

    assert policy_of(inbox, WorkspacePolicy.objects.current()).log_automatic_mail == expected


# Who may


def test_only_the_owner_changes_a_personal_inbox(inbox, bob, admin, charlie):
    for person in (bob, admin, charlie):
        with pytest.raises(PermissionDenied):
            set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=person)


def test_only_holders_of_account_access_change_a_team_inbox(inbox, alice, bob):
    inbox.kind = InboxKind.TEAM
    inbox.save()
    bob.account_access = True

    with pytest.raises(PermissionDenied):
        set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)
    assert set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=bob).preset == Preset.MANUAL


def test_nobody_changes_another_persons_settings(alice, admin, charlie):
    for by in (admin, charlie):
        with pytest.raises(PermissionDenied):
            set_person_policy(person=alice, preset=Preset.MANUAL, by=by)
    with pytest.raises(PermissionDenied):
        set_person_policy(person=charlie, preset=Preset.MANUAL, by=charlie)
    assert not PersonPolicy.objects.exists()


def test_only_super_admins_change_the_workspace(alice):
    with pytest.raises(PermissionDenied):
        workspace(alice)


def test_each_change_is_in_the_audit_log(inbox, alice, admin):
    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)
    workspace(admin, default=Preset.MANUAL)

    events = AuditEvent.objects.order_by("pk").values_list("actor", "action", "target_type", "details")
    assert list(events) == [
        (
            alice.pk,
            "logging.inbox_policy_set",
            "inboxes.inbox",
            {"preset": "manual"},
        ),
        (
            admin.pk,
            "logging.workspace_policy_set",
            "logging_rules.workspacepolicy",
            {"preset": "manual", "most_open_preset": "known", "log_automatic_mail": False},
        ),
    ]


# Never-log entries


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" Doctor@Clinic.Example ", NeverLogKind.ADDRESS, "doctor@clinic.example"),
        ("clinic.example", NeverLogKind.DOMAIN, "clinic.example"),
        ("@Clinic.Example.", NeverLogKind.DOMAIN, "clinic.example"),
        ("*.clinic.example", NeverLogKind.SUBDOMAINS, "clinic.example"),
        ("病院@日本語.example", NeverLogKind.ADDRESS, "病院@xn--wgv71a119e.example"),
        ("日本語.example", NeverLogKind.DOMAIN, "xn--wgv71a119e.example"),
    ],
)
def test_an_entry_is_read_the_way_people_type_it(alice, text, kind, value):
    entry = add_never_log_entry(text=text, owner=alice, by=alice, note=" family doctor ")

    entry.refresh_from_db()
    assert (entry.kind, entry.value, entry.scope, entry.note) == (
        kind,
        value,
        NeverLogScope.WHOLE_MESSAGE,
        "family doctor",
    )


@pytest.mark.parametrize(
    "text", ["", "  ", "doctor@", "doctor@clinic", "no spaces.example", "com", "*.com", "co.jp", "*.co.jp", "@"]
)
def test_what_is_no_address_or_domain_is_refused(alice, text):
    with pytest.raises(ValidationError):
        add_never_log_entry(text=text, owner=alice, by=alice)
    assert not NeverLogEntry.objects.exists()


@pytest.mark.parametrize("text", ["alice.mori@mail.example", "firm.example", "*.firm.example", "*.holding.example"])
def test_the_inbox_itself_and_the_workspace_cannot_be_kept_out(inbox, alice, text):
    WorkspaceDomain.objects.create(domain="firm.example")
    WorkspaceDomain.objects.create(domain="eu.holding.example")

    with pytest.raises(ValidationError):
        add_never_log_entry(text=text, owner=alice, by=alice)


@pytest.mark.parametrize(
    ("text", "code"), [("bob@genkan.example", "colleague"), ("gmail.com", "free_mail"), ("*.gmail.com", "free_mail")]
)
def test_what_hardly_anybody_means_is_added_to_those_who_say_so(alice, bob, text, code):
    with pytest.raises(ValidationError) as refusal:
        add_never_log_entry(text=text, owner=alice, by=alice)
    assert refusal.value.code == code

    assert add_never_log_entry(text=text, owner=alice, by=alice, certain=True).text == text


def test_an_entry_is_edited_by_those_its_list_belongs_to(alice, bob, admin, charlie):
    own = add_never_log_entry(text="clinic.example", owner=alice, by=alice)
    shared = add_never_log_entry(text="bank.example", owner=None, by=admin)
    for entry, by in ((own, bob), (own, admin), (shared, alice), (own, charlie)):
        with pytest.raises(PermissionDenied):
            edit_never_log_entry(entry=entry, scope=NeverLogScope.ADDRESS_ONLY, note="x", covers_team=True, by=by)

    edit_never_log_entry(entry=own, scope=NeverLogScope.ADDRESS_ONLY, note=" doctor ", covers_team=True, by=alice)
    edit_never_log_entry(entry=shared, scope=NeverLogScope.ADDRESS_ONLY, note="", covers_team=True, by=admin)

    rows = NeverLogEntry.objects.order_by("pk").values_list("scope", "note", "covers_team")
    assert list(rows) == [(NeverLogScope.ADDRESS_ONLY, "doctor", False), (NeverLogScope.ADDRESS_ONLY, "", True)]


def test_only_an_entry_of_the_workspace_covers_team_inboxes(alice, admin):
    own = add_never_log_entry(text="clinic.example", owner=alice, by=alice, covers_team=True)
    shared = add_never_log_entry(text="clinic.example", owner=None, by=admin, covers_team=True)
    assert (own.covers_team, shared.covers_team) == (False, True)


def test_an_entry_stands_once_on_each_list(alice, bob, admin):
    add_never_log_entry(text="clinic.example", owner=alice, by=alice)
    add_never_log_entry(text="clinic.example", owner=bob, by=bob)
    add_never_log_entry(text="clinic.example", owner=None, by=admin)

    for owner, by in ((alice, alice), (None, admin)):
        with pytest.raises(ValidationError) as refusal:
            add_never_log_entry(text="clinic.example", owner=owner, by=by)
        assert refusal.value.messages == ["This is on the list already."]


def test_lists_are_changed_by_those_they_belong_to(alice, bob, admin, charlie):
    own = add_never_log_entry(text="clinic.example", owner=alice, by=alice)
    shared = add_never_log_entry(text="bank.example", owner=None, by=admin)

    for entry, strangers in ((own, (bob, admin, charlie)), (shared, (alice, charlie))):
        for person in strangers:
            with pytest.raises(PermissionDenied):
                remove_never_log_entry(entry=entry, by=person)
            with pytest.raises(PermissionDenied):
                add_never_log_entry(text="more.example", owner=entry.owner, by=person)
    remove_never_log_entry(entry=own, by=alice)
    remove_never_log_entry(entry=shared, by=admin)
    assert not NeverLogEntry.objects.exists()


def test_a_personal_list_is_its_owners_alone(alice, bob, admin, charlie):
    own = add_never_log_entry(text="clinic.example", owner=alice, by=alice)
    shared = add_never_log_entry(text="bank.example", owner=None, by=admin)

    seen = {person.name: set(NeverLogEntry.objects.visible_to(person)) for person in (alice, bob, admin, charlie)}
    assert seen == {
        alice.name: {own, shared},
        bob.name: {shared},
        admin.name: {shared},
        charlie.name: set(),
    }


def test_the_audit_log_holds_no_address_of_an_entry(alice):
    remove_never_log_entry(entry=add_never_log_entry(text="doctor@clinic.example", owner=alice, by=alice), by=alice)

    assert [event.action for event in AuditEvent.objects.order_by("pk")] == [
        "logging.never_log_added",
        "logging.never_log_removed",
    ]
    assert "clinic" not in str(list(AuditEvent.objects.values()))
