"""What a super admin learns about other people before the workspace changes: numbers that are theirs to know, and nothing else."""

import pytest

from inboxes.models import Sighting
from logging_rules.changes import Change, Entry
from logging_rules.facts import NeverLogKind, NeverLogScope, Preset
from logging_rules.reach import Reach, reach_of
from tests.factories.contacts import log_mail, make_contact, make_inbox
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db
CLINIC = Entry(NeverLogKind.SUBDOMAINS, "clinic.example", NeverLogScope.WHOLE_MESSAGE)


@pytest.fixture
def inboxes(alice, bob, admin):
    """One of each person; Alice logs most."""
    return [
        connected_inbox(alice, "alice@ours.example", preset=Preset.KNOWN),
        connected_inbox(bob, "bob@ours.example", preset=Preset.MANUAL),
        connected_inbox(admin, "admin@ours.example", preset=Preset.KNOWN),
    ]


def test_a_limit_reaches_those_who_are_more_open(inboxes, admin):
    assert reach_of(Change.of_workspace(most_open_preset=Preset.REPLIES), viewer=admin) == Reach(1, 1, None)
    assert reach_of(Change.of_workspace(most_open_preset=Preset.KNOWN), viewer=admin) == Reach(0, 0, None)


def test_an_entry_reaches_everybody_and_names_the_mail_the_viewer_may_know_of(inboxes, alice, admin):
    contact = make_contact("Clinic", "info@mail.clinic.example")
    for number, visibility in enumerate(["everyone", "private"]):
        mail = log_mail(contact, f"Results {number}", owner=alice, from_email="info@mail.clinic.example")
        mail.participants = ["info@mail.clinic.example"]
        mail.save()
        Sighting.objects.filter(message=mail).update(visibility=visibility)

    reach = reach_of(Change.of_workspace(listed=[CLINIC]), viewer=admin)

    assert reach == Reach(3, 2, 1)  # the log_mail of Alice's comes from another inbox of hers
    assert make_inbox(alice).pk


def test_others_are_told_nothing(inboxes, alice, admin):
    assert reach_of(Change.of_workspace(listed=[CLINIC]), viewer=alice) is None
    assert reach_of(Change.of_person(listed=[CLINIC]), viewer=admin) is None
