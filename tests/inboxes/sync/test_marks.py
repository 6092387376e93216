"""Marks that the owner sets and takes away in a mail program, as the sync sees them."""

import pytest

from contacts.models import TimelineEntry
from inboxes.models import Folder, HandledPage, LedgerEntry, MarkedMail, Message, Sighting
from inboxes.providers.base import FolderGone, TemporarilyUnavailable
from logging_rules.actions import MarkChoices, set_marks, undo_unlogging, unlog
from logging_rules.models import InboxPolicy, MarkSettings, Unlogging
from logging_rules.unlogging import Selection
from tests.factories.inboxes import NOW, SARAH, STRANGER, mail_bytes, sync, sync_until_quiet

pytestmark = pytest.mark.django_db

LOG, PRIVATE = "CRM/Log", "CRM/Private"


@pytest.fixture
def server(server):
    server.create_folder(LOG)
    server.create_folder(PRIVATE)
    return server


@pytest.fixture
def read(inbox, server, clock):
    """Syncs as often as needed, a minute later, and says what is logged for which reason."""

    def read():
        clock.pass_by(minutes=1)
        sync_until_quiet(inbox, server, clock)
        rows = Sighting.objects.order_by("message__subject").values_list("message__subject", "reason", "rule")
        return [f"{subject}: {reason} {rule}" for subject, reason, rule in rows]

    return read


def strangers_mail(number=1):
    return mail_bytes(STRANGER, subject=f"Mail {number}", message_id=f"<stranger-{number}@x>")


def sarahs_mail(number=1):
    return mail_bytes(SARAH, subject=f"Mail {number}", message_id=f"<sarah-{number}@x>")


BY_LABEL = "chosen_by_owner label"
BY_RULE = "known_contact_incoming preset_known"


def test_a_mail_moved_to_the_log_folder_is_logged_by_its_owner(read, server, alice):
    key = server.deliver(strangers_mail())
    assert read() == []
    server.move(key, "INBOX", LOG)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    assert Sighting.objects.get().decided_by == alice


def test_a_mail_copied_to_the_log_folder_is_logged_once(read, server):
    server.copy(server.deliver(strangers_mail()), "INBOX", LOG)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    assert Message.objects.count() == 1


def test_moved_out_again_it_is_taken_off_the_log(read, server):
    key = server.deliver(strangers_mail(), LOG)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    server.move(key, LOG, "INBOX")
    assert read() == []
    assert (Message.objects.count(), LedgerEntry.objects.count(), MarkedMail.objects.count()) == (0, 0, 0)


def test_moved_out_again_a_mail_the_rules_log_stays_with_their_reason(read, server):
    key = server.deliver(sarahs_mail(), LOG)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    code = Message.objects.get().code
    server.move(key, LOG, "INBOX")
    assert read() == [f"Mail 1: {BY_RULE}"]
    assert Message.objects.get().code == code


def test_a_copy_deleted_from_the_log_folder_leaves_what_the_rules_say(read, server):
    for number, raw in enumerate((strangers_mail(1), sarahs_mail(2)), 1):
        server.copy(f"1000:{number}" if server.deliver(raw) else "", "INBOX", LOG)
    assert read() == [f"Mail 1: {BY_LABEL}", f"Mail 2: {BY_LABEL}"]
    for key in list(server.folders[LOG].messages):
        server.delete(f"{server.folders[LOG].uidvalidity}:{key}", LOG)
    assert read() == [f"Mail 2: {BY_RULE}"]


@pytest.mark.parametrize(("raw", "left"), [(strangers_mail(), []), (sarahs_mail(), [f"Mail 1: {BY_RULE}"])])
def test_a_mail_deleted_from_the_log_folder_is_judged_by_its_stored_headers(read, server, raw, left):
    key = server.deliver(raw, LOG)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    server.delete(key, LOG)
    assert read() == left


def test_a_mail_whose_original_is_gone_too_does_not_hold_up_the_rest(read, server):
    key = server.deliver(sarahs_mail(), LOG)
    read()
    Message.objects.update(raw_key="0" * 64)
    server.delete(key, LOG)
    server.deliver(sarahs_mail(2))

    assert read() == [f"Mail 2: {BY_RULE}"]


def test_a_mail_of_a_logged_conversation_is_no_reply_to_itself(read, server, inbox):
    InboxPolicy.objects.filter(inbox=inbox).update(preset="replies")
    key = server.deliver(sarahs_mail(), LOG)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    server.move(key, LOG, "INBOX")
    assert read() == []


