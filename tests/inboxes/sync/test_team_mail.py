"""Mail of a team inbox that is un-logged, taken back, erased: what stays for the members, and what goes off timelines."""

from datetime import timedelta

import pytest

from contacts.actions import delete_contact
from contacts.models import Contact, MailIndex, TimelineEntry
from contacts.queries import mail_found
from inboxes.envelope import FolderRole
from inboxes.models import Folder, LedgerEntry, Message, Sighting, TeamMail, TeamThread
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.redeciding import RemoteKey
from inboxes.sync.rereading import read_again
from logging_rules.actions import erase_expired, log_by_hand, undo_unlogging, unlog
from logging_rules.actions.restoring import filter_again, restore_filtered
from logging_rules.facts import Preset
from logging_rules.models import InboxPolicy, Tombstone
from logging_rules.unlogging import Selection, preview
from tests.factories.contacts import make_contact
from tests.factories.inboxes import (
    NOW,
    SARAH,
    STRANGER,
    TEAM,
    connected_inbox,
    mail_bytes,
    sync_until_quiet,
    team_inbox,
)
from tests.factories.users import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db):
    """Holds account access, and is no member."""
    return UserFactory(email="mia@genkan.example", name="Mia Manager", account_access=True)


@pytest.fixture
def team(alice, bob):
    make_contact("Sarah Okafor", SARAH)
    return team_inbox(alice, bob)


@pytest.fixture
def logged(team, server, clock):
    server.deliver(mail_bytes(SARAH, TEAM, message_id="<1@m>"))
    sync_until_quiet(team, server, clock)
    return Message.objects.get()


def standing():
    """Code in the list, state and code in the ledger, whether it is on a timeline, and the counts."""
    mail = TeamMail.objects.get()
    row = LedgerEntry.objects.get()
    counts = Folder.objects.get(name="INBOX").counts
    return mail.code, (row.state, row.code), TimelineEntry.objects.exists(), counts


LOGGED = (
    "known_contact_incoming", ("logged", "known_contact_incoming"), True, {"known_contact_incoming": 1},
)  # fmt: skip
UNLOGGED = (
    "unlogged_by_owner", ("kept", "unlogged_by_owner"), False, {"unlogged_by_owner": 1},
)  # fmt: skip


class TestUnlogging:
    def test_takes_the_mail_off_timelines_and_leaves_it_in_the_list(self, team, logged, manager, bob, server, clock):
        unlog(selection=Selection(inbox=team), by=manager, now=NOW)

        assert standing() == UNLOGGED
        assert not Sighting.objects.exists()
        assert Tombstone.objects.get().inbox == team
        assert [mail.pk for mail in mail_found(bob, "quote")] == [logged.pk]
        read_again(team.pk, now=clock())
        sync_until_quiet(team, server, clock)
        assert standing() == UNLOGGED
        assert completeness(team).share == 1.0
        assert server.calls["body"] == 1

    def test_undoing_it_brings_back_everything(self, team, logged, manager):
        unlogging = unlog(selection=Selection(inbox=team), by=manager, now=NOW)

        undo_unlogging(unlogging=unlogging, by=manager, now=NOW)

        assert standing() == LOGGED
        assert Sighting.objects.get().reason == "known_contact_incoming"
        assert not Tombstone.objects.exists()

    def test_what_expires_stays_with_the_team(self, team, logged, manager):
        unlog(selection=Selection(inbox=team), by=manager, now=NOW)

        assert erase_expired(now=NOW + timedelta(days=8)) == 0

        assert standing() == UNLOGGED
        assert MailIndex.objects.get().message == logged

    def test_the_preview_says_that_nothing_is_erased_and_shows_only_what_the_viewer_may_know(
        self, team, logged, manager, bob
    ):
        Sighting.objects.update(visibility="private")

        shown, of_member = (preview(Selection(inbox=team), viewer=person) for person in (manager, bob))

        assert (shown.mails, shown.files, shown.size, shown.index_rows) == (1, 0, 0, 0)
        assert (shown.samples, of_member.samples) == ([], [logged])

    def test_it_can_be_logged_again_by_hand(self, team, logged, manager, server, clock):
        unlog(selection=Selection(inbox=team), by=manager, now=NOW)
        row = LedgerEntry.objects.select_related("folder").get()
        key = RemoteKey(row.folder.remote_id, row.remote_id, logged.sent_at.date(), "unlogged_by_owner")
        log_by_hand(inbox=team, keys=[key], by=manager, now=clock())
        sync_until_quiet(team, server, clock)

        assert standing() == (
            "chosen_by_owner", ("logged", "chosen_by_owner"), True, {"chosen_by_owner": 1},
        )  # fmt: skip


def test_deleting_the_contact_leaves_the_mail_to_the_team(team, logged, alice, bob):
    delete_contact(by=alice, contact=Contact.objects.get())

    assert TeamMail.objects.get().code == "no_known_contact"
    assert (Sighting.objects.count(), TimelineEntry.objects.count()) == (0, 0)
    assert LedgerEntry.objects.get().state == "kept"
    assert list(Message.objects.visible_to(bob)) == [logged]
    assert list(Message.objects.visible_to(alice)) == []


