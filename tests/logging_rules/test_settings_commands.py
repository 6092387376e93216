"""Settings of an inbox and of the workspace from a shell."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import AuditEvent
from inboxes.models import Inbox
from logging_rules.facts import SETTING_NAMES, Preset
from logging_rules.models import InboxPolicy, WorkspacePolicy
from notifications.models import Notification
from tests.acceptance.commands import run
from tests.factories.inboxes import ALICE, connected_inbox
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(alice: User) -> Inbox:
    return connected_inbox(alice, preset=Preset.KNOWN)


def test_every_setting_of_an_inbox_is_shown_with_its_level(inbox):
    found = run("inbox", "settings", ALICE)

    assert tuple(found) == SETTING_NAMES
    assert found["preset"] == {"value": "known", "level": "inbox", "chosen": "known", "kept": False}
    assert found["track_opens"] == {"value": False, "level": "workspace", "chosen": False, "kept": False}


def test_settings_of_an_inbox_are_changed_in_the_name_of_its_owner(inbox, alice):
    found = run("inbox", "settings", ALICE, "--set", "visibility=private", "--set", "preset=default")

    policy = InboxPolicy.objects.get(inbox=inbox)
    assert (policy.visibility, policy.preset, found["preset"]["level"]) == ("private", "", "workspace")
    assert AuditEvent.objects.get(action="logging.inbox_policy_set").actor == alice


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("colour=red", "There is no setting “colour”."),
        ("preset=all", "“all” is no value of preset. Possible: manual, replies, known, default."),
        ("log_incoming", "“” is no value of log_incoming. Possible: yes, no, default."),
    ],
)
def test_a_setting_that_does_not_exist_is_named_with_what_does(inbox, typed, told):
    with pytest.raises(CommandError) as refusal:
        run("inbox", "settings", ALICE, "--set", typed)

    assert told in str(refusal.value)


def test_the_policy_is_shown(db):
    assert run("policy", "show") == {
        "most_open_preset": "known",
        "preset": "replies",
        "log_incoming": True,
        "log_outgoing": True,
        "store_attachments": True,
        "log_automatic_mail": False,
        "create_contacts": "never",
        "track_opens": False,
        "track_clicks": False,
        "log_by_default": True,
        "hold_ambiguous": False,
        "visibility": "everyone",
    }


def test_a_stricter_policy_says_whom_it_concerns_before_it_is_set(inbox, alice, admin):
    change = ("policy", "set", "most_open_preset=replies", "--as", admin.email)
    out = io.StringIO()

    with pytest.raises(CommandError, match=r"Nothing was changed. Add --confirm."):
        call_command(*change, "--json", stdout=out)

    concerned = [{"inbox": ALICE, "owner": alice.email, "settings": {"preset": ["known", "replies"]}}]
    assert json.loads(out.getvalue())["narrowed"] == concerned
    assert WorkspacePolicy.objects.current().most_open_preset == Preset.KNOWN

    assert run(*change, "--confirm")["narrowed"] == concerned
    assert WorkspacePolicy.objects.current().most_open_preset == Preset.REPLIES
    assert Notification.objects.get().recipient == alice


def test_only_super_admins_set_the_policy(alice):
    with pytest.raises(CommandError):
        run("policy", "set", "hold_ambiguous=yes", "--as", alice.email)
    with pytest.raises(CommandError, match="Nobody signs in as"):
        run("policy", "set", "hold_ambiguous=yes", "--as", "nobody@x.example")
    assert WorkspacePolicy.objects.current().hold_ambiguous is False