@pytest.mark.parametrize("way", ["copy", "move"])
def test_a_mail_put_into_the_private_folder_disappears(read, server, way):
    key = server.deliver(sarahs_mail())
    assert read() == [f"Mail 1: {BY_RULE}"]
    getattr(server, way)(key, "INBOX", PRIVATE)
    assert read() == []
    assert (Message.objects.count(), TimelineEntry.objects.count(), LedgerEntry.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("way", ["copy", "move"])
def test_taken_out_of_the_private_folder_it_is_decided_again(read, server, way):
    key = server.deliver(sarahs_mail())
    assert read() == [f"Mail 1: {BY_RULE}"]
    private = getattr(server, way)(key, "INBOX", PRIVATE)
    assert read() == []
    if way == "copy":
        server.delete(private, PRIVATE)
    else:
        server.move(private, PRIVATE, "INBOX")
    assert read() == [f"Mail 1: {BY_RULE}"]
    assert not MarkedMail.objects.exists()


def test_a_private_copy_is_known_before_the_other_copy_is_read(read, server):
    private = server.copy(server.deliver(sarahs_mail()), "INBOX", PRIVATE)
    assert read() == []
    assert not server.body_bytes
    server.delete(private, PRIVATE)
    assert read() == [f"Mail 1: {BY_RULE}"]


def test_two_private_copies_are_both_to_be_taken_away(read, server):
    key = server.deliver(sarahs_mail())
    copies = [server.copy(key, "INBOX", PRIVATE) for _ in range(2)]
    assert read() == []
    server.delete(copies[0], PRIVATE)
    assert read() == []
    server.delete(copies[1], PRIVATE)
    assert read() == [f"Mail 1: {BY_RULE}"]


def test_private_beats_log(read, server):
    key = server.deliver(strangers_mail())
    server.copy(key, "INBOX", LOG)
    private = server.copy(key, "INBOX", PRIVATE)
    assert read() == []
    server.delete(private, PRIVATE)
    assert read() == [f"Mail 1: {BY_LABEL}"]


@pytest.mark.parametrize("keyword", ["CRM/Log", "crm/log", "crm_log", "$crm_log"])
def test_a_keyword_logs_and_its_removal_takes_back(read, server, keyword):
    key = server.deliver(strangers_mail())
    assert read() == []
    server.label(key, keyword)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    server.label(key)
    assert read() == []
    assert Folder.objects.get(name="INBOX").counts == {"no_known_contact": 1}


def test_a_private_keyword_hides_and_its_removal_shows(read, server):
    key = server.deliver(sarahs_mail())
    assert read() == [f"Mail 1: {BY_RULE}"]
    server.label(key, "CRM/Private")
    assert read() == []
    assert Folder.objects.get(name="INBOX").counts == {"marked_private": 1}
    server.label(key)
    assert read() == [f"Mail 1: {BY_RULE}"]
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 1}


def test_a_logged_mail_that_is_marked_to_be_logged_says_so_as_long_as_it_is(read, server):
    key = server.deliver(sarahs_mail())
    assert read() == [f"Mail 1: {BY_RULE}"]
    server.label(key, "CRM/Log")
    assert read() == [f"Mail 1: {BY_LABEL}"]
    server.label(key)
    assert read() == [f"Mail 1: {BY_RULE}"]
    assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 1}


def test_a_colleagues_copy_stays_logged(read, server, inbox, alice):
    from tests.factories.inboxes import connected_inbox
    from tests.factories.users import UserFactory

    key = server.deliver(sarahs_mail())
    read()
    theirs = connected_inbox(UserFactory(), "bob@ours.example")
    Sighting.objects.create(
        message=Message.objects.get(), inbox=theirs, reason="known_contact_incoming", decided_at=NOW
    )
    server.label(key, "CRM/Private")
    assert read() == ["Mail 1: known_contact_incoming "]
    assert Sighting.objects.get().inbox == theirs
    server.label(key)
    assert len(read()) == 2


def test_a_deleted_private_folder_gives_its_mails_free(read, server):
    server.copy(server.deliver(sarahs_mail()), "INBOX", PRIVATE)
    assert read() == []
    server.delete_folder(PRIVATE)
    for _ in range(3):
        logged = read()
    assert logged == [f"Mail 1: {BY_RULE}"]


def test_a_private_mail_leaves_opaque_keys_only(read, server):
    server.deliver(mail_bytes(STRANGER, subject="CANARY", message_id="<CANARY@x>"), PRIVATE)
    assert read() == []
    row = MarkedMail.objects.get()
    fields = {field.name: getattr(row, field.name) for field in MarkedMail._meta.concrete_fields}
    assert "CANARY" not in repr(fields)
    assert len(bytes(row.digest)) == 32


def test_a_renumbered_folder_keeps_its_marks(read, server):
    server.copy(server.deliver(sarahs_mail(1)), "INBOX", PRIVATE)
    server.deliver(strangers_mail(2), LOG)
    assert read() == [f"Mail 2: {BY_LABEL}"]
    for folder in (LOG, PRIVATE, "INBOX"):
        server.change_uidvalidity(folder)
    assert read() == [f"Mail 2: {BY_LABEL}"]
    assert HandledPage.objects.filter(folder__name="INBOX").count() == 1


def test_marks_of_an_unchanged_mailbox_cost_nothing(read, server, inbox):
    server.deliver(strangers_mail(), LOG)
    read()
    server.calls.clear()
    read()
    assert server.calls["envelopes"] == server.calls["live_page"] == server.calls["bodies"] == 0


