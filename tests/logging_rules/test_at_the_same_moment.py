"""Two tabs at the settings of one inbox."""

from functools import partial

import pytest
from django.urls import reverse

from inboxes import actions
from inboxes.models import Inbox
from logging_rules.models import InboxPolicy
from tests.factories.inboxes import NOW, connected_inbox
from tests.fakes.threads import just_before

pytestmark = pytest.mark.django_db(transaction=True)


def test_how_an_inbox_starts_is_not_half_chosen_when_it_is_started_in_another_tab(alice, alice_client):
    inbox = connected_inbox(alice, preset="replies", status="connecting", history_since=NOW)
    start = partial(actions.start, inbox=inbox, by=alice)

    with just_before(InboxPolicy._meta.db_table, start):
        answer = alice_client.post(reverse("inboxes:logging", args=[inbox.code]), {"preset": "known", "history": "all"})

    [refusal] = answer.context["form"].non_field_errors()
    assert (answer.status_code, "started" in refusal) == (422, True)
    assert (InboxPolicy.objects.get().preset, Inbox.objects.get().history_since) == ("replies", NOW)
