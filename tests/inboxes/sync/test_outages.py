"""A real mail server goes away, changes its password, loses folders: the named states, and full recovery."""

import pytest

from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Folder, Inbox, Message, Security
from inboxes.sync.engine import Outcome, run_slice
from logging_rules.actions import set_inbox_policy
from logging_rules.facts import Preset
from logging_rules.intake import InboxIntake
from notifications.models import Notification
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, SARAH, mail_bytes

pytestmark = pytest.mark.django_db(transaction=True)


def login(mailbox, password=None):
    settings = mailbox.settings
    server = ServerLogin(settings.host, settings.port, Security.TLS, settings.username)
    return ConnectionDetails(address=ALICE, imap=server, password=password or settings.password)


@pytest.fixture
def connected(alice, mailbox):
    make_contact("Sarah Okafor", SARAH)
    inbox = actions.connect_imap_inbox(details=login(mailbox), history_since=None, by=alice)
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    actions.start(inbox=inbox, by=alice)
    mailbox.deliver(mail_bytes(message_id="<before@m>"))
    return inbox


def slice_of(inbox, clock):
    return run_slice(inbox_id=inbox.pk, intake_for=InboxIntake, clock=clock)


def message_ids():
    return set(Message.objects.values_list("message_id", flat=True))


def test_a_server_that_is_stopped_for_a_while_costs_nothing_but_time(connected, mailbox, dovecot, clock):
    slice_of(connected, clock)
    dovecot.stop()
    mailbox.deliver(mail_bytes(message_id="<meanwhile@m>"))
    reports = []
    for _ in range(3):
        reports.append(slice_of(connected, clock))
        clock.pass_by(minutes=20)
    inbox = Inbox.objects.get()
    assert {report.outcome for report in reports} == {Outcome.FAILED}
    assert (inbox.status, inbox.cause) == ("degraded", "connection_refused")
    assert not Notification.objects.exists()

    dovecot.start()
    assert slice_of(connected, clock).outcome == Outcome.DONE
    assert Inbox.objects.get().status == "active"
    assert message_ids() == {"<before@m>", "<meanwhile@m>"}


def test_a_changed_password_is_asked_for_once_and_reconnecting_catches_up(connected, mailbox, dovecot, clock, alice):
    slice_of(connected, clock)
    dovecot.stop()
    dovecot.set_password(mailbox.user, "another one")
    dovecot.start()
    mailbox.deliver(mail_bytes(message_id="<meanwhile@m>"))

    assert slice_of(connected, clock).cause == "sign_in_refused"
    assert Inbox.objects.get().status == "degraded"
    clock.pass_by(minutes=10)
    slice_of(connected, clock)
    assert Inbox.objects.get().status == "needs_reconnect"
    assert slice_of(connected, clock).outcome == Outcome.BUSY  # nobody tries it any more
    assert list(Notification.objects.values_list("recipient", "kind")) == [(alice.pk, "inbox_needs_reconnect")]

    clock.pass_by(hours=5)
    actions.reconnect(inbox=connected, details=login(mailbox, "another one"), by=alice, now=clock.now)
    assert slice_of(connected, clock).outcome == Outcome.DONE
    assert Inbox.objects.get().status == "active"
    assert message_ids() == {"<before@m>", "<meanwhile@m>"}
    assert Notification.objects.filter(kind="inbox_recovered").count() == 1


def test_folders_that_are_renamed_or_deleted_lose_and_double_nothing(connected, mailbox, clock):
    mailbox.deliver(mail_bytes(message_id="<project@m>"), "Project")
    mailbox.deliver(mail_bytes(message_id="<old@m>"), "Old")
    slice_of(connected, clock)
    assert message_ids() == {"<before@m>", "<project@m>", "<old@m>"}

    mailbox.rename_folder("Project", "Customer")
    mailbox.delete_folder("Old")
    for _ in range(3):
        clock.pass_by(minutes=1)
        assert slice_of(connected, clock).outcome == Outcome.DONE

    states = dict(Folder.objects.values_list("name", "state"))
    assert (states["Project"], states["Old"], states["Customer"]) == ("retired", "retired", "live")
    assert Message.objects.count() == 3
    assert Inbox.objects.get().status == "active"