def test_what_was_unlogged_here_stays_off_although_it_lies_in_the_log_folder(read, server, inbox, alice):
    key = server.deliver(strangers_mail(), LOG)
    assert read() == [f"Mail 1: {BY_LABEL}"]
    unlogging = unlog(selection=Selection(inbox=inbox), by=alice, now=NOW)
    assert read() == []
    server.move(server.move(key, LOG, "INBOX"), "INBOX", LOG)
    assert read() == []
    undo_unlogging(unlogging=unlogging, by=alice, now=NOW)
    assert read() == [f"Mail 1: {BY_LABEL}"]


# Labels


@pytest.fixture
def labelling(inbox, alice):
    def labelling(**changes):
        choices = {
            "log_name": LOG,
            "private_name": PRIVATE,
            "logged_name": "CRM/Logged",
            "writes_label": True,
            "removing_unlogs": False,
        }
        set_marks(inbox=inbox, choices=MarkChoices(**choices | changes), by=alice)

    return labelling


def labels(server, folder="INBOX"):
    return [set(message.labels) for message in server.folders[folder].messages.values()]


def test_nothing_is_written_unless_the_owner_wants_it(read, server):
    server.deliver(sarahs_mail())
    assert read() == [f"Mail 1: {BY_RULE}"]
    assert labels(server) == [set()]
    assert not server.calls["set_keyword"]


def test_what_is_logged_gets_the_label_and_nothing_else_does(read, server, labelling):
    server.deliver(sarahs_mail(1))
    server.deliver(strangers_mail(2))
    labelling()
    read()
    assert labels(server) == [{"CRM/Logged"}, set()]
    server.calls.clear()
    read()
    assert not server.calls["set_keyword"]


def test_what_is_logged_no_more_loses_the_label(read, server, labelling):
    key = server.deliver(sarahs_mail())
    labelling()
    read()
    server.copy(key, "INBOX", PRIVATE)
    assert read() == []
    assert labels(server) == [set()]


def test_another_name_takes_the_place_of_the_first_and_switching_it_off_removes_it(read, server, labelling):
    server.deliver(sarahs_mail())
    labelling()
    read()
    labelling(logged_name="Shared")
    read()
    assert labels(server) == [{"Shared"}]
    labelling(writes_label=False)
    read()
    assert labels(server) == [set()]
    assert not MarkedMail.objects.exists()


def test_a_removed_label_is_display_only_unless_the_owner_says_otherwise(read, server, labelling):
    key = server.deliver(sarahs_mail())
    labelling()
    read()
    server.label(key)
    assert read() == [f"Mail 1: {BY_RULE}"]


def test_a_removed_label_unlogs_where_the_owner_wants_that(read, server, labelling, alice, clock):
    key = server.deliver(sarahs_mail(1))
    server.deliver(sarahs_mail(2))
    labelling(removing_unlogs=True)
    read()
    read()
    server.label(key)
    assert read() == [f"Mail 2: {BY_RULE}"]
    undo_unlogging(unlogging=Unlogging.objects.get(), by=alice, now=NOW)
    assert read() == [f"Mail 1: {BY_RULE}", f"Mail 2: {BY_RULE}"]
    assert labels(server) == [{"CRM/Logged"}, {"CRM/Logged"}]


@pytest.fixture
def label_removed(read, server, labelling):
    """The owner has just taken the label off a mail in Sent, and wants that to un-log it."""
    key = server.deliver(sarahs_mail(1), "Sent")
    labelling(removing_unlogs=True)
    read()
    assert len(read()) == 1
    server.label(key, folder="Sent")


def test_a_removed_label_waits_for_a_folder_that_is_gone_when_the_mail_is_looked_for(label_removed, read, server):
    server.fail("envelopes", FolderGone())
    read()
    assert read() == []


def test_a_removed_label_waits_for_a_folder_that_is_not_listed_for_once(label_removed, read, server, inbox, clock):
    server.fail("envelopes", TemporarilyUnavailable("server_trouble"))
    clock.pass_by(minutes=1)
    assert sync(inbox, server, clock).cause == "server_trouble"
    sent = server.folders.pop("Sent")
    clock.pass_by(hours=1)
    assert len(read()) == 1
    server.folders["Sent"] = sent
    assert read() == []


def test_a_message_that_is_deleted_with_its_label_stays_logged(read, server, labelling):
    key = server.deliver(sarahs_mail())
    labelling(removing_unlogs=True)
    read()
    read()
    server.delete(key)
    assert read() == [f"Mail 1: {BY_RULE}"]


def test_a_server_without_keywords_is_asked_once(read, server, labelling, inbox):
    server.allows_keywords = False
    server.deliver(sarahs_mail())
    labelling()
    read()
    read()
    assert server.calls["set_keyword"] == 1
    assert MarkSettings.objects.get().label_refused