def test_what_is_marked_private_later_stays_in_the_list(team, logged, server, clock):
    server.create_folder("CRM/Private")
    server.move(LedgerEntry.objects.get().remote_id, "INBOX", "CRM/Private")
    sync_until_quiet(team, server, clock)

    assert TeamMail.objects.get().code == "marked_private"
    assert not TimelineEntry.objects.exists()
    assert not Sighting.objects.exists()


class TestTakingBack:
    @pytest.fixture
    def spam(self, team, server, clock):
        server.create_folder("Junk", FolderRole.JUNK)
        server.deliver(mail_bytes(SARAH, TEAM, message_id="<1@m>"), "Junk")
        server.deliver(mail_bytes(STRANGER, TEAM, message_id="<2@m>", List_Id="<news>"))
        sync_until_quiet(team, server, clock)
        return list(TeamMail.objects.order_by("message__message_id"))

    def test_mail_is_decided_like_any_other_and_stays_in_the_list(self, team, spam, bob, server, clock):
        causes = restore_filtered(inbox=team, mails=[mail.pk for mail in spam], by=bob, now=NOW)

        expected = [("known_contact_incoming", "", bob.pk), ("no_known_contact", "", bob.pk)]
        assert causes == {spam[0].pk: "spam", spam[1].pk: "automatic"}
        listed = TeamMail.objects.order_by("pk").values_list("code", "filtered", "restored_by")
        assert sorted(listed) == expected
        assert list(TimelineEntry.objects.values_list("message", flat=True)) == [spam[0].message_id]
        assert list(TeamThread.objects.values_list("filtered", flat=True)) == ["", ""]
        assert sorted(LedgerEntry.objects.values_list("state", "code")) == [
            ("kept", "no_known_contact"),
            ("logged", "known_contact_incoming"),
        ]
        assert completeness(team).counts == {"known_contact_incoming": 1, "no_known_contact": 1}

        read_again(team.pk, now=clock())
        sync_until_quiet(team, server, clock)
        assert sorted(listed.all()) == expected
        assert completeness(team).share == 1.0

    def test_it_can_be_undone(self, team, spam, bob):
        causes = restore_filtered(inbox=team, mails=[mail.pk for mail in spam], by=bob, now=NOW)

        filter_again(inbox=team, causes=causes, now=NOW)

        assert list(TeamMail.objects.order_by("pk").values()) == [
            {name: value for name, value in vars(mail).items() if not name.startswith("_")}
            for mail in sorted(spam, key=lambda mail: mail.pk)
        ]
        assert not TimelineEntry.objects.exists()
        assert sorted(TeamThread.objects.values_list("filtered", flat=True)) == ["automatic", "spam"]
        assert sorted(LedgerEntry.objects.values_list("state", "code")) == [
            ("kept", "automatic_mail"),
            ("kept", "not_mail"),
        ]

    def test_taking_back_twice_does_nothing_more(self, team, spam, bob, alice):
        keys = [mail.pk for mail in spam]
        restore_filtered(inbox=team, mails=keys, by=bob, now=NOW)

        assert restore_filtered(inbox=team, mails=keys, by=alice, now=NOW) == {}
        assert set(TeamMail.objects.values_list("restored_by", flat=True)) == {bob.pk}


def test_a_colleagues_private_copy_changes_no_reason_of_the_team(team, server, clock):
    carol = connected_inbox(UserFactory(), "carol@ours.example")
    InboxPolicy.objects.filter(inbox=team).update(preset=Preset.MANUAL)
    server.deliver(mail_bytes(SARAH, TEAM, message_id="<1@m>", Cc=carol.address))
    sync_until_quiet(team, server, clock)
    before = TeamMail.objects.get().code
    theirs = MemoryMailbox(now=NOW)
    key = theirs.deliver(mail_bytes(SARAH, TEAM, message_id="<1@m>", Cc=carol.address))
    sync_until_quiet(carol, theirs, clock)
    assert Sighting.objects.get().inbox == carol

    theirs.label(key, "CRM/Private")
    clock.pass_by(minutes=1)
    sync_until_quiet(carol, theirs, clock)

    assert not Sighting.objects.exists()
    assert before == TeamMail.objects.get().code == "preset_too_narrow"


def test_deleting_the_contact_leaves_to_another_team_its_own_reason(team, logged, alice, bob):
    other = connected_inbox(bob, "sales@ours.example", kind="team", name="Sales")
    thread = TeamThread.objects.create(inbox=other, thread=logged.thread, newest_at=NOW)
    TeamMail.objects.create(
        inbox=other, message=logged, team_thread=thread, code="automatic_mail", filtered="automatic", received_at=NOW
    )

    delete_contact(by=alice, contact=Contact.objects.get())

    codes = dict(TeamMail.objects.values_list("inbox__address", "code"))
    assert codes == {team.address: "no_known_contact", other.address: "automatic_mail"}
