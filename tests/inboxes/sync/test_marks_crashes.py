"""A worker dies while it acts on marks, at every commit and every call to the server. The next one brings it to the end."""

from contextlib import contextmanager

import pytest
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Now

from contacts.models import TimelineEntry
from inboxes.models import DailyCount, Folder, Inbox, LedgerEntry, MarkedMail, Message, Sighting
from tests.factories.contacts import make_contact
from tests.factories.inboxes import SARAH, STRANGER, Clock, connected_inbox, mail_bytes, sync, sync_until_quiet
from tests.fakes.boundaries import at, watched
from tests.forgetting import forget_all_mail

pytestmark = pytest.mark.django_db(transaction=True)

LOG, PRIVATE = "CRM/Log", "CRM/Private"
POINTS_APART = 4
"""Every single point takes a minute; set it to 1 after a change to what is written."""

BY_LABEL, BY_RULE = ("chosen_by_owner", "label"), ("known_contact_incoming", "preset_known")
BEFORE = {"<1@x>": BY_RULE, "<3@x>": BY_LABEL, "<4@x>": BY_LABEL}
AFTER = {"<2@x>": BY_RULE, "<4@x>": BY_RULE, "<5@x>": BY_LABEL}


class Killed(BaseException):
    """Nothing that any code of ours would catch."""


def fill(server):
    """1 and 2 with a contact, 2 also private; 3 and 4 in the log folder, 4 with a contact; 5 and 6 with strangers, 6 also private."""
    keys = {}
    for number, (sender, folder) in enumerate(
        [(SARAH, "INBOX"), (SARAH, "INBOX"), (STRANGER, LOG), (SARAH, LOG), (STRANGER, "INBOX"), (STRANGER, "INBOX")], 1
    ):
        raw = mail_bytes(sender, message_id=f"<{number}@x>", subject=f"Mail {number}")
        keys[number] = server.deliver(raw, folder)
    keys["private"] = [server.copy(keys[number], "INBOX", PRIVATE) for number in (2, 6)]
    return keys


def change(server, keys):
    """1 becomes private, 2 and 6 are so no more, 3 and 4 leave the log folder, 5 enters it."""
    server.copy(keys[1], "INBOX", PRIVATE)
    for key in keys["private"]:
        server.delete(key, PRIVATE)
    server.move(keys[3], LOG, "INBOX")
    server.move(keys[4], LOG, "INBOX")
    server.move(keys[5], "INBOX", LOG)


def die():
    connection.close()
    raise Killed


@contextmanager
def dying_at(point, server):
    """At that boundary, calls to the server among them."""
    pass_by, record_call = at(point, die), server.record_call

    def count_call(call):
        pass_by()
        record_call(call)

    server.record_call = count_call
    try:
        with watched(pass_by):
            yield
    finally:
        server.record_call = record_call


def logged():
    rows = Sighting.objects.values_list("message__message_id", "reason", "rule")
    return {message_id: (reason, rule) for message_id, reason, rule in rows}


def counted():
    """By folder, as the numbers of the folders and as those of the days say it."""
    days = DailyCount.objects.values_list("folder__name", "code").annotate(Sum("messages")).order_by("folder", "code")
    return {**dict(Folder.objects.values_list("name", "counts")), "days": list(days)}


def test_a_worker_that_dies_while_it_acts_on_marks_leaves_nothing_half_done(alice):
    from inboxes.providers.memory import MemoryMailbox

    make_contact("Sarah Okafor", SARAH)
    point, died, numbers = 1 - POINTS_APART, True, {}
    while died:
        point += POINTS_APART
        forget_all_mail()
        inbox, clock, server = connected_inbox(alice), Clock(), MemoryMailbox(now=Clock().now)
        for name in (LOG, PRIVATE):
            server.create_folder(name)
        keys = fill(server)
        sync_until_quiet(inbox, server, clock)
        assert logged() == BEFORE

        change(server, keys)
        clock.pass_by(minutes=1)
        died = False
        try:
            with dying_at(point, server):
                sync(inbox, server, clock)
        except Killed:
            died = True
        Inbox.objects.update(lease_expires_at=Now())
        sync_until_quiet(inbox, server, clock)

        assert logged() == AFTER, point
        assert {*TimelineEntry.objects.values_list("message__message_id", flat=True)} == {"<2@x>", "<4@x>"}
        assert {*Message.objects.values_list("message_id", flat=True)} == set(AFTER)
        assert {*LedgerEntry.objects.filter(state="logged").values_list("message__message_id", flat=True)} == set(AFTER)
        marks = sorted(MarkedMail.objects.values_list("folder__name", "mark", "source", "state"))
        assert marks == [
            (LOG, "log", "folder", "held"),
            (PRIVATE, "private", "folder", "held"),
            ("INBOX", "private", "copy", "held"),
        ]
        numbers[point] = counted()
    assert all(found == numbers[point] for found in numbers.values()), numbers
    assert point > 30  # the points were really passed
