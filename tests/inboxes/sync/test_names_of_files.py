"""Inboxes that keep only the names of attachments: what is stored, and what a second inbox with other settings changes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inboxes import files
from inboxes.attachments import FileUnreadable, read_attachment
from inboxes.erasure import drop_unwanted_attachments
from inboxes.mime.rewriting import NOTE
from inboxes.models import Attachment, Message, Sighting
from logging_rules.actions import unlog
from logging_rules.models import InboxPolicy
from logging_rules.tasks import erase_unlogged
from logging_rules.unlogging import Selection
from tests.factories.inboxes import SARAH, connected_inbox, mail_bytes, sync

pytestmark = pytest.mark.django_db
SECRET = b"the salaries of everybody"
BODY = (
    "--x\r\nContent-Type: text/plain\r\n\r\nSee file\r\n--x\r\n"
    f"Content-Type: text/csv; name=a.csv\r\n\r\n{SECRET.decode()}\r\n--x--"
)
BOB = "bob@ours.example"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def names_only(inbox):
    InboxPolicy.objects.filter(inbox=inbox).update(store_attachments=False)
    return inbox


@pytest.fixture
def other(bob, inbox):
    return connected_inbox(bob, BOB)


def deliver(server, **headers):
    return server.deliver(
        mail_bytes(SARAH, message_id="<1@m>", body=BODY, Content_Type="multipart/mixed; boundary=x", **headers)
    )


def holding_the_secret(media):
    return [path for path in media.rglob("*") if path.is_file() and SECRET in path.read_bytes()]


def what_is_stored():
    row = Attachment.objects.get()
    try:
        content = read_attachment(row)
    except FileUnreadable:
        content = None
    return row.filename, row.content_type, row.size, row.message.attachments_stored, content


NAME_ONLY = ("a.csv", "text/csv", len(SECRET), False, None)
WHOLE = ("a.csv", "text/csv", len(SECRET), True, SECRET)


def test_the_name_type_and_size_are_stored_and_no_byte_of_the_file(names_only, server, clock, media):
    deliver(server)

    sync(names_only, server, clock)

    assert what_is_stored() == NAME_ONLY
    assert holding_the_secret(media) == []
    message = Message.objects.get()
    assert message.body_text.strip() == "See file"
    assert NOTE in files.read(message.raw_key)
    assert list(Sighting.objects.values_list("store_attachments", flat=True)) == [False]


def test_a_mail_without_files_is_stored_as_it_came(names_only, server, clock):
    raw = mail_bytes(SARAH, message_id="<1@m>")
    server.deliver(raw)

    sync(names_only, server, clock)

    message = Message.objects.get()
    assert (message.attachments_stored, files.read(message.raw_key)) == (True, raw)


def test_an_inbox_that_keeps_files_adds_them_to_a_mail_stored_without(names_only, other, server, clock):
    deliver(server)
    sync(names_only, server, clock)
    assert what_is_stored() == NAME_ONLY

    sync(other, server, clock)

    assert what_is_stored() == WHOLE
    assert Message.objects.count() == 1


def test_an_inbox_that_keeps_names_takes_nothing_from_one_that_keeps_files(names_only, other, server, clock):
    deliver(server)
    sync(other, server, clock)
    server.body_bytes.clear()

    sync(names_only, server, clock)

    assert what_is_stored() == WHOLE
    assert server.body_bytes == {}
    assert drop_unwanted_attachments(Message.objects.all()) == 0
    assert what_is_stored() == WHOLE


def test_files_go_with_the_last_inbox_that_keeps_them(names_only, other, server, clock, media, time_machine):
    deliver(server)
    sync(names_only, server, clock)
    sync(other, server, clock)
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    assert len(holding_the_secret(media)) == 1
    Sighting.objects.filter(inbox=other).delete()

    assert drop_unwanted_attachments(Message.objects.all()) == 1

    assert what_is_stored() == NAME_ONLY
    assert holding_the_secret(media) == []
    assert drop_unwanted_attachments(Message.objects.all()) == 0


def test_un_logging_takes_the_files_of_a_shared_mail_away_when_it_can_no_longer_be_undone(
    names_only, other, bob, server, clock, media, time_machine
):
    deliver(server)
    sync(names_only, server, clock)
    sync(other, server, clock)
    now = timezone.now()
    unlogging = unlog(selection=Selection(inbox=other, message_ids=[Message.objects.get().pk]), by=bob, now=now)

    erase_unlogged()
    assert what_is_stored() == WHOLE

    time_machine.move_to(unlogging.expires_at + timedelta(seconds=1))
    erase_unlogged()
    assert what_is_stored() == NAME_ONLY
    assert holding_the_secret(media) == []
