"""What a migration does to rows, apart from being applied and undone."""

from importlib import import_module

import pytest
from django.apps import apps

from inboxes.models import Inbox
from tests.factories.inboxes import NOW, connected_inbox

pytestmark = pytest.mark.django_db


def test_undoing_removals_leaves_an_address_to_the_newest_of_its_inboxes(alice):
    """Before 0017 an address was unique among all inboxes."""
    part_addresses = import_module("inboxes.migrations.0017_give_teams_inboxes").part_addresses
    inboxes = []
    for address in ("alice@ours.example", "gone@ours.example") * 2:
        inboxes.append(connected_inbox(alice, address))
        Inbox.objects.update(removed_at=NOW)
    inboxes.append(connected_inbox(alice, "alice@ours.example"))

    part_addresses(apps, None)

    keys = [inbox.pk for inbox in inboxes]
    assert list(Inbox.with_removed.order_by("pk").values_list("address", flat=True)) == [
        *(f"removed-{key}@ours.example" for key in keys[:3]),
        "gone@ours.example",
        "alice@ours.example",
    ]
