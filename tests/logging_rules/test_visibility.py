"""What is logged gets the visibility that its inbox asks for."""

import pytest

from contacts.models import TimelineEntry
from inboxes.models import Message, Sighting, Visibility
from inboxes.providers.memory import MemoryMailbox
from logging_rules.models import InboxPolicy
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, Clock, connected_inbox, mail_bytes, sync_until_quiet

pytestmark = pytest.mark.django_db
BOB = "bob@ours.example"


def logs(inbox, visibility, *mails):
    InboxPolicy.objects.filter(inbox=inbox).update(visibility=visibility)
    mailbox = MemoryMailbox(now=NOW)
    for raw in mails:
        mailbox.deliver(raw, received_at=NOW)
    sync_until_quiet(inbox, mailbox, Clock())


def test_a_mail_is_stored_with_who_takes_part_and_what_its_inbox_wants(alice):
    make_contact("Sarah Okafor", SARAH)
    raw = mail_bytes(to=f"{ALICE}, Sarah <{SARAH}>", Cc="odd\\one@x.example", Reply_To="answers@x.example")

    logs(connected_inbox(alice), Visibility.SUBJECT, raw)

    assert Sighting.objects.get().visibility == Visibility.SUBJECT
    assert sorted(Message.objects.get().participants) == [ALICE, "odd\\one@x.example", SARAH]
    assert TimelineEntry.objects.get().private is False


def test_the_stricter_inbox_of_two_hides_a_mail_that_was_known(alice, bob):
    make_contact("Sarah Okafor", SARAH)
    raw = mail_bytes(to=f"{ALICE}, {BOB}", message_id="<one@meridian.example>")

    logs(connected_inbox(alice), Visibility.EVERYONE, raw)
    assert TimelineEntry.objects.get().private is False

    logs(connected_inbox(bob, BOB), Visibility.PRIVATE, raw)
    assert TimelineEntry.objects.get().private is True
    assert sorted(Sighting.objects.values_list("inbox__address", "visibility")) == [
        (ALICE, "everyone"),
        (BOB, "private"),
    ]


WITH_FILE = """\
See the file.
--b
Content-Type: application/pdf; name=offer.pdf

{}
--b--
"""


@pytest.mark.parametrize("visibility", [Visibility.SUBJECT, Visibility.PRIVATE])
@pytest.mark.parametrize(
    ("body", "joined"),
    [("{}", True), ("Forged.", False), ("", False), ("\n--b\n" * 600, False), ("shorter", False)],
    ids=["copy", "forged", "empty", "not read whole", "another file"],
)
def test_a_limited_mail_is_not_had_by_a_copy_of_its_headers(alice, bob, visibility, body, joined):
    make_contact("Sarah Okafor", SARAH)
    structure = {"MIME_Version": "1.0", "Content_Type": "multipart/mixed; boundary=b"}
    real = "\n--b\n\n" + WITH_FILE.format("The whole offer.")
    others = {"{}": real, "shorter": "\n--b\n\n" + WITH_FILE.format("Guessed.")}
    mail, copy = (mail_bytes(message_id="<1@m>", body=text, **structure) for text in (real, others.get(body, body)))
    logs(connected_inbox(alice), visibility, mail)

    logs(connected_inbox(bob, BOB), Visibility.EVERYONE, copy, copy)

    [secret, *forged] = Message.objects.order_by("variant")
    assert secret.body_text.strip() == "See the file."
    assert (set(Message.objects.readable_by(bob)) == {secret}, bool(forged)) == (joined, not joined)
    assert Message.objects.readable_by(bob).count() == 1
