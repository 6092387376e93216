"""What a team inbox stores: all of its mail, for its members; on timelines only what is logged."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import MailIndex, TimelineEntry
from inboxes.envelope import FolderRole
from inboxes.models import Folder, LedgerEntry, Message, Sighting, TeamMail, TeamThread
from inboxes.queries import completeness
from inboxes.sync.rereading import read_again
from logging_rules.models import NeverLogEntry
from tests.factories.contacts import make_contact
from tests.factories.inboxes import (
    ALICE,
    NOW,
    SARAH,
    STRANGER,
    TEAM,
    connected_inbox,
    mail_bytes,
    sync,
    sync_until_quiet,
    team_inbox,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(alice, bob):
    make_contact("Sarah Okafor", SARAH)
    return team_inbox(alice, bob)


def to_team(sender=SARAH, number=1, **headers):
    return mail_bytes(sender, TEAM, message_id=f"<{number}@m>", **headers)


def in_list(inbox):
    """What the list of the team says of each mail, by its message id."""
    rows = TeamMail.objects.filter(inbox=inbox).order_by("message__message_id")
    return list(rows.values_list("message__message_id", "code", "filtered"))


def on_timelines():
    return set(TimelineEntry.objects.values_list("message__message_id", flat=True))


def test_all_mail_is_stored_and_only_that_with_contacts_is_logged(team, server, clock):
    logged = server.deliver(to_team(SARAH, 1))
    kept = server.deliver(to_team(STRANGER, 2, body="Do you ship to Osaka?"))

    report = sync(team, server, clock)

    assert report.counts == {"known_contact_incoming": 1, "no_known_contact": 1}
    assert in_list(team) == [("<1@m>", "known_contact_incoming", ""), ("<2@m>", "no_known_contact", "")]
    assert on_timelines() == {"<1@m>"}
    assert list(Sighting.objects.values_list("message__message_id", flat=True)) == ["<1@m>"]
    assert list(LedgerEntry.objects.order_by("pk").values_list("remote_id", "state", "code")) == [
        (logged, "logged", "known_contact_incoming"),
        (kept, "kept", "no_known_contact"),
    ]
    assert Message.objects.get(message_id="<2@m>").body_text.strip() == "Do you ship to Osaka?"
    assert MailIndex.objects.count() == 2
    found = completeness(team)
    assert (found.scanned, found.logged, found.skipped, found.share) == (2, 1, 1, 1.0)


def test_a_personal_inbox_has_no_list(alice, server, clock):
    make_contact("Sarah Okafor", SARAH)
    inbox = connected_inbox(alice)
    server.create_folder("Junk", FolderRole.JUNK)
    server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
    server.deliver(mail_bytes(STRANGER, message_id="<2@m>"))
    server.deliver(mail_bytes(SARAH, message_id="<3@m>"), "Junk")
    server.deliver(mail_bytes(SARAH, message_id="<4@m>", X_Spam_Flag="YES"))

    sync(inbox, server, clock)

    assert (TeamMail.objects.count(), TeamThread.objects.count()) == (0, 0)
    assert set(Message.objects.values_list("message_id", flat=True)) == {"<1@m>", "<4@m>"}
    assert set(Folder.objects.values_list("name", flat=True)) == {"INBOX", "Sent"}


def test_a_second_sync_fetches_and_changes_nothing(team, server, clock):
    server.deliver(to_team(SARAH, 1))
    server.deliver(to_team(STRANGER, 2))
    sync_until_quiet(team, server, clock)
    models = (LedgerEntry, Message, TeamMail, TeamThread, Sighting, TimelineEntry)
    before = [list(model.objects.order_by("pk").values()) for model in models]
    bodies = server.calls["body"]

    clock.pass_by(hours=25)
    sync_until_quiet(team, server, clock)

    assert [list(model.objects.order_by("pk").values()) for model in models] == before
    assert server.calls["body"] == bodies


def test_threads_say_what_their_mails_say(team, server, clock):
    server.deliver(to_team(STRANGER, 1, date=NOW), received_at=NOW)
    later = NOW.replace(hour=14)
    answer = mail_bytes(TEAM, STRANGER, message_id="<2@m>", In_Reply_To="<1@m>", date=later)
    server.deliver(answer, "Sent", received_at=later)

    sync(team, server, clock)

    thread = TeamThread.objects.get()
    assert (thread.newest.message_id, thread.newest_at, thread.newest_incoming_at) == ("<2@m>", later, NOW)
    assert (thread.mails, thread.filtered) == (2, "")


class TestFiltered:
    def test_spam_and_automatic_mail_are_stored_and_kept_out_of_the_list(self, team, server, clock):
        server.create_folder("Junk", FolderRole.JUNK)
        server.deliver(to_team(SARAH, 1), "Junk")
        server.deliver(to_team(SARAH, 2, X_Spam_Flag="YES"))
        server.deliver(to_team(SARAH, 3, List_Id="<news>"))
        server.deliver(to_team(SARAH, 4))

        sync(team, server, clock)

        assert in_list(team) == [
            ("<1@m>", "not_mail", "spam"),
            ("<2@m>", "not_mail", "spam"),
            ("<3@m>", "automatic_mail", "automatic"),
            ("<4@m>", "known_contact_incoming", ""),
        ]
        assert on_timelines() == {"<4@m>"}
        assert sorted(TeamThread.objects.values_list("filtered", flat=True)) == ["", "automatic", "spam", "spam"]

    def test_automatic_mail_in_a_conversation_does_not_hide_it(self, team, server, clock):
        server.deliver(to_team(STRANGER, 1))
        server.deliver(to_team(STRANGER, 2, In_Reply_To="<1@m>", Auto_Submitted="auto-replied"))

        sync(team, server, clock)

        assert list(TeamThread.objects.values_list("mails", "filtered")) == [(2, "")]

    def test_what_a_team_sends_itself_is_not_filtered(self, team, server, clock):
        server.deliver(mail_bytes(TEAM, STRANGER, message_id="<1@m>", List_Unsubscribe="<https://x>"), "Sent")

        sync(team, server, clock)

        assert in_list(team) == [("<1@m>", "automatic_mail", "")]

    def test_what_is_moved_out_of_the_junk_folder_is_ordinary_mail(self, team, server, clock):
        server.create_folder("Junk", FolderRole.JUNK)
        spam = server.deliver(to_team(SARAH, 1), "Junk")
        sync(team, server, clock)

        server.move(spam, "Junk", "INBOX")
        sync(team, server, clock)

        assert in_list(team) == [("<1@m>", "known_contact_incoming", "")]
        assert on_timelines() == {"<1@m>"}
        assert TeamThread.objects.get().filtered == ""
        assert server.calls["body"] == 1


def test_drafts_trash_and_mail_that_must_not_be_kept_are_not_stored(team, server, clock):
    NeverLogEntry.objects.create(kind="domain", value="elsewhere.example", covers_team=True, created_by=team.owner)
    server.create_folder("Drafts", FolderRole.DRAFTS)
    server.create_folder("Junk", FolderRole.JUNK)
    server.deliver(to_team(SARAH, 1), "Drafts")
    server.deliver(to_team(STRANGER, 2))
    server.deliver(to_team(STRANGER, 3), "Junk")
    team.history_since = NOW
    team.save()
    server.deliver(to_team(SARAH, 4), received_at=NOW.replace(hour=1))

    sync(team, server, clock)

    assert (Message.objects.count(), TeamMail.objects.count()) == (0, 0)


def test_private_mail_stays_in_the_list_of_the_team_and_off_timelines(team, server, clock):
    server.create_folder("CRM/Private")
    server.deliver(to_team(SARAH, 1, Sensitivity="private"))
    server.deliver(to_team(SARAH, 2), "CRM/Private")
    server.deliver(mail_bytes(ALICE, TEAM, message_id="<3@m>"))
    connected_inbox(team.owner)

    sync(team, server, clock)

    assert in_list(team) == [
        ("<1@m>", "marked_private", ""),
        ("<2@m>", "marked_private", ""),
        ("<3@m>", "internal_only", ""),
    ]
    assert on_timelines() == set()


class TestLaterDecisions:
    def test_kept_mail_is_logged_when_its_sender_has_become_a_contact(self, team, server, clock):
        server.deliver(to_team(STRANGER, 1))
        sync(team, server, clock)
        bodies = server.calls["body"]

        make_contact("Sam Stranger", STRANGER)
        read_again(team.pk, now=clock())
        sync_until_quiet(team, server, clock)

        assert in_list(team) == [("<1@m>", "known_contact_incoming", "")]
        assert on_timelines() == {"<1@m>"}
        assert list(LedgerEntry.objects.values_list("state", "code")) == [("logged", "known_contact_incoming")]
        assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 1}
        assert server.calls["body"] == bodies

    def test_being_renumbered_changes_nothing(self, team, server, clock):
        server.deliver(to_team(SARAH, 1))
        server.deliver(to_team(STRANGER, 2))
        sync_until_quiet(team, server, clock)

        server.change_uidvalidity()
        sync_until_quiet(team, server, clock)

        assert list(LedgerEntry.objects.order_by("pk").values_list("state", flat=True)) == ["logged", "kept"]
        assert server.calls["body"] == 2
        assert completeness(team).share == 1.0

    def test_mail_the_server_hides_for_a_while_stays_what_it_was(self, team, server, clock):
        kept = server.deliver(to_team(STRANGER, 1))
        sync_until_quiet(team, server, clock)
        hidden = server.delete(kept)
        clock.pass_by(hours=25)
        sync_until_quiet(team, server, clock)
        assert LedgerEntry.objects.get().state == "gone"

        server.folders["INBOX"].messages[hidden.uid] = hidden
        clock.pass_by(hours=25)
        sync_until_quiet(team, server, clock)

        assert list(LedgerEntry.objects.values_list("state", "code")) == [("kept", "no_known_contact")]
        assert server.calls["body"] == 1


class TestKeysThatStay:
    """A provider that shows mail under the same key wherever it lies, and says that something happened to it."""

    @pytest.fixture
    def team(self, alice, bob):
        make_contact("Sarah Okafor", SARAH)
        return team_inbox(alice, bob, provider="gmail")

    def test_mail_whose_spam_mark_was_taken_off_is_decided_anew(self, team, server, clock):
        spam = server.deliver(to_team(SARAH, 1), labels=frozenset({"SPAM"}))
        other = server.deliver(to_team(STRANGER, 2))
        sync_until_quiet(team, server, clock)
        assert in_list(team) == [("<1@m>", "not_mail", "spam"), ("<2@m>", "no_known_contact", "")]

        server.label(spam)
        server.touch(spam)
        server.touch(other)
        server.calls.clear()
        sync_until_quiet(team, server, clock)

        assert in_list(team) == [("<1@m>", "known_contact_incoming", ""), ("<2@m>", "no_known_contact", "")]
        assert on_timelines() == {"<1@m>"}
        assert Folder.objects.get(name="INBOX").counts == {"known_contact_incoming": 1, "no_known_contact": 1}
        assert (server.calls["envelopes"], server.calls["body"]) == (1, 0)

    def test_all_mail_is_looked_at_however_cheaply_a_provider_could_sift(self, team, server, clock):
        server.sifts = True
        server.deliver(to_team(STRANGER, 1))

        sync_until_quiet(team, server, clock)

        assert in_list(team) == [("<1@m>", "no_known_contact", "")]

    def test_a_lost_place_changes_nothing(self, team, server, clock):
        server.deliver(to_team(STRANGER, 1))
        server.deliver(to_team(SARAH, 2))
        sync_until_quiet(team, server, clock)
        clock.pass_by(days=2)
        server.forget_history()
        sync_until_quiet(team, server, clock)

        assert list(LedgerEntry.objects.order_by("pk").values_list("state", flat=True)) == ["kept", "logged"]
        assert server.calls["body"] == 2


class TestQueries:
    def statements_of(self, inbox, server, clock):
        with CaptureQueriesContext(connection) as captured:
            sync(inbox, server, clock)
        return len(captured)

    def test_a_page_of_a_team_costs_the_same_however_many_mails_it_has(self, team, server, clock):
        sync_until_quiet(team, server, clock)
        costs = []
        for number, mails in enumerate((4, 20, 40)):
            for mail in range(mails):
                sender = SARAH if mail % 2 else f"stranger{mail}@elsewhere.example"
                server.deliver(to_team(sender, f"{number}.{mail}"))
            costs.append(self.statements_of(team, server, clock))

        assert costs[1] == costs[2]

    def test_a_personal_inbox_asks_nothing_about_teams(self, alice, server, clock):
        make_contact("Sarah Okafor", SARAH)
        inbox = connected_inbox(alice)
        server.deliver(mail_bytes(SARAH, message_id="<1@m>"))
        server.deliver(mail_bytes(STRANGER, message_id="<2@m>"))
        with CaptureQueriesContext(connection) as captured:
            sync(inbox, server, clock)

        assert not [query["sql"] for query in captured if "inboxes_teammail" in query["sql"]]
        assert not [query["sql"] for query in captured if "inboxes_teamthread" in query["sql"]]
